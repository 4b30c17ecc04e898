import type { Random } from '#base/random.ts';

/** A standard normal draw (Box–Muller). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

/** A log-normal draw with the given median and σ of the logarithm. */
export function logNormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random));
}

/** Picks a key with a probability in proportion to its weight. */
export function pick<Key extends string>(
  random: Random,
  weights: Readonly<Record<Key, number>>,
): Key {
  const entries = Object.entries(weights) as [Key, number][];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [key, weight] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  const last = entries.at(-1);
  if (!last) throw new RangeError('nothing to pick from');
  return last[0];
}

/**
 * A draw from a distribution known by some of its quantiles, between which the logarithm is
 * interpolated. @param quantiles pairs of probability and value, both rising, from 0 to 1
 */
export function fromQuantiles(
  random: Random,
  quantiles: readonly (readonly [number, number])[],
): number {
  const at = random.next();
  for (let i = 1; i < quantiles.length; i++) {
    const [low, high] = [quantiles[i - 1], quantiles[i]];
    if (!low || !high || at > high[0]) continue;
    const share = (at - low[0]) / (high[0] - low[0]);
    return Math.round(Math.exp(Math.log(low[1]) + share * (Math.log(high[1]) - Math.log(low[1]))));
  }
  return quantiles.at(-1)?.[1] ?? 0;
}
