import { seededRandom } from '#base/random.ts';
import type { LabBasis } from './scenario.ts';
import type { Tape } from './tape.ts';

/** Subscribers that stand for all: the largest each for themselves, the others by lot. */
export interface Sample {
  /** The largest first, then those drawn. */
  readonly rows: readonly number[];
  /** How many subscribers each stands for. */
  readonly weights: readonly number[];
  /** So many of the first rows stand for themselves alone. */
  readonly certain: number;
  /** So many of those have too many events to be replayed for a change that cannot do anyway. */
  readonly giants: number;
}

/** So many events are replayed for each candidate while screening, besides those of giants. */
const SCREEN_EVENTS = 140_000;
/** Who has more than this part of them is a giant. */
const GIANT_PART = 1 / 8;
/** So few tell nothing of the others. */
const DRAWN_MIN = 30;

/** Everybody as their own sample. */
export function everybody(rows: readonly number[]): Sample {
  return { rows, weights: rows.map(() => 1), certain: rows.length, giants: 0 };
}

/** Half of the events go to the largest who are no giants, half to those who are drawn. */
export function sampleOf(
  basis: LabBasis<Tape>,
  rows: readonly number[],
  seed: number,
  eventsMax = SCREEN_EVENTS,
): Sample {
  const { opStarts, segments } = basis.tape;
  const sizeOf = (row: number): number => {
    const k = segments[row]?.customer ?? 0;
    return (opStarts[k + 1] ?? 0) - (opStarts[k] ?? 0);
  };
  const total = rows.reduce((sum, row) => sum + sizeOf(row), 0);
  if (total <= eventsMax) return everybody(rows);
  const sorted = rows.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  let giants = 0;
  while (giants < sorted.length && sizeOf(sorted[giants] ?? 0) > eventsMax * GIANT_PART) giants++;
  let certain = giants;
  for (let spent = 0; certain < sorted.length; certain++) {
    spent += sizeOf(sorted[certain] ?? 0);
    if (spent > eventsMax / 2) break;
  }
  const rest = sorted.slice(certain);
  const random = seededRandom(seed);
  for (let i = rest.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rest[i], rest[j]] = [rest[j] ?? 0, rest[i] ?? 0];
  }
  let drawn = 0;
  for (let used = 0; drawn < rest.length && (used < eventsMax / 2 || drawn < DRAWN_MIN); drawn++)
    used += sizeOf(rest[drawn] ?? 0);
  const weight = drawn === 0 ? 1 : rest.length / drawn;
  return {
    rows: [...sorted.slice(0, certain), ...rest.slice(0, drawn)],
    weights: [...sorted.slice(0, certain).map(() => 1), ...rest.slice(0, drawn).map(() => weight)],
    certain,
    giants,
  };
}
