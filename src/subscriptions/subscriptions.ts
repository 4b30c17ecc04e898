import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { newId, type Id } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { billingPeriod } from '#plans/calendar.ts';
import { currentPlanVersion } from './plans.store.ts';
import type { Subscription } from './subscription.ts';
import {
  followBooks,
  insertSubscription,
  subscriptionInForce,
  subscriptionsDue,
  subscriptionsUnopened,
  updateSubscription,
} from './subscriptions.store.ts';

/** What a subscription does to the books; admission implements it, in the account's own sequence. */
export interface AccountBooks {
  /** Opens the account: price deferred, allowance granted. Opening it again is a no-op. */
  open(subscription: Subscription): Promise<void>;
  /** Closes the accrual now and goes on under another version, prorated. */
  changePlan(subscription: Subscription): Promise<void>;
  /** Starts the next period; renewing a period twice is a no-op. */
  renew(subscription: Subscription): Promise<void>;
}

/** A subscription that the renewal job could not bring up to date, and why. */
export interface RenewalFailure {
  readonly subscription: Subscription;
  readonly error: unknown;
}

export interface RenewalReport {
  readonly renewed: number;
  /** Accounts that were missing and are open now. */
  readonly opened: number;
  readonly failures: readonly RenewalFailure[];
}

export interface SubscriptionDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly books: AccountBooks;
}

/** How many subscriptions are read at once. */
const PAGE_ROWS = 500;

/**
 * Subscribes a customer to the current version of a plan, from now on.
 * @throws DomainError `not_found` for an unknown plan, `conflict` where a subscription is in force.
 */
export async function subscribe(
  deps: SubscriptionDeps,
  input: { book: Book; customerId: Id<'customer'>; plan: string; timeZone: string },
): Promise<Subscription> {
  const { pool, clock, random, books } = deps;
  if (await subscriptionInForce(pool, input.book, input.customerId)) {
    throw new DomainError('conflict', `${input.customerId} has a subscription already.`);
  }
  const planVersionId = await requirePlan(deps, input.plan);
  const anchorMs = clock.nowMs();
  const period = billingPeriod(anchorMs, anchorMs, input.timeZone);
  const subscription: Subscription = {
    book: input.book,
    id: newId('subscription', clock, random),
    customerId: input.customerId,
    planVersionId,
    timeZone: input.timeZone,
    anchorMs,
    periodStartMs: period.startMs,
    periodEndMs: period.endMs,
  };
  await insertSubscription(pool, subscription);
  // A crash between the two leaves a subscription without an account, which `openMissing` opens.
  await books.open(subscription);
  return subscription;
}

/**
 * Moves a customer to the current version of a plan, now.
 * @throws DomainError `not_found` for an unknown plan, `no_subscription`.
 */
export async function changeSubscription(
  deps: SubscriptionDeps,
  input: { book: Book; customerId: Id<'customer'>; plan: string },
): Promise<Subscription> {
  const current = await subscriptionInForce(deps.pool, input.book, input.customerId);
  if (!current)
    throw new DomainError('no_subscription', `${input.customerId} has no subscription.`);
  const planVersionId = await requirePlan(deps, input.plan);
  if (planVersionId === current.planVersionId) return current;
  const changed: Subscription = { ...current, planVersionId };
  // The books first: they are the truth that requests are decided by.
  await deps.books.changePlan(changed);
  await updateSubscription(deps.pool, changed);
  return changed;
}

/**
 * Brings every subscription up to date: opens accounts that a crash left unopened, and starts the
 * periods that are due. Each by itself, so that one that fails holds up no other. Safe on several
 * processes at once.
 * @throws DomainError `store_unavailable`
 */
export async function renewDue(deps: SubscriptionDeps): Promise<RenewalReport> {
  const missing = await openMissing(deps);
  await followBooks(deps.pool);
  const nowMs = deps.clock.nowMs();
  const due = await eachOf(
    (after) => subscriptionsDue(deps.pool, { nowMs, limit: PAGE_ROWS, after }),
    async (subscription) => {
      const renewed = inPeriodAt(subscription, nowMs);
      await deps.books.renew(renewed);
      await updateSubscription(deps.pool, renewed);
    },
  );
  return {
    renewed: due.done,
    opened: missing.done,
    failures: [...missing.failures, ...due.failures],
  };
}

/**
 * Opens the accounts of subscriptions that have none, in the period that runs now: nobody pays for
 * the time in which their requests were refused.
 */
async function openMissing({ pool, clock, books }: SubscriptionDeps): Promise<PassResult> {
  return eachOf(
    (after) => subscriptionsUnopened(pool, { limit: PAGE_ROWS, after }),
    async (subscription) => {
      const nowMs = Math.max(clock.nowMs(), subscription.anchorMs);
      const opened = inPeriodAt(subscription, nowMs);
      await books.open(opened);
      if (opened.periodStartMs !== subscription.periodStartMs)
        await updateSubscription(pool, opened);
    },
  );
}

interface PassResult {
  readonly done: number;
  readonly failures: readonly RenewalFailure[];
}

/** Does something for every subscription of a list in pages, whether or not it works for the others. */
async function eachOf(
  read: (after: Subscription | undefined) => Promise<readonly Subscription[]>,
  work: (subscription: Subscription) => Promise<void>,
): Promise<PassResult> {
  const failures: RenewalFailure[] = [];
  let done = 0;
  let after: Subscription | undefined;
  for (;;) {
    const page = await read(after);
    for (const subscription of page) {
      try {
        await work(subscription);
        done += 1;
      } catch (error) {
        failures.push({ subscription, error });
      }
    }
    after = page.at(-1);
    if (page.length < PAGE_ROWS) return { done, failures };
  }
}

function inPeriodAt(subscription: Subscription, atMs: number): Subscription {
  const period = billingPeriod(subscription.anchorMs, atMs, subscription.timeZone);
  return { ...subscription, periodStartMs: period.startMs, periodEndMs: period.endMs };
}

async function requirePlan(deps: SubscriptionDeps, plan: string): Promise<Id<'planVersion'>> {
  const id = await currentPlanVersion(deps.pool, plan);
  if (!id)
    throw new DomainError('not_found', `There is no plan ${plan} on offer.`, { field: 'plan' });
  return id;
}
