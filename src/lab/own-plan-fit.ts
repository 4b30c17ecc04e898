import type { Pool } from 'pg';
import { priceOfRest } from '#admission/accrual.ts';
import { nanoUsd } from '#base/money.ts';
import type { GateWindow, PlanVersion } from '#plans/plan-version.ts';
import { customerTape } from './customer-tape.ts';
import {
  countOwnEvents,
  type CustomerRef,
  type EventSpan,
  type OwnPeriod,
  readGivenBack,
  readOwnPeriods,
} from './customer-tape.store.ts';
import { readInstallation } from './lab-store.ts';
import {
  DAYS_MIN,
  forRest,
  type NoPlanFit,
  outcomeOn,
  ownOutcome,
  type PlanFit,
  reproducedBy,
} from './plan-fit.ts';
import { labBasis } from './scenario.ts';

const DAY_MS = 86_400_000;
/** From so many days on, the running period says more of how somebody works than the one before. */
const DAYS_RUNNING_MIN = 20;
/** What fits the time and memory that one page may take. */
const EVENTS_MAX = 100_000;

export interface PlanFitQuestion extends CustomerRef {
  readonly nowMs: number;
  /** Seats that a plan must have. */
  readonly members: number;
}

/**
 * Replays a customer's last period through every listed plan; where the plan was changed within it, what
 * followed the change. Reads the books; writes nothing.
 */
export async function ownPlanFit(
  pool: Pool,
  question: PlanFitQuestion,
): Promise<PlanFit | NoPlanFit> {
  const { nowMs, members } = question;
  const periods = await readOwnPeriods(pool, question);
  const { catalog, planVersions, current } = await readInstallation(pool);
  const planOf = (each: OwnPeriod | undefined): PlanVersion | undefined =>
    planVersions.find(({ id }) => id === each?.planVersionId);
  const period = periodToJudge(periods, { nowMs, planOf });
  const plan = planOf(period);
  if (period === undefined || plan === undefined) return notYet(periods[0], nowMs);
  const { fromMs, endMs } = period;
  const toMs = Math.min(endMs, nowMs);
  const fitting = current.filter(
    (each) => each.listed && each.plan !== plan.plan && each.seatsMax >= members,
  );
  const within = { afterSeq: period.afterSeq, beforeSeq: period.beforeSeq, fromMs, toMs };
  const requests = await countOwnEvents(pool, question, within);
  if (requests === 0) return { why: 'no_requests' };
  if (requests > EVENTS_MAX) return { why: 'too_many', events: requests };
  const before = spanBefore(period, [plan, ...fitting]);
  const earlier = before === undefined ? 0 : await countOwnEvents(pool, question, before);
  const isWarmed = earlier > 0 && requests + earlier <= EVENTS_MAX;
  const tape = await customerTape(pool, question, period, {
    before: isWarmed ? before : undefined,
    within,
    events: isWarmed ? requests + earlier : requests,
  });
  const basis = labBasis({ tape, catalog, planVersions, atMs: toMs });
  const rest = { restMs: endMs - fromMs, wholeMs: endMs - period.startMs };
  return {
    fromMs,
    toMs,
    isWhole: endMs <= nowMs,
    // A plan that was chosen within the first day was there for the period.
    isPart: fromMs - period.startMs >= DAY_MS,
    own: ownOutcome(basis, plan, {
      fromMs,
      priceNanoUsd: priceOfRest(nanoUsd(period.priceNanoUsd), rest),
      refundedNanoUsd: await readGivenBack(pool, question, period),
    }),
    ...reproducedBy(basis, fromMs),
    others: fitting
      .map((each) => outcomeOn(basis, forRest(each, rest), fromMs))
      .toSorted((a, b) => a.priceNanoUsd - b.priceNanoUsd),
  };
}

function notYet(running: OwnPeriod | undefined, nowMs: number): NoPlanFit {
  const why = running?.begunBy === 'change_plan' ? 'changed_plan' : 'too_early';
  return { why, fromMs: running?.fromMs ?? nowMs };
}

/**
 * The running period once most of it has passed, else the one before it, else what there is. What was on
 * another plan than the present one says nothing of it.
 */
function periodToJudge(
  periods: readonly OwnPeriod[],
  {
    nowMs,
    planOf,
  }: {
    readonly nowMs: number;
    readonly planOf: (period: OwnPeriod) => PlanVersion | undefined;
  },
): OwnPeriod | undefined {
  const [running, before] = periods;
  if (running === undefined) return undefined;
  const days = (period: OwnPeriod): number =>
    (Math.min(period.endMs, nowMs) - period.fromMs) / DAY_MS;
  const isOver = running.endMs <= nowMs;
  if (days(running) >= (isOver ? DAYS_MIN : DAYS_RUNNING_MIN)) return running;
  const isSamePlan = before !== undefined && planOf(before)?.plan === planOf(running)?.plan;
  if (isSamePlan && days(before) >= DAYS_MIN) return before;
  return days(running) >= DAYS_MIN ? running : undefined;
}

/**
 * The requests before a period that windows may still count when it begins. A change of plan begins
 * with empty windows, as it did then; so does an account that is opened.
 */
function spanBefore(period: OwnPeriod, plans: readonly PlanVersion[]): EventSpan | undefined {
  if (period.begunBy !== 'renew') return undefined;
  const windows = plans.flatMap(({ gates }) => gates.map(({ window }) => windowMs(window)));
  const fromMs = period.fromMs - Math.max(0, ...windows);
  return { afterSeq: -1, beforeSeq: period.afterSeq, fromMs, toMs: period.fromMs };
}

const CALENDAR_DAYS = { day: 1, week: 7, month: 31 } as const;

/** How far back a window reaches; 0 for one that begins with the period. */
function windowMs(window: GateWindow): number {
  if (window.kind === 'cycle') return 0;
  if (window.kind === 'calendar') return CALENDAR_DAYS[window.unit] * DAY_MS;
  return window.seconds * 1000;
}
