import { DomainError } from '#base/domain-error.ts';
import { seededRandom } from '#base/random.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Behaviour } from './behaviour.ts';
import { type PlanCandidate, planCandidates } from './candidates.ts';
import type { Fix } from './lab.schema.ts';
import { METRIC, METRIC_COUNT } from './metrics.ts';
import type { Outcome } from './outcome.ts';
import { planUseOf } from './plan-use.ts';
import {
  customersOf,
  type PlanStudy,
  replayPrice,
  replayTerms,
  rowsOfPlan,
  studyOutcomes,
  studyPlan,
} from './plan-study.ts';
import type { ReplayPool } from './replay-pool.ts';
import { type LabBasis, recordedSpec, termsOf } from './scenario.ts';
import type { Tape } from './tape.ts';

export interface RecommendBounds {
  /** Margin over revenue that the plan should reach, such as 0.1. */
  readonly targetMargin: number;
  /** The share of subscribers that may notice the change as one for the worse. */
  readonly harmMax: number;
  /** Nobody may pay more than this many times their bill. */
  readonly billMax: number;
}

export interface RecommendOptions {
  readonly plan: string;
  readonly bounds: RecommendBounds;
  readonly behaviour: Behaviour;
  readonly seed: number;
  readonly fromMs: number;
  /** Current versions, which people can move to. */
  readonly listed: readonly PlanTerms[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string, done: number, of: number) => void;
}

/** One candidate, measured. */
export interface MeasuredFix {
  readonly candidate: PlanCandidate;
  readonly fix: Omit<Fix, 'rank'>;
}

export interface Recommended {
  readonly plan: PlanVersion;
  readonly study: PlanStudy;
  readonly fixes: readonly MeasuredFix[];
  readonly frontier: readonly MeasuredFix[];
  readonly candidates: number;
  readonly sampled: number;
  /** Replay of the best fix over every subscriber. */
  readonly after: Float64Array;
}

/** So many events are replayed for each candidate while screening. */
const SCREEN_EVENTS = 250_000;
/** So many candidates are replayed on everybody. */
const EXACT_FIXES = 10;

/**
 * Looks for the change of a plan that reaches a margin with the fewest people harmed: every candidate
 * on a sample of the subscribers, the best ten on all of them.
 * @throws DomainError `not_found` where nobody is on a plan of that name; the signal's reason
 */
export async function recommend(
  basis: LabBasis<Tape>,
  pool: ReplayPool,
  options: RecommendOptions,
): Promise<Recommended> {
  const { bounds, behaviour, seed, fromMs, signal } = options;
  const rows = rowsOfPlan(basis, options.plan);
  const plan = basis.plans.findLast((each) => each.plan === options.plan);
  if (plan === undefined || rows.length === 0) {
    const names = [...new Set(basis.plans.map((each) => each.plan))].join(', ');
    throw new DomainError(
      'not_found',
      `Nobody in this book was on a plan ${options.plan}; there are ${names}.`,
      { field: 'plan' },
    );
  }
  const control = signal === undefined ? {} : { signal };
  const say = options.onProgress ?? ((): void => undefined);
  say('Replaying the plan in force', 0, 1);
  const before = await pool.replay(recordedSpec(basis, fromMs), {
    ...control,
    customers: customersOf(basis, rows),
  });
  const sample = sampleOf(basis, rows, seed);
  const common = { basis, pool, plan, before, listed: options.listed, behaviour, seed, fromMs };
  const screened = await studyPlan({ ...common, rows: sample.rows }, control);
  const use = planUseOf(basis, termsOf(plan), rows, before);
  const candidates = planCandidates(termsOf(plan), use, bounds);
  const measured: MeasuredFix[] = [];
  // A price decides nothing: candidates that differ in it alone share one replay of the requests.
  const groups = Map.groupBy(candidates, ({ terms }) =>
    JSON.stringify({ ...terms, priceNanoUsd: plan.priceNanoUsd }),
  );
  const earned = new Map<number, Float64Array>();
  const tryGroup = async (
    group: readonly PlanCandidate[],
    turn: number,
  ): Promise<readonly MeasuredFix[]> => {
    const [like] = group;
    if (like === undefined) return [];
    const base = { ...like.terms, priceNanoUsd: plan.priceNanoUsd };
    const changes = { plans: [base], prices: [], fromMs };
    const after = await replayTerms(basis, pool, screened, changes, { ...control, turn });
    return group.map((candidate) => {
      const price = earned.get(candidate.terms.priceNanoUsd);
      for (const row of sample.rows) {
        const at = row * METRIC_COUNT + METRIC.subscription;
        after[at] = price?.[at] ?? 0;
      }
      const outcomes = studyOutcomes(screened, after);
      return { candidate, fix: fixOf(candidate, outcomes, sample, bounds) };
    });
  };
  for (const { terms } of candidates) {
    if (earned.has(terms.priceNanoUsd)) continue;
    const changes = { plans: [terms], fromMs };
    earned.set(terms.priceNanoUsd, await replayPrice(basis, pool, screened, changes, control));
  }
  // As many at once as there are workers: one customer may be most of the events.
  const waiting = [...groups.values()];
  while (waiting.length > 0) {
    say(`Trying ${candidates.length} changes`, measured.length, candidates.length);
    const tried = await Promise.all(waiting.splice(0, pool.threads).map(tryGroup));
    measured.push(...tried.flat());
  }
  const isWhole = sample.rows.length === rows.length;
  const best = measured.toSorted(byMerit(bounds)).slice(0, EXACT_FIXES);
  const study = isWhole ? screened : await studyPlan({ ...common, rows }, control);
  const everybody = { rows, weights: rows.map(() => 1), certain: rows.length };
  let fixes: MeasuredFix[] = [];
  const afters = new Map<PlanCandidate, Float64Array>();
  for (const [index, { candidate }] of best.entries()) {
    say('Replaying the best on everybody', index, best.length);
    const after = await replayTerms(
      basis,
      pool,
      study,
      { plans: [candidate.terms], prices: [], fromMs },
      control,
    );
    afters.set(candidate, after);
    fixes.push({
      candidate,
      fix: { ...fixOf(candidate, studyOutcomes(study, after), everybody, bounds), exact: true },
    });
  }
  fixes = fixes.toSorted(byMerit(bounds));
  const exact = new Map(fixes.map((each) => [each.candidate, each]));
  const all = measured.map((each) => exact.get(each.candidate) ?? each);
  const first = fixes[0];
  return {
    plan,
    study,
    fixes,
    frontier: frontierOf(all),
    candidates: candidates.length,
    sampled: sample.rows.length,
    after: (first && afters.get(first.candidate)) ?? before,
  };
}

/** Subscribers that stand for all: the largest each for themselves, the others by lot. */
export interface Sample {
  readonly rows: readonly number[];
  /** How many subscribers each stands for. */
  readonly weights: readonly number[];
  /** So many of the first rows stand for themselves alone. */
  readonly certain: number;
}

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
  if (total <= eventsMax) return { rows, weights: rows.map(() => 1), certain: rows.length };
  const sorted = rows.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  // Half of the budget for the largest, as long as one of them is more than its even share.
  let certain = 0;
  let spent = 0;
  while (certain < sorted.length && spent + sizeOf(sorted[certain] ?? 0) <= eventsMax / 2) {
    spent += sizeOf(sorted[certain] ?? 0);
    certain++;
  }
  if (certain === 0) certain = 1;
  const rest = sorted.slice(certain);
  const random = seededRandom(seed);
  for (let i = rest.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rest[i], rest[j]] = [rest[j] ?? 0, rest[i] ?? 0];
  }
  let drawn = 0;
  let used = 0;
  while (drawn < rest.length && (used < eventsMax / 2 || drawn < 30))
    used += sizeOf(rest[drawn++] ?? 0);
  const weight = drawn === 0 ? 1 : rest.length / drawn;
  return {
    rows: [...sorted.slice(0, certain), ...rest.slice(0, drawn)],
    weights: [...sorted.slice(0, certain).map(() => 1), ...rest.slice(0, drawn).map(() => weight)],
    certain,
  };
}

/** Half the width of a 90% interval, in standard errors. */
const Z_90 = 1.645;

function fixOf(
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
  const drawn: number[] = [];
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
    }
    if (index >= sample.certain) drawn.push(stays ? each.revenueAfter - each.costAfter : 0);
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
    sampleError: whole(Z_90 * standardError(drawn, (sample.weights.at(-1) ?? 1) * drawn.length)),
    exact: sample.certain === sample.rows.length,
  };
}

/** Of the sum over a stratum of `size`, from those drawn of it without replacement. */
function standardError(drawn: readonly number[], size: number): number {
  const n = drawn.length;
  if (n < 2 || size <= n) return 0;
  const mean = drawn.reduce((sum, value) => sum + value, 0) / n;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return size * Math.sqrt((variance / n) * (1 - n / size));
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
