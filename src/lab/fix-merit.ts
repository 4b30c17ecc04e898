import type { PlanCandidate } from './candidates.ts';
import type { Fix } from './lab.schema.ts';
import type { Outcome } from './outcome.ts';
import type { Sample, Stratum } from './sample.ts';

export interface RecommendBounds {
  /** Margin over revenue that the plan should reach, such as 0.1. */
  readonly targetMargin: number;
  /** The share of subscribers that may notice the change as one for the worse. */
  readonly harmMax: number;
  /** Nobody may pay more than this many times their bill. */
  readonly billMax: number;
}

/** One candidate, measured. */
export interface MeasuredFix {
  readonly candidate: PlanCandidate;
  readonly fix: Omit<Fix, 'rank'>;
}

/** Half the width of a 90% interval, in standard errors. */
const Z_90 = 1.645;

/** What a candidate does, added up over a sample. */
export function fixOf(
  candidate: PlanCandidate,
  outcomes: readonly Outcome[],
  sample: Sample,
  bounds: RecommendBounds,
): Omit<Fix, 'rank'> {
  let revenue = 0;
  let cost = 0;
  let mechanical = 0;
  let mechanicalRevenue = 0;
  let harmed = 0;
  let leave = 0;
  let move = 0;
  let people = 0;
  let multiple = 1;
  const kept = new Float64Array(outcomes.length);
  for (const [index, each] of outcomes.entries()) {
    const weight = sample.weights[index] ?? 1;
    people += weight;
    mechanical += weight * (each.revenueAfter - each.costAfter);
    mechanicalRevenue += weight * each.revenueAfter;
    if (each.isHarmed) harmed += weight;
    if (each.choice.kind === 'leave') leave += weight;
    if (each.choice.kind === 'move') move += weight;
    multiple = Math.max(multiple, each.billMultiple);
    const stays = each.choice.kind === 'stay';
    if (stays) {
      revenue += weight * each.revenueAfter;
      cost += weight * each.costAfter;
      kept[index] = each.revenueAfter - each.costAfter;
    }
  }
  const margin = revenue - cost;
  const marginShare = revenue <= 0 ? null : margin / revenue;
  const harmedShare = people === 0 ? 0 : harmed / people;
  const unmoved = mechanicalRevenue <= 0 ? null : mechanical / mechanicalRevenue;
  // A fix must hold whether people react as assumed or not at all.
  const least = marginShare === null || unmoved === null ? null : Math.min(marginShare, unmoved);
  const misses = missesOf({ marginShare: least, harmedShare, multiple }, bounds);
  return {
    changes: [...candidate.changes],
    fits: misses.length === 0,
    misses,
    revenue: whole(revenue),
    cost: whole(cost),
    margin: whole(margin),
    marginShare,
    mechanicalMargin: whole(mechanical),
    mechanicalMarginShare: unmoved,
    harmed: round(harmed),
    harmedShare,
    leave: round(leave),
    move: round(move),
    billMultipleMax: Number.isFinite(multiple) ? multiple : null,
    sampleError: whole(Z_90 * standardError(kept, sample.drawn)),
    exact: sample.drawn.length === 0,
  };
}

/**
 * Of the sum over strata, from those drawn of each without replacement. By the differences between
 * neighbours, which is right for those drawn by lot and for those of a list in order (Wolter, "Introduction
 * to Variance Estimation", 2007, section 8.2).
 */
function standardError(values: Float64Array, drawn: readonly Stratum[]): number {
  let variance = 0;
  for (const { from, to, size } of drawn) {
    const n = to - from;
    let squares = 0;
    for (let i = from + 1; i < to; i++) squares += ((values[i] ?? 0) - (values[i - 1] ?? 0)) ** 2;
    if (n > 1) variance += size ** 2 * (1 - n / size) * (squares / (2 * (n - 1) * n));
  }
  return Math.sqrt(variance);
}

function missesOf(
  found: { marginShare: number | null; harmedShare: number; multiple: number },
  { targetMargin, harmMax, billMax }: RecommendBounds,
): string[] {
  const misses: string[] = [];
  if ((found.marginShare ?? -Infinity) < targetMargin) misses.push('margin');
  if (found.harmedShare > harmMax + 1e-9) misses.push('harm');
  if (found.multiple > billMax + 1e-9) misses.push('bill');
  return misses;
}

/**
 * Fits first; of those the one that harms fewest, then the one that drives fewest away, then the one
 * that earns most, then the one that changes least. Where none fits, the one that misses by least.
 */
export function byMerit(bounds: RecommendBounds) {
  return (a: MeasuredFix, b: MeasuredFix): number =>
    Number(b.fix.fits) - Number(a.fix.fits) ||
    (a.fix.fits ? 0 : shortfall(a.fix, bounds) - shortfall(b.fix, bounds)) ||
    a.fix.harmedShare - b.fix.harmedShare ||
    a.fix.leave + a.fix.move - b.fix.leave - b.fix.move ||
    Number(b.fix.margin) - Number(a.fix.margin) ||
    a.fix.changes.length - b.fix.changes.length;
}

function shortfall(
  fix: Omit<Fix, 'rank'>,
  { targetMargin, harmMax, billMax }: RecommendBounds,
): number {
  const least = Math.min(fix.marginShare ?? -10, fix.mechanicalMarginShare ?? -10);
  const margin = Math.max(0, targetMargin - least);
  const harm = Math.max(0, fix.harmedShare - harmMax);
  const bill = Math.max(0, (fix.billMultipleMax ?? 100) - billMax);
  return margin + harm + bill;
}

/** Those that no other beats in both margin and people harmed; by harm. */
export function frontierOf(fixes: readonly MeasuredFix[]): readonly MeasuredFix[] {
  const sorted = fixes.toSorted(
    (a, b) => a.fix.harmedShare - b.fix.harmedShare || Number(b.fix.margin) - Number(a.fix.margin),
  );
  let best = -Infinity;
  return sorted.filter(({ fix }) => {
    if (Number(fix.margin) <= best) return false;
    best = Number(fix.margin);
    return true;
  });
}

const whole = (value: number): string => String(BigInt(Math.round(value)));
const round = (value: number): number => Math.round(value * 10) / 10;
