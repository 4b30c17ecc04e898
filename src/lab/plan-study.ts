import { nanoUsd } from '#base/money.ts';
import { seededRandom } from '#base/random.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { type Behaviour, drawQuantiles } from './behaviour.ts';
import { bootstrap } from './interval.ts';
import { shareOf } from './figures.ts';
import type { Reaction } from './lab.schema.ts';
import { metricOf } from './metrics.ts';
import { type Outcome, outcomesOf } from './outcome.ts';
import type { ReplayOptions, Replays } from './replays.ts';
import { type LabBasis, NO_CHANGES, type ScenarioChanges, scenarioSpec } from './scenario.ts';

/** As the schema of plans bounds every amount. */
const OVERDRAFT_AMPLE = nanoUsd(4e15);

/** One plan's subscribers: what they did, and what every other plan would have been to them. */
export interface PlanStudy {
  readonly plan: PlanVersion;
  /** Their rows; a sample of them where there are many. */
  readonly rows: readonly number[];
  readonly customers: Uint32Array;
  readonly before: Float64Array;
  readonly others: readonly { readonly terms: PlanTerms; readonly matrix: Float64Array }[];
  readonly willingness: readonly number[];
  readonly behaviour: Behaviour;
  readonly seed: number;
}

export interface StudyInput {
  readonly basis: LabBasis;
  readonly pool: Replays;
  readonly plan: PlanVersion;
  readonly rows: readonly number[];
  readonly before: Float64Array;
  /** The plans that people can move to. */
  readonly listed: readonly PlanTerms[];
  readonly behaviour: Behaviour;
  readonly seed: number;
  readonly fromMs: number;
}

/** Rows of a plan, in every version of it. */
export function rowsOfPlan(basis: LabBasis, plan: string): readonly number[] {
  const ids = new Set<string>(basis.plans.filter((each) => each.plan === plan).map(({ id }) => id));
  return basis.tape.segments.flatMap(({ planVersionId }, row) =>
    ids.has(planVersionId) ? [row] : [],
  );
}

export function customersOf(basis: LabBasis, rows: readonly number[]): Uint32Array {
  return Uint32Array.from(new Set(rows.map((row) => basis.tape.segments[row]?.customer ?? 0)));
}

/**
 * Replays a plan's subscribers on every other plan on offer. Whoever moves to a plan that is paid by
 * use is taken to buy the credits that it needs.
 */
export async function studyPlan(input: StudyInput, options: ReplayOptions): Promise<PlanStudy> {
  const { basis, pool, plan, rows, before, behaviour, seed, fromMs } = input;
  const customers = customersOf(basis, rows);
  const offered = behaviour.reacts
    ? input.listed.filter((terms) => terms.plan !== plan.plan && terms.listed)
    : [];
  const others = await Promise.all(
    offered.map(async (terms) => {
      const asPlan = {
        ...terms,
        plan: plan.plan,
        ...(terms.billing === 'metered' && { overdraftNanoUsd: OVERDRAFT_AMPLE }),
      };
      const spec = scenarioSpec(basis, { ...NO_CHANGES, plans: [asPlan], seed, fromMs });
      return { terms, matrix: await pool.replay(spec, { ...options, customers }) };
    }),
  );
  const usage = rows.map((row) => metricOf(before, row, 'servedValue'));
  return {
    plan,
    rows,
    customers,
    before,
    others,
    willingness: drawQuantiles(usage, behaviour, seededRandom(seed)),
    behaviour,
    seed,
  };
}

/** Replays the subscribers with other terms. */
export function replayTerms(
  basis: LabBasis,
  pool: Replays,
  study: PlanStudy,
  changes: Pick<ScenarioChanges, 'plans' | 'prices' | 'fromMs'>,
  options: ReplayOptions,
): Promise<Float64Array> {
  const spec = scenarioSpec(basis, {
    ...changes,
    deferredShare: study.behaviour.reacts ? study.behaviour.deferredShare : 0,
    seed: study.seed,
  });
  return pool.replay(spec, { ...options, customers: study.customers });
}

/** What the subscribers' price earns at another price: written into a replay's own column. */
export async function replayPrice(
  basis: LabBasis,
  pool: Replays,
  study: PlanStudy,
  changes: Pick<ScenarioChanges, 'plans' | 'fromMs'>,
  options: ReplayOptions,
): Promise<Float64Array> {
  const spec = scenarioSpec(basis, { ...NO_CHANGES, ...changes });
  return pool.replay({ ...spec, accountsOnly: true }, { ...options, customers: study.customers });
}

/** What becomes of each of them. @param elasticity in place of the behaviour's own */
export function studyOutcomes(
  study: PlanStudy,
  after: Float64Array,
  elasticity?: number,
): readonly Outcome[] {
  const others = study.others.map(({ matrix }) => matrix);
  return outcomesOf({
    rows: study.rows,
    before: study.before,
    after,
    othersNow: others,
    othersAfter: others,
    willingness: study.willingness,
    behaviour: study.behaviour,
    ...(elasticity !== undefined && { elasticity }),
  });
}

/** What people do, added up, with its interval and its band. */
export function reactionOf(study: PlanStudy, after: Float64Array): Reaction | null {
  const { behaviour } = study;
  if (!behaviour.reacts) return null;
  const outcomes = studyOutcomes(study, after);
  const moves: Record<string, number> = {};
  for (const { choice } of outcomes) {
    if (choice.kind !== 'move') continue;
    const name = study.others[choice.to]?.terms.plan ?? '';
    moves[name] = (moves[name] ?? 0) + 1;
  }
  const { revenue, cost } = stayersOf(outcomes);
  const marginAt = (elasticity: number): string => {
    const each = stayersOf(studyOutcomes(study, after, elasticity));
    return String(each.revenue - each.cost);
  };
  const { sum } = bootstrap(
    outcomes.map((each) => ({
      part: each.choice.kind === 'stay' ? each.revenueAfter - each.costAfter : 0,
      whole: each.choice.kind === 'stay' ? each.revenueAfter : 0,
    })),
    seededRandom(study.seed),
  );
  const change = outcomes.reduce(
    (total, each) =>
      total +
      BigInt(each.revenueChosen - each.costChosen) -
      BigInt(each.revenueBefore - each.costBefore),
    0n,
  );
  return {
    stay: outcomes.filter(({ choice }) => choice.kind === 'stay').length,
    leave: outcomes.filter(({ choice }) => choice.kind === 'leave').length,
    moves,
    revenue: String(revenue),
    cost: String(cost),
    margin: String(revenue - cost),
    marginShare: shareOf(revenue - cost, revenue),
    profitChange: String(change),
    marginInterval: { low: String(Math.round(sum.low)), high: String(Math.round(sum.high)) },
    marginAtLowElasticity: marginAt(behaviour.priceElasticityLow),
    marginAtHighElasticity: marginAt(behaviour.priceElasticityHigh),
  };
}

/** Revenue and cost of those who keep the plan. */
export function stayersOf(outcomes: readonly Outcome[]): {
  readonly revenue: bigint;
  readonly cost: bigint;
} {
  let revenue = 0n;
  let cost = 0n;
  for (const each of outcomes) {
    if (each.choice.kind !== 'stay') continue;
    revenue += BigInt(each.revenueAfter);
    cost += BigInt(each.costAfter);
  }
  return { revenue, cost };
}
