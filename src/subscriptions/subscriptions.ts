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
  insertSubscription,
  subscriptionInForce,
  subscriptionsDue,
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

export interface SubscriptionDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly books: AccountBooks;
}

/** How many due subscriptions one pass of {@link renewDue} takes. */
const RENEWALS_PER_PASS = 500;

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
  // A crash between the two leaves a subscription without an account: its requests are refused, and
  // nothing opens the account by itself.
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

/** Renews what is due. Safe on several processes at once. @returns how many were renewed. */
export async function renewDue(deps: SubscriptionDeps): Promise<number> {
  const nowMs = deps.clock.nowMs();
  const due = await subscriptionsDue(deps.pool, { nowMs, limit: RENEWALS_PER_PASS });
  for (const subscription of due) {
    const period = billingPeriod(subscription.anchorMs, nowMs, subscription.timeZone);
    const renewed: Subscription = {
      ...subscription,
      periodStartMs: period.startMs,
      periodEndMs: period.endMs,
    };
    await deps.books.renew(renewed);
    await updateSubscription(deps.pool, renewed);
  }
  return due.length;
}

async function requirePlan(deps: SubscriptionDeps, plan: string): Promise<Id<'planVersion'>> {
  const id = await currentPlanVersion(deps.pool, plan);
  if (!id)
    throw new DomainError('not_found', `There is no plan ${plan} on offer.`, { field: 'plan' });
  return id;
}
