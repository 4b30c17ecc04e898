import type { Random } from '#base/random.ts';

/**
 * The quantile of the standard normal distribution: what a share `p` in (0, 1) of draws stay below.
 * Relative error below 1.2e-9. Source: P. J. Acklam, "An algorithm for computing the inverse normal
 * cumulative distribution function" (2003).
 */
export function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  if (tail < TAIL_FROM) {
    const q = Math.sqrt(-2 * Math.log(Math.max(tail, Number.MIN_VALUE)));
    const value = polynomial(TAIL_OVER, q) / (q * polynomial(TAIL_UNDER, q) + 1);
    return p < 0.5 ? value : -value;
  }
  const q = p - 0.5;
  const r = q * q;
  return (q * polynomial(MIDDLE_OVER, r)) / (r * polynomial(MIDDLE_UNDER, r) + 1);
}

const TAIL_FROM = 0.02425;
const MIDDLE_OVER = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2,
  -3.066479806614716e1, 2.506628277459239,
];
const MIDDLE_UNDER = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
  -1.328068155288572e1,
];
const TAIL_OVER = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
];
const TAIL_UNDER = [
  7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416,
];

/** @param coefficients from the highest power down */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

/** A share in (0, 1). */
function share(random: Random): number {
  return Math.max(random.next(), Number.EPSILON);
}

/** A log-normal draw with the given median and σ of the logarithm. */
export function logNormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normalQuantile(share(random)));
}

/**
 * `count` log-normal draws, one from each of `count` equally probable slices of the distribution, so
 * that a small sample has its tail too (stratified sampling).
 */
export function logNormals(
  random: Random,
  count: number,
  { median, sigma }: { readonly median: number; readonly sigma: number },
): readonly number[] {
  return Array.from(
    { length: count },
    (_, slice) => median * Math.exp(sigma * normalQuantile((slice + share(random)) / count)),
  );
}

/** A draw from an exponential distribution. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** Draws values with a probability in proportion to their weights. */
export class Chooser<Value> {
  readonly #values: readonly Value[];
  readonly #upTo: readonly number[];

  /** @param weights at least one of them above zero */
  constructor(weights: readonly (readonly [Value, number])[]) {
    let total = 0;
    this.#values = weights.map(([value]) => value);
    this.#upTo = weights.map(([, weight]) => (total += weight));
    if (!(total > 0)) throw new RangeError('there is nothing to choose from');
  }

  choose(random: Random): Value {
    const upTo = this.#upTo;
    const at = random.next() * (upTo.at(-1) ?? 0);
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at < (upTo[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return this.#values[low] as Value;
  }
}

/** A chooser among the keys of a table of weights. */
export function chooserOf<Key extends string>(
  weights: Readonly<Record<Key, number>>,
): Chooser<Key> {
  return new Chooser(Object.entries(weights) as [Key, number][]);
}

/**
 * Splits a whole number by weights into whole numbers: each gets its share rounded down, and what is
 * left goes to the largest remainders.
 */
export function apportion<Key extends string>(
  whole: number,
  weights: Readonly<Record<Key, number>>,
): ReadonlyMap<Key, number> {
  const entries = Object.entries(weights) as [Key, number][];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  const shares = entries.map(([key, weight]) => ({ key, exact: (whole * weight) / total }));
  const counts = new Map(shares.map(({ key, exact }) => [key, Math.floor(exact)]));
  let left = whole;
  for (const count of counts.values()) left -= count;
  shares.sort((a, b) => (b.exact % 1) - (a.exact % 1));
  for (const { key } of shares.slice(0, left)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/**
 * A draw from a distribution known by some of its quantiles, between which the logarithm is
 * interpolated.
 * @param quantiles pairs of probability and value, both rising, from 0 to 1
 */
export function fromQuantiles(
  random: Random,
  quantiles: readonly (readonly [number, number])[],
): number {
  const at = random.next();
  for (let i = 1; i < quantiles.length; i++) {
    const [low, high] = [quantiles[i - 1], quantiles[i]];
    if (!low || !high || at > high[0]) continue;
    const part = (at - low[0]) / (high[0] - low[0]);
    return Math.round(low[1] * (high[1] / low[1]) ** part);
  }
  return quantiles.at(-1)?.[1] ?? 0;
}

/**
 * A seed made of several numbers, so that any part of a simulation has a generator of its own.
 * Different numbers give different seeds but for one pair in 2^53 (the finaliser of MurmurHash3 on
 * two lanes).
 */
export function seedOf(...numbers: readonly number[]): number {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (const number of numbers) {
    for (const word of [number >>> 0, Math.floor(number / 2 ** 32) >>> 0]) {
      a = finalise(Math.imul(a, 31) ^ word);
      b = finalise(Math.imul(b, 37) ^ word ^ 0x6a09e667);
    }
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

function finalise(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
