import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import { billingPeriod } from '#plans/calendar.ts';
import type { PlanTerms } from './offer.ts';

/**
 * Who gets a new version of a plan: only who subscribes from then on; present subscribers too, each
 * when their next period begins; or all of them at its time, prorated.
 */
export const PLAN_MOVES = ['new', 'renewal', 'at_once'] as const;
export type PlanMoves = (typeof PLAN_MOVES)[number];

/**
 * waiting → published → (its subscribers are moved, one by one)
 * waiting → cancelled, by an operator
 * waiting → stopped: the plan was published anew, or its terms are not valid any more
 */
export type ScheduledPlanState = 'waiting' | 'published' | 'cancelled' | 'stopped';

/** A version of a plan that is to be published at a time. */
export interface ScheduledPlan {
  readonly id: Id<'scheduledPlan'>;
  /** Whose subscribers are told and moved; the version itself is published for everybody. */
  readonly book: Book;
  readonly plan: string;
  readonly terms: PlanTerms;
  /** In words, one a change. */
  readonly changes: readonly string[];
  /** The version that the terms were made from. */
  readonly fromVersion: Id<'planVersion'>;
  /** The lab's result that found it, and the number of its fix. */
  readonly result: string;
  readonly fix: number;
  /** UTC days, both included, whose bills the notices show. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly moves: PlanMoves;
  /** Nobody is moved sooner after they are told. */
  readonly noticeDays: number;
  readonly notify: boolean;
  readonly effectiveAtMs: number;
  readonly scheduledAtMs: number;
  readonly scheduledBy: string;
  readonly state: ScheduledPlanState;
  readonly endedAtMs: number | undefined;
  readonly endedBy: string | undefined;
  readonly reason: string | undefined;
  /** What was published. */
  readonly planVersionId: Id<'planVersion'> | undefined;
}

/** What a change does to one subscriber over the days of a schedule, as the lab replayed it. */
export interface SubscriberBill {
  readonly customerId: Id<'customer'>;
  readonly before: NanoUsd;
  readonly after: NanoUsd;
  readonly requests: number;
  readonly newlyRefused: number;
  readonly newlyFellBack: number;
  readonly newlySlowed: number;
  readonly freed: number;
}

/** Somebody who is on a plan. */
export interface PlanSubscriber {
  readonly customerId: Id<'customer'>;
  readonly customerName: string;
  /** `undefined` where they have no subscription any more. */
  readonly planVersionId: Id<'planVersion'> | undefined;
  readonly anchorMs: number | undefined;
  readonly timeZone: string | undefined;
}

/** What one subscriber is told, and what became of them. */
export interface PlanNotice extends PlanSubscriber {
  readonly schedule: Id<'scheduledPlan'>;
  readonly book: Book;
  readonly toldAtMs: number;
  /** Not moved before. */
  readonly dueAtMs: number;
  /** `undefined` where they had no use on record. */
  readonly bill: Omit<SubscriberBill, 'customerId'> | undefined;
  readonly state: 'waiting' | 'moved' | 'left';
  readonly endedAtMs: number | undefined;
  /** Members, by uuid. */
  readonly dismissedBy: readonly string[];
}

const DAY_MS = 86_400_000;

/** When somebody who is told at an instant may be moved. */
export function dueAtMs(
  { effectiveAtMs, noticeDays }: Pick<ScheduledPlan, 'effectiveAtMs' | 'noticeDays'>,
  toldAtMs: number,
): number {
  return Math.max(effectiveAtMs, toldAtMs + noticeDays * DAY_MS);
}

/** When a subscriber is moved: when they may be, or when their next period begins after that. */
export function reachesAtMs(
  { moves }: Pick<ScheduledPlan, 'moves'>,
  subscriber: Pick<PlanSubscriber, 'anchorMs' | 'timeZone'> & { readonly dueAtMs: number },
): number {
  const { anchorMs, timeZone } = subscriber;
  if (moves !== 'renewal' || anchorMs === undefined || timeZone === undefined)
    return subscriber.dueAtMs;
  const period = billingPeriod(anchorMs, subscriber.dueAtMs, timeZone);
  return period.startMs === subscriber.dueAtMs ? period.startMs : period.endMs;
}
