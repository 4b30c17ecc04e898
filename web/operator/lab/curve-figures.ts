import type { CurveSide } from '../../../src/lab/lab.schema.ts';

/** A bill that rises by more is one that people notice, as the lab counts it. */
const NOTICED = 1.01;
/** So many points stand for everybody on a chart. */
const POINTS = 900;

/** A plan's sampled subscribers under other terms, at a price of their own. */
export interface Scenario {
  readonly weights: readonly number[];
  readonly today: CurveSide;
  readonly side: CurveSide;
  /** What the side was replayed at. */
  readonly priceNanoUsd: number;
}

export interface LiveFigures {
  /** Sorted, evenly spaced over all subscribers. */
  readonly margins: readonly number[];
  readonly subscribers: number;
  /** How many are below the line. */
  readonly below: number;
  readonly margin: number;
  /** Pay more, meet limits that were not there, or leave. */
  readonly harmed: number;
  readonly dearer: number;
}

/**
 * What another price makes of the same requests: it decides nothing about them, so only what goes with
 * the price moves. Who would leave at that price is for a replay to say; at the price that was replayed
 * it is known, and counted.
 */
export function figuresAt(
  { weights, today, side, priceNanoUsd }: Scenario,
  askedNanoUsd: number,
): LiveFigures {
  const ratio = priceNanoUsd === 0 ? 1 : askedNanoUsd / priceNanoUsd;
  let below = 0;
  let margin = 0;
  let harmed = 0;
  let dearer = 0;
  let subscribers = 0;
  const points = side.margin.map((own, index) => {
    const weight = weights[index] ?? 1;
    const more = (side.subscription[index] ?? 0) * (ratio - 1);
    const moved = own + more;
    const billBefore = today.bill[index] ?? 0;
    const billAfter = (side.bill[index] ?? 0) + more;
    const isDearer = billAfter > billBefore * NOTICED;
    const isHarmed =
      isDearer || side.limited[index] === 1 || (ratio === 1 && side.leaves[index] === 1);
    subscribers += weight;
    margin += weight * moved;
    if (moved < 0) below += weight;
    if (isDearer) dearer += weight;
    if (isHarmed) harmed += weight;
    return { moved, weight };
  });
  const whole = (value: number): number => Math.round(value);
  return {
    margins: spread(points, subscribers),
    subscribers: whole(subscribers),
    below: whole(below),
    margin: whole(margin),
    harmed: whole(harmed),
    dearer: whole(dearer),
  };
}

/** Margins at even steps over the subscribers, so that a chart's width is people and not samples. */
function spread(
  points: readonly { readonly moved: number; readonly weight: number }[],
  subscribers: number,
): readonly number[] {
  const sorted = points.toSorted((a, b) => a.moved - b.moved);
  if (sorted.every(({ weight }) => weight === 1)) return sorted.map(({ moved }) => moved);
  const steps = Math.min(POINTS, Math.round(subscribers));
  const margins: number[] = [];
  let at = 0;
  let passed = sorted[0]?.weight ?? 0;
  for (let step = 0; step < steps; step++) {
    const place = ((step + 0.5) / steps) * subscribers;
    while (passed < place && at < sorted.length - 1) passed += sorted[++at]?.weight ?? 0;
    margins.push(sorted[at]?.moved ?? 0);
  }
  return margins;
}
