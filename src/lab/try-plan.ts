import { DomainError } from '#base/domain-error.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { Behaviour } from './behaviour.ts';
import { curveOf, curveSample, curveSide } from './curve.ts';
import { coverageOf, customerId, figuresOf, labelOf, planResultOf } from './figures.ts';
import type { Bill, Trial } from './lab.schema.ts';
import { billOf, type Metric, metricOf } from './metrics.ts';
import {
  customersOf,
  reactionOf,
  replayTerms,
  rowsOfPlan,
  studyOutcomes,
  studyPlan,
} from './plan-study.ts';
import { fixOf, type RecommendBounds } from './fix-merit.ts';
import { everybody } from './sample.ts';
import type { Replays } from './replays.ts';
import { noticedBy } from './touched.ts';
import { type LabBasis, recordedSpec } from './scenario.ts';

export interface TryOptions {
  readonly terms: PlanTerms;
  /** In words, one a change. */
  readonly changes: readonly string[];
  readonly rank: number;
  readonly bounds: RecommendBounds;
  readonly behaviour: Behaviour;
  readonly seed: number;
  readonly fromMs: number;
  /** Current versions, which people can move to. */
  readonly listed: readonly PlanTerms[];
  /** Whether everybody's bill is in the answer. */
  readonly bills: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string, done: number, of: number) => void;
}

/**
 * One change of a plan on everybody who is on it, with what they do about it.
 * @throws DomainError `not_found` where nobody is; the signal's reason
 */
export async function tryPlan(basis: LabBasis, pool: Replays, options: TryOptions): Promise<Trial> {
  const { terms, bounds, behaviour, seed, fromMs, signal } = options;
  const { tape } = basis;
  const rows = rowsOfPlan(basis, terms.plan);
  const plan = basis.plans.findLast((each) => each.plan === terms.plan);
  if (plan === undefined || rows.length === 0) {
    throw new DomainError('not_found', `Nobody in this book was on a plan ${terms.plan}.`);
  }
  const watched = (text: string) => ({
    signal,
    onProgress: (done: number, of: number) => options.onProgress(text, done, of),
  });
  const customers = customersOf(basis, rows);
  const before = await pool.replay(recordedSpec(basis, fromMs), {
    ...watched('Replaying the plan in force'),
    customers,
  });
  const study = await studyPlan(
    { basis, pool, plan, rows, before, listed: options.listed, behaviour, seed, fromMs },
    watched('Replaying the other plans'),
  );
  const changes = { plans: [terms], prices: [], fromMs };
  const after = await replayTerms(basis, pool, study, changes, watched('Replaying the change'));
  const outcomes = studyOutcomes(study, after);
  const fix = fixOf({ terms, changes: options.changes }, outcomes, everybody(rows), bounds);
  const sample = curveSample(rows, before);
  return {
    kind: 'trial',
    book: tape.book,
    fromDay: tape.fromDay,
    toDay: tape.toDay,
    plan: plan.plan,
    label: labelOf(plan),
    subscribers: rows.length,
    coverage: coverageOf(after, rows),
    before: figuresOf(before, rows),
    fix: { rank: options.rank, ...fix, exact: true, terms },
    result: {
      ...planResultOf({ plan, isChanged: options.changes.length > 0, before, after, outcomes }),
      reaction: reactionOf(study, after, outcomes),
    },
    reactions: noticedBy(tape, study, outcomes),
    curve: curveOf(sample, before, [curveSide(sample, after, outcomes)]),
    bills: options.bills ? billsOf(basis, rows, before, after) : [],
  };
}

/** A bill a customer: who was on several versions of the plan has the sum of them. */
function billsOf(
  { tape }: LabBasis,
  rows: readonly number[],
  before: Float64Array,
  after: Float64Array,
): Bill[] {
  const ofCustomer = Map.groupBy(rows, (row) => customerId(tape, row));
  return [...ofCustomer].map(([customer, own]) => {
    const sum = (of: (row: number) => number): number =>
      own.reduce((total, row) => total + of(row), 0);
    const count = (metric: Metric): number => sum((row) => metricOf(after, row, metric));
    return {
      customer,
      before: sum((row) => billOf(before, row)),
      after: sum((row) => billOf(after, row)),
      requests: count('requests'),
      newlyRefused: count('newlyRefused'),
      newlyFellBack: count('newlyFellBack'),
      newlySlowed: count('newlySlowed'),
      freed: count('freed'),
    };
  });
}
