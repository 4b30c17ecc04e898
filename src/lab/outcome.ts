import {
  type Behaviour,
  type Choice,
  choose,
  type Customer,
  headroomAt,
  type Option,
  qualityOf,
} from './behaviour.ts';
import { billOf, metricOf, revenueOf } from './metrics.ts';

/** From this on a dearer bill is noticed. */
const BILL_NOTICED = 0.01;
/** From so many requests, and from this share of them, a limit is noticed. */
const LIMITED_NOTICED = 3;
const LIMITED_SHARE_NOTICED = 0.01;

/** What a change does to one subscriber of a plan. */
export interface Outcome {
  readonly row: number;
  readonly billBefore: number;
  readonly billAfter: number;
  readonly revenueBefore: number;
  readonly revenueAfter: number;
  readonly costBefore: number;
  readonly costAfter: number;
  readonly newlyRefused: number;
  readonly newlyFellBack: number;
  readonly newlySlowed: number;
  readonly freed: number;
  /** Meets limits that were not there, often enough to notice. */
  readonly isLimited: boolean;
  /** Notices the change as one for the worse: pays more, meets limits that were not there, or leaves. */
  readonly isHarmed: boolean;
  /** After the change, over before; infinite where a free plan comes to cost something. */
  readonly billMultiple: number;
  readonly choice: Choice;
  /** What their choice brings in and costs on the plan that they then have. */
  readonly revenueChosen: number;
  readonly costChosen: number;
}

/** Results of replays of one plan's subscribers, by row. */
export interface OutcomeInput {
  readonly rows: readonly number[];
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** The same subscribers on each other plan; as they are now, and as the scenario has them. */
  readonly othersNow: readonly Float64Array[];
  readonly othersAfter: readonly Float64Array[];
  /** By position in `rows`: quantile of the willingness to pay. */
  readonly willingness: readonly number[];
  readonly behaviour: Behaviour;
  /** In place of the behaviour's own, for its band. */
  readonly elasticity?: number;
}

/** What becomes of each subscriber, one by one. */
export function outcomesOf(input: OutcomeInput): readonly Outcome[] {
  const { rows, before, after, othersAfter } = input;
  return rows.map((row, index) => {
    const choice = choiceOf(input, index);
    const chosen =
      choice.kind === 'stay' ? after : choice.kind === 'move' ? othersAfter[choice.to] : undefined;
    return {
      ...mechanical(before, after, row, choice),
      choice,
      revenueChosen: chosen === undefined ? 0 : revenueOf(chosen, row),
      costChosen: chosen === undefined ? 0 : metricOf(chosen, row, 'cost'),
    };
  });
}

/** What one of the subscribers does. @param index in `rows` */
export function choiceOf(input: OutcomeInput, index: number): Choice {
  const { rows, before, after, othersNow, othersAfter, behaviour } = input;
  const row = rows[index] ?? 0;
  const customer: Customer = {
    now: optionOf(before, row, behaviour),
    changed: optionOf(after, row, behaviour),
    othersNow: othersNow.map((matrix) => optionOf(matrix, row, behaviour)),
    othersChanged: othersAfter.map((matrix) => optionOf(matrix, row, behaviour)),
    headroom: headroomAt(
      input.willingness[index] ?? 0,
      input.elasticity ?? behaviour.priceElasticity,
    ),
  };
  return choose(customer, behaviour);
}

function optionOf(matrix: Float64Array, row: number, behaviour: Behaviour): Option {
  const quality = qualityOf(
    {
      requests: metricOf(matrix, row, 'requests'),
      refused: metricOf(matrix, row, 'refused') - metricOf(matrix, row, 'retried'),
      fellBack: metricOf(matrix, row, 'fellBack'),
      slowed: metricOf(matrix, row, 'slowed'),
    },
    behaviour,
  );
  return { bill: billOf(matrix, row), quality };
}

function mechanical(
  before: Float64Array,
  after: Float64Array,
  row: number,
  choice: Choice,
): Omit<Outcome, 'choice' | 'revenueChosen' | 'costChosen'> {
  const billBefore = billOf(before, row);
  const billAfter = billOf(after, row);
  const newlyRefused = metricOf(after, row, 'newlyRefused');
  const newlyFellBack = metricOf(after, row, 'newlyFellBack');
  const newlySlowed = metricOf(after, row, 'newlySlowed');
  const limited = newlyRefused + newlyFellBack + newlySlowed;
  const isLimited =
    limited >= LIMITED_NOTICED &&
    limited >= LIMITED_SHARE_NOTICED * metricOf(after, row, 'requests');
  const isDearer = billAfter > billBefore * (1 + BILL_NOTICED);
  return {
    row,
    billBefore,
    billAfter,
    revenueBefore: revenueOf(before, row),
    revenueAfter: revenueOf(after, row),
    costBefore: metricOf(before, row, 'cost'),
    costAfter: metricOf(after, row, 'cost'),
    newlyRefused,
    newlyFellBack,
    newlySlowed,
    freed: metricOf(after, row, 'freed'),
    isLimited,
    isHarmed: isLimited || isDearer || choice.kind === 'leave',
    billMultiple:
      billAfter <= billBefore ? 1 : billBefore === 0 ? Infinity : billAfter / billBefore,
  };
}
