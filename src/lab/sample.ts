import { type Random, seededRandom, shuffle } from '#base/random.ts';
import type { LabBasis } from './scenario.ts';
import type { Tape } from './tape.ts';

/** Subscribers that stand for all: the largest each for themselves, the others by lot. */
export interface Sample {
  /** Giants first, and among them as well as after them first those who stand for themselves. */
  readonly rows: readonly number[];
  /** How many subscribers each stands for. */
  readonly weights: readonly number[];
  /** So many of the first rows have too many events to be replayed for a change that cannot do anyway. */
  readonly giants: number;
  /** Which of the rows were drawn, and of how many subscribers; none where everybody is in the sample. */
  readonly drawn: readonly Stratum[];
}

/** A part of the rows that was drawn by lot, in the order of what they were drawn from. */
export interface Stratum {
  /** By place in the sample's rows; `to` is excluded. */
  readonly from: number;
  readonly to: number;
  /** How many subscribers they stand for together. */
  readonly size: number;
}

export interface SampleSize {
  /** So many events are replayed for each candidate while screening, besides those of giants. */
  readonly events: number;
  /** So many of giants, besides those of anybody who has a quarter of it alone. */
  readonly giantEvents: number;
}

const SCREENED: SampleSize = { events: 250_000, giantEvents: 1_200_000 };
/** Who has more than this part of the events is a giant. */
const GIANT_PART = 1 / 8;
/** So few tell nothing of the others. */
const DRAWN_MIN = 100;

/** Everybody as their own sample. */
export function everybody(rows: readonly number[]): Sample {
  return { rows, weights: rows.map(() => 1), giants: 0, drawn: [] };
}

/**
 * Of the events, half go to the largest who are no giants, half to those who are drawn of the rest. Where
 * there are many giants, one of so many neighbours in size is drawn for all of them.
 */
export function sampleOf(
  basis: LabBasis<Tape>,
  rows: readonly number[],
  seed: number,
  { events, giantEvents }: SampleSize = SCREENED,
): Sample {
  const { opStarts, segments } = basis.tape;
  const sizeOf = (row: number): number => {
    const k = segments[row]?.customer ?? 0;
    return (opStarts[k + 1] ?? 0) - (opStarts[k] ?? 0);
  };
  const sizeOfAll = (some: readonly number[]): number =>
    some.reduce((sum, row) => sum + sizeOf(row), 0);
  if (sizeOfAll(rows) <= events) return everybody(rows);
  const random = seededRandom(seed);
  const sorted = rows.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  const larger = (than: number): number => {
    const first = sorted.findIndex((row) => sizeOf(row) <= than);
    return first < 0 ? sorted.length : first;
  };
  const giants = larger(events * GIANT_PART);
  const alone = Math.min(giants, larger(giantEvents / 4));
  const many = sorted.slice(alone, giants);
  const apart = Math.max(1, Math.ceil(sizeOfAll(many) / giantEvents));
  let certain = giants;
  for (let spent = 0; certain < sorted.length; certain++) {
    spent += sizeOf(sorted[certain] ?? 0);
    if (spent > events / 2) break;
  }
  const rest = sorted.slice(certain);
  shuffle(rest, random);
  let drawn = 0;
  for (let used = 0; drawn < rest.length && (used < events / 2 || drawn < DRAWN_MIN); drawn++)
    used += sizeOf(rest[drawn] ?? 0);
  const sample = new SampleParts();
  sample.certain(sorted.slice(0, alone));
  sample.drawn(oneOfEach(many, apart, random), many.length);
  const giantRows = sample.rows.length;
  sample.certain(sorted.slice(giants, certain));
  sample.drawn(rest.slice(0, drawn), rest.length);
  return { rows: sample.rows, weights: sample.weights, giants: giantRows, drawn: sample.strata };
}

/** Puts a sample together. */
class SampleParts {
  readonly rows: number[] = [];
  readonly weights: number[] = [];
  readonly strata: Stratum[] = [];

  certain(rows: readonly number[]): void {
    this.drawn(rows, rows.length);
  }

  /** @param size how many they were drawn of */
  drawn(rows: readonly number[], size: number): void {
    const from = this.rows.length;
    this.rows.push(...rows);
    this.weights.push(...rows.map(() => size / rows.length));
    if (rows.length < size) this.strata.push({ from, to: this.rows.length, size });
  }
}

/** One by lot of each so many neighbours. */
function oneOfEach(list: readonly number[], apart: number, random: Random): readonly number[] {
  const found: number[] = [];
  for (let from = 0; from < list.length; from += apart) {
    const drawn = list[from + random.below(Math.min(apart, list.length - from))];
    if (drawn !== undefined) found.push(drawn);
  }
  return found;
}
