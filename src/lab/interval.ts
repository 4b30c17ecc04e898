import { type Random, shuffle } from '#base/random.ts';

/** A range that holds the true value with the given confidence, from one sample. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;
/** More customers are drawn in groups made by lot, which vary as their members do: a million would take minutes. */
const GROUPS_MAX = 10_000;

interface Figure {
  readonly part: number;
  readonly whole: number;
}

/**
 * The bootstrap percentile interval of the sum of some customers' figures and of the ratio of two sums:
 * customers are drawn anew, with replacement, because a few of them set the mean.
 * @param confidence such as 0.9
 */
export function bootstrap(
  customers: readonly Figure[],
  random: Random,
  confidence = 0.9,
): { readonly sum: Interval; readonly ratio: Interval } {
  const figures = inGroups(customers, random);
  const count = figures.length;
  const parts = Float64Array.from(figures, (figure) => figure.part);
  const wholes = Float64Array.from(figures, (figure) => figure.whole);
  const sums = new Float64Array(RESAMPLES);
  const ratios = new Float64Array(RESAMPLES);
  for (let draw = 0; draw < RESAMPLES; draw++) {
    let part = 0;
    let whole = 0;
    for (let n = 0; n < count; n++) {
      const drawn = random.below(count);
      part += parts[drawn] ?? 0;
      whole += wholes[drawn] ?? 0;
    }
    sums[draw] = part;
    ratios[draw] = whole === 0 ? Number.NaN : part / whole;
  }
  return { sum: percentiles(sums, confidence), ratio: percentiles(ratios, confidence) };
}

function inGroups(customers: readonly Figure[], random: Random): readonly Figure[] {
  if (customers.length <= GROUPS_MAX) return customers;
  const order = Uint32Array.from(customers, (_, i) => i);
  shuffle(order, random);
  const groups = Array.from({ length: GROUPS_MAX }, () => ({ part: 0, whole: 0 }));
  for (const [place, i] of order.entries()) {
    const group = groups[place % GROUPS_MAX];
    const each = customers[i];
    if (group === undefined || each === undefined) continue;
    group.part += each.part;
    group.whole += each.whole;
  }
  return groups;
}

/** The middle part of some values that holds so much of them. */
export function percentiles(values: Float64Array, confidence: number): Interval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] ?? 0;
  return { low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
}
