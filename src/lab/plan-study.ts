import { nanoUsd } from '#base/money.ts';
import { seededRandom } from '#base/random.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { type Behaviour, drawQuantiles } from './behaviour.ts';
import { bootstrap } from './interval.ts';
import { shareOf } from './figures.ts';
import type { Reaction } from './lab.schema.ts';
import { metricOf, revenueOf } from './metrics.ts';
import { choiceOf, type Outcome, type OutcomeInput, outcomesOf } from './outcome.ts';
import type { ReplayOptions, Replays } from './replays.ts';
import { type LabBasis, NO_CHANGES, type ScenarioChanges, scenarioSpec } from './scenario.ts';
import { ExactSum } from '#economics/exact-sum.ts';

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

/** What becomes of each of them. */
export function studyOutcomes(study: PlanStudy, after: Float64Array): readonly Outcome[] {
  return outcomesOf(outcomeInput(study, after));
}

function outcomeInput(study: PlanStudy, after: Float64Array): OutcomeInput {
  const { rows, before, willingness, behaviour } = study;
  const others = study.others.map(({ matrix }) => matrix);
  return { rows, before, after, othersNow: others, othersAfter: others, willingness, behaviour };
}

/** The margin of those who stay, at another elasticity. */
function marginAt(study: PlanStudy, after: Float64Array, elasticity: number): string {
  const input = { ...outcomeInput(study, after), elasticity };
  const margin = new ExactSum();
  for (const [index, row] of study.rows.entries()) {
    if (choiceOf(input, index).kind === 'stay')
      margin.add(revenueOf(after, row) - metricOf(after, row, 'cost'));
  }
  return String(margin.value);
}

/** What people do, added up, with its interval and its band. @param outcomes those of the study after it */
export function reactionOf(
  study: PlanStudy,
  after: Float64Array,
  outcomes: readonly Outcome[],
): Reaction | null {
  const { behaviour } = study;
  if (!behaviour.reacts) return null;
  const moves: Record<string, number> = {};
  for (const { choice } of outcomes) {
    if (choice.kind !== 'move') continue;
    const name = study.others[choice.to]?.terms.plan ?? '';
    moves[name] = (moves[name] ?? 0) + 1;
  }
  const { revenue, cost } = stayersOf(outcomes);
  const { sum } = bootstrap(
    outcomes.map((each) => ({
      part: each.choice.kind === 'stay' ? each.revenueAfter - each.costAfter : 0,
      whole: each.choice.kind === 'stay' ? each.revenueAfter : 0,
    })),
    seededRandom(study.seed),
  );
  const change = new ExactSum();
  for (const each of outcomes)
    change.add(each.revenueChosen - each.costChosen - (each.revenueBefore - each.costBefore));
  return {
    stay: outcomes.filter(({ choice }) => choice.kind === 'stay').length,
    leave: outcomes.filter(({ choice }) => choice.kind === 'leave').length,
    moves,
    revenue: String(revenue),
    cost: String(cost),
    margin: String(revenue - cost),
    marginShare: shareOf(revenue - cost, revenue),
    profitChange: String(change.value),
    marginInterval: { low: String(Math.round(sum.low)), high: String(Math.round(sum.high)) },
    marginAtLowElasticity: marginAt(study, after, behaviour.priceElasticityLow),
    marginAtHighElasticity: marginAt(study, after, behaviour.priceElasticityHigh),
  };
}

/** Revenue and cost of those who keep the plan. */
export function stayersOf(outcomes: readonly Outcome[]): {
  readonly revenue: bigint;
  readonly cost: bigint;
} {
  const revenue = new ExactSum();
  const cost = new ExactSum();
  for (const each of outcomes) {
    if (each.choice.kind !== 'stay') continue;
    revenue.add(each.revenueAfter);
    cost.add(each.costAfter);
  }
  return { revenue: revenue.value, cost: cost.value };
}
