import type { Pool } from 'pg';
import { customerTape } from './customer-tape.ts';
import {
  countOwnEvents,
  type CustomerRef,
  type OwnPeriod,
  readGivenBack,
  readOwnPeriods,
} from './customer-tape.store.ts';
import { readInstallation } from './lab-store.ts';
import {
  DAYS_MIN,
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

/** Replays a customer's last period through every listed plan. Reads the books; writes nothing. */
export async function ownPlanFit(
  pool: Pool,
  question: PlanFitQuestion,
): Promise<PlanFit | NoPlanFit> {
  const { nowMs, members } = question;
  const periods = await readOwnPeriods(pool, question);
  const period = periodToJudge(periods, nowMs);
  if (period === undefined) return { why: 'too_early', fromMs: periods[0]?.startMs ?? nowMs };
  if (period.changedPlan) return { why: 'changed_plan' };
  const events = await countOwnEvents(pool, question, period);
  if (events === 0) return { why: 'no_requests' };
  if (events > EVENTS_MAX) return { why: 'too_many', events };
  const { catalog, planVersions, current } = await readInstallation(pool);
  const plan = planVersions.find(({ id }) => id === period.planVersionId);
  if (plan === undefined) return { why: 'changed_plan' };
  const toMs = Math.min(period.endMs, nowMs);
  const tape = await customerTape(pool, question, period, { events, toMs });
  const basis = labBasis({ tape, catalog, planVersions, atMs: toMs });
  const refundedNanoUsd = await readGivenBack(pool, question, period);
  const fitting = current.filter(
    (each) => each.listed && each.plan !== plan.plan && each.seatsMax >= members,
  );
  return {
    fromMs: period.startMs,
    toMs,
    isWhole: period.endMs <= nowMs,
    own: ownOutcome(basis, plan, { priceNanoUsd: period.priceNanoUsd, refundedNanoUsd }),
    ...reproducedBy(basis),
    others: fitting
      .map((each) => outcomeOn(basis, each))
      .toSorted((a, b) => a.priceNanoUsd - b.priceNanoUsd),
  };
}

/** The running period once most of it has passed, else the whole one before it, else what there is. */
function periodToJudge(periods: readonly OwnPeriod[], nowMs: number): OwnPeriod | undefined {
  const [running, before] = periods;
  if (running === undefined) return undefined;
  const days = (nowMs - running.startMs) / DAY_MS;
  if (days >= DAYS_RUNNING_MIN || (days >= DAYS_MIN && running.endMs <= nowMs)) return running;
  if (before !== undefined && !before.changedPlan) return before;
  return days >= DAYS_MIN ? running : undefined;
}
