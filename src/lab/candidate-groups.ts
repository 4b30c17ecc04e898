import type { PlanCandidate } from './candidates.ts';
import { fixOf, type MeasuredFix, type RecommendBounds } from './fix-merit.ts';
import { METRIC, METRIC_COUNT } from './metrics.ts';
import {
  customersOf,
  type PlanStudy,
  replayPrice,
  replayTerms,
  studyOutcomes,
} from './plan-study.ts';
import type { Outcome } from './outcome.ts';
import type { ReplayOptions, Replays } from './replays.ts';
import type { Sample } from './sample.ts';
import type { LabBasis } from './scenario.ts';

/** Candidates that differ in the price alone: a price decides nothing, so that they share one replay. */
export type CandidateGroup = readonly PlanCandidate[];

export function groupCandidates(candidates: readonly PlanCandidate[]): readonly CandidateGroup[] {
  return [
    ...Map.groupBy(candidates, ({ terms }) =>
      JSON.stringify({ ...terms, priceNanoUsd: 0 }),
    ).values(),
  ];
}

/** What groups are measured on: subscribers, with what they did. */
export interface GroupTrial {
  readonly basis: LabBasis;
  readonly pool: Replays;
  readonly study: PlanStudy;
  readonly sample: Sample;
  readonly bounds: RecommendBounds;
  readonly fromMs: number;
}

/** Replays groups of candidates on the subscribers of one study. */
export class GroupReplays {
  readonly #trial: GroupTrial;
  /** By price: what subscriptions earn, in a replay's own column. */
  readonly #earned = new Map<number, Promise<Float64Array>>();

  constructor(trial: GroupTrial) {
    this.#trial = trial;
  }

  /** Replays the terms of a group on some of the rows. */
  replay(
    group: CandidateGroup,
    rows: readonly number[],
    options: ReplayOptions,
  ): Promise<Float64Array> {
    const { basis, pool, study, fromMs } = this.#trial;
    const terms = group.slice(0, 1).map((like) => like.terms);
    const some = { ...study, customers: customersOf(basis, rows) };
    return replayTerms(basis, pool, some, { plans: terms, prices: [], fromMs }, options);
  }

  /**
   * The figures of each candidate of a group, from one replay of all rows.
   * @param onEach is told what people do about each of them, while `after` is as its price makes it
   */
  async measure(
    group: CandidateGroup,
    after: Float64Array,
    options: ReplayOptions,
    onEach: (candidate: PlanCandidate, outcomes: readonly Outcome[]) => void = () => undefined,
  ): Promise<readonly MeasuredFix[]> {
    const { study, sample, bounds } = this.#trial;
    const measured: MeasuredFix[] = [];
    for (const candidate of group) {
      await this.priced(candidate, after, options);
      const outcomes = studyOutcomes(study, after);
      onEach(candidate, outcomes);
      measured.push({ candidate, fix: fixOf(candidate, outcomes, sample, bounds) });
    }
    return measured;
  }

  /** Puts what a candidate's price earns into a replay of its group. */
  async priced(
    { terms }: PlanCandidate,
    after: Float64Array,
    options: ReplayOptions,
  ): Promise<Float64Array> {
    const { basis, pool, study, sample, fromMs } = this.#trial;
    let earned = this.#earned.get(terms.priceNanoUsd);
    if (earned === undefined) {
      earned = replayPrice(basis, pool, study, { plans: [terms], fromMs }, options);
      this.#earned.set(terms.priceNanoUsd, earned);
    }
    const price = await earned;
    for (const row of sample.rows) {
      const at = row * METRIC_COUNT + METRIC.subscription;
      after[at] = price[at] ?? 0;
    }
    return after;
  }
}

/** Takes rows of one result into another. */
export function copyRows(into: Float64Array, from: Float64Array, rows: readonly number[]): void {
  for (const row of rows) {
    const at = row * METRIC_COUNT;
    into.set(from.subarray(at, at + METRIC_COUNT), at);
  }
}
