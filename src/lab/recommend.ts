import { DomainError } from '#base/domain-error.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Behaviour } from './behaviour.ts';
import { type CandidateGroup, groupCandidates, GroupReplays } from './candidate-groups.ts';
import { type PlanCandidate, planCandidates } from './candidates.ts';
import { type CurveSample, curveSample, curveSide } from './curve.ts';
import { byMerit, frontierOf, type MeasuredFix, type RecommendBounds } from './fix-merit.ts';
import type { CurveSide } from './lab.schema.ts';
import { planUseOf } from './plan-use.ts';
import { customersOf, type PlanStudy, rowsOfPlan, studyPlan } from './plan-study.ts';
import type { ReplayPool } from './replay-pool.ts';
import { type LabBasis, recordedSpec, termsOf } from './scenario.ts';
import { everybody, sampleOf } from './sample.ts';
import { inTurns, screen } from './screening.ts';
import type { Tape } from './tape.ts';

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

export interface Recommended {
  readonly plan: PlanVersion;
  readonly study: PlanStudy;
  readonly fixes: readonly MeasuredFix[];
  readonly frontier: readonly MeasuredFix[];
  readonly candidates: number;
  readonly sampled: number;
  /** Replay of the best fix over every subscriber. */
  readonly after: Float64Array;
  /** The subscribers of the charts, and what each fix makes of them, in the order of the fixes. */
  readonly curve: CurveSample;
  readonly sides: readonly CurveSide[];
}

/** So many changes are told. */
const FIXES = 10;
/**
 * So many plans at least are replayed on everybody, each for all of its prices: the best on the sample
 * may be one plan at ten prices, and the best of all its neighbour.
 */
const EXACT_GROUPS = 5;

/**
 * Looks for the change of a plan that reaches a margin with the fewest people harmed: every candidate
 * on a sample of the subscribers, the best ten (and whatever else their replays tell) on all of them.
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
  const trial = { basis, pool, study: screened, sample, bounds, fromMs };
  const groups = groupCandidates(candidates);
  const measured = await screen(trial, groups, {
    enough: FIXES,
    atOnce: pool.threads,
    control,
    onProgress: (done, of) => say(`Trying ${candidates.length} changes`, done, of),
  });
  const isWhole = sample.rows.length === rows.length;
  const study = isWhole ? screened : await studyPlan({ ...common, rows }, control);
  say('Replaying the best on everybody', 0, 1);
  const exactly = new GroupReplays({ ...trial, study, sample: everybody(rows) });
  const curve = curveSample(rows, before);
  const sides = new Map<PlanCandidate, CurveSide>();
  const best = bestGroups(groups, measured.toSorted(byMerit(bounds)));
  const replayed = await inTurns(best, pool.threads, async (group, turn) => {
    const after = await exactly.replay(group, rows, { ...control, turn });
    const fixes = await exactly.measure(group, after, control, (candidate, outcomes) =>
      sides.set(candidate, curveSide(curve, after, outcomes)),
    );
    return { after, measured: fixes };
  });
  const tried = replayed.flatMap((each) => each.measured).sort(byMerit(bounds));
  const fixes = tried.slice(0, FIXES);
  const exact = new Map(tried.map((each) => [each.candidate, each]));
  const all = measured.map((each) => exact.get(each.candidate) ?? each);
  const [first] = fixes;
  const winner = replayed.find((each) => first !== undefined && each.measured.includes(first));
  return {
    plan,
    study,
    fixes,
    frontier: frontierOf(all),
    candidates: candidates.length,
    sampled: sample.rows.length,
    curve,
    sides: fixes.flatMap(({ candidate }) => sides.get(candidate) ?? []),
    after:
      first === undefined || winner === undefined
        ? before
        : await exactly.priced(first.candidate, winner.after, control),
  };
}

/** The groups of the best candidates, and then the next best groups until there are enough. */
function bestGroups(
  groups: readonly CandidateGroup[],
  ranked: readonly MeasuredFix[],
): readonly CandidateGroup[] {
  const best = new Set<CandidateGroup>();
  for (const [rank, { candidate }] of ranked.entries()) {
    if (rank >= FIXES && best.size >= EXACT_GROUPS) break;
    for (const group of groups) if (group.includes(candidate)) best.add(group);
  }
  return [...best];
}
