import type { Curve, CurveSide } from './lab.schema.ts';
import { billOf, metricOf, revenueOf } from './metrics.ts';
import type { Outcome } from './outcome.ts';

/** So many of those who earn least stand for themselves; they are where the loss is. */
const WORST = 200;
/** So many of the others stand for all of them. */
const OTHERS = 400;

/** Subscribers who stand for all on a chart: enough for a line across a page, and few enough to send. */
export interface CurveSample {
  readonly rows: readonly number[];
  /** How many subscribers each stands for. */
  readonly weights: readonly number[];
}

/** The worst each for themselves, of the others every so many, by margin: the shape is kept whole. */
export function curveSample(rows: readonly number[], before: Float64Array): CurveSample {
  const margin = (row: number): number => revenueOf(before, row) - metricOf(before, row, 'cost');
  const sorted = rows.toSorted((a, b) => margin(a) - margin(b));
  if (sorted.length <= WORST + OTHERS) return { rows: sorted, weights: sorted.map(() => 1) };
  const rest = sorted.slice(WORST);
  const weight = rest.length / OTHERS;
  const drawn = Array.from(
    { length: OTHERS },
    (_, index) => rest[Math.floor((index + 0.5) * weight)] ?? 0,
  );
  return {
    rows: [...sorted.slice(0, WORST), ...drawn],
    weights: [...sorted.slice(0, WORST).map(() => 1), ...drawn.map(() => weight)],
  };
}

/** What a change makes of the sampled subscribers. @param outcomes absent = nothing changes */
export function curveSide(
  sample: CurveSample,
  after: Float64Array,
  outcomes: readonly Outcome[] = [],
): CurveSide {
  const byRow = new Map(outcomes.map((outcome) => [outcome.row, outcome]));
  const numbers = (of: (row: number) => number): number[] => sample.rows.map(of);
  return {
    subscription: numbers((row) => metricOf(after, row, 'subscription')),
    bill: numbers((row) => billOf(after, row)),
    margin: numbers((row) => revenueOf(after, row) - metricOf(after, row, 'cost')),
    limited: numbers((row) => Number(byRow.get(row)?.isLimited ?? false)),
    leaves: numbers((row) => Number(byRow.get(row)?.choice.kind === 'leave')),
  };
}

/** The curve of a plan as it is, and of each change of it, over the same subscribers. */
export function curveOf(
  sample: CurveSample,
  before: Float64Array,
  sides: readonly CurveSide[],
): Curve {
  return { weights: [...sample.weights], sides: [curveSide(sample, before), ...sides] };
}
