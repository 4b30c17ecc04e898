import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import { transaction } from '#db/pool.ts';
import { currentPlanVersion, planOfVersion } from '#subscriptions/plans.store.ts';
import type { AccountBooks } from '#subscriptions/subscriptions.ts';
import {
  subscriptionInForce,
  updateSubscription,
  versionInBooks,
} from '#subscriptions/subscriptions.store.ts';
import { applyOfferIn } from './apply-offer.ts';
import { loadOffer } from './load-offer.ts';
import { readOfferInForce } from './offer.store.ts';
import { withPlans } from './plan-notation.ts';
import { endNotice, lockNotice, noticesDue, tellSubscribers } from './plan-notices.store.ts';
import type { ScheduledPlan } from './scheduled-plan.ts';
import {
  endScheduledPlan,
  readScheduledPlan,
  readScheduledPlansAtWork,
} from './scheduled-plans.store.ts';

export interface ScheduleDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  /** The one way in which a subscriber comes to another version. */
  readonly books: Pick<AccountBooks, 'changePlan'>;
}

/** What a pass did. */
export interface ScheduleReport {
  /** By this pass, and by no other. */
  readonly published: readonly ScheduledPlan[];
  readonly stopped: readonly ScheduledPlan[];
  readonly told: number;
  readonly moved: number;
  readonly left: number;
  /** Tried again at the next pass. */
  readonly failures: readonly { readonly id: Id<'scheduledPlan'>; readonly error: unknown }[];
}

const MOVES_PER_READ = 500;

/**
 * Publishes the changes whose time has come, tells new subscribers of those that wait, and moves
 * whoever's turn it is. Every step is done once, however often it is tried and by however many
 * processes: a step holds its row, and is written down in the transaction that does it. A subscriber's
 * books come first; a pass that was killed behind them finds the subscriber moved and notes it.
 * @throws DomainError `store_unavailable`
 */
export async function runSchedules(deps: ScheduleDeps): Promise<ScheduleReport> {
  const { pool, clock } = deps;
  const published: ScheduledPlan[] = [];
  const stopped: ScheduledPlan[] = [];
  const failures: { id: Id<'scheduledPlan'>; error: unknown }[] = [];
  const ends = { moved: 0, left: 0 };
  let told = 0;
  for (const found of await readScheduledPlansAtWork(pool)) {
    try {
      let scheduled = found;
      if (scheduled.state === 'waiting' && scheduled.effectiveAtMs <= clock.nowMs()) {
        const end = await publish(deps, scheduled);
        scheduled = end.scheduled;
        if (end.isOurs) (scheduled.state === 'published' ? published : stopped).push(scheduled);
      } else if (scheduled.state === 'waiting' && scheduled.moves !== 'new') {
        told += await tellSubscribers(pool, scheduled, clock.nowMs());
      }
      if (scheduled.state === 'published') {
        const pass = await moveDue(deps, scheduled);
        ends.moved += pass.moved;
        ends.left += pass.left;
        failures.push(...pass.errors.map((error) => ({ id: scheduled.id, error })));
      }
    } catch (error) {
      failures.push({ id: found.id, error });
    }
  }
  return { published, stopped, told, ...ends, failures };
}

/** @returns the schedule as it is then, and whether this pass made it so: another may have been faster */
async function publish(
  { pool, clock }: ScheduleDeps,
  { id }: ScheduledPlan,
): Promise<{ readonly scheduled: ScheduledPlan; readonly isOurs: boolean }> {
  try {
    return await transaction(pool, async (client) => {
      const scheduled = await readScheduledPlan(client, id, { lock: true });
      if (scheduled.state !== 'waiting') return { scheduled, isOurs: false };
      await publishIn(client, scheduled, clock);
      return { scheduled: await readScheduledPlan(client, id), isOurs: true };
    });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'store_unavailable') throw error;
    // What cannot be published now never can: the operator is told, and nobody is moved.
    const end = { atMs: clock.nowMs(), by: 'schedule', reason: error.message };
    const isOurs = await endScheduledPlan(pool, id, { state: 'stopped', ...end });
    return { scheduled: await readScheduledPlan(pool, id), isOurs };
  }
}

async function publishIn(
  client: PoolClient,
  scheduled: ScheduledPlan,
  clock: Clock,
): Promise<void> {
  const { id, plan, terms, fromVersion, scheduledBy } = scheduled;
  const inForce = await readOfferInForce(client);
  if (inForce === undefined || (await currentPlanVersion(client, plan)) !== fromVersion) {
    throw new DomainError(
      'conflict',
      `Another version of ${plan} was published since this was scheduled; the notices would not be true.`,
    );
  }
  if (scheduled.moves !== 'new') await tellSubscribers(client, scheduled, clock.nowMs());
  await applyOfferIn(client, loadOffer(withPlans(inForce.document, [terms])), {
    clock,
    appliedBy: `${scheduledBy}, scheduled`,
  });
  const planVersionId = await currentPlanVersion(client, plan);
  if (planVersionId === undefined) throw new Error(`${plan} was published and is not on offer`);
  const atMs = clock.nowMs();
  await endScheduledPlan(client, id, { state: 'published', atMs, by: 'schedule', planVersionId });
}

async function moveDue(
  deps: ScheduleDeps,
  scheduled: ScheduledPlan,
): Promise<{ moved: number; left: number; errors: readonly unknown[] }> {
  const ends = { moved: 0, left: 0 };
  const errors: unknown[] = [];
  for (;;) {
    const nowMs = deps.clock.nowMs();
    const due = await noticesDue(deps.pool, scheduled, nowMs, MOVES_PER_READ);
    const before = ends.moved + ends.left;
    for (const customerId of due) {
      try {
        const end = await moveOne(deps, scheduled, { book: scheduled.book, customerId });
        if (end !== undefined) ends[end] += 1;
      } catch (error) {
        errors.push(error);
      }
    }
    // A page of which nobody could be moved would come again and again.
    if (due.length < MOVES_PER_READ || ends.moved + ends.left === before)
      return { ...ends, errors };
  }
}

/** @returns what became of them; `undefined` where that is not known yet, or was noted before */
async function moveOne(
  { pool, clock, books }: ScheduleDeps,
  { id, plan, planVersionId }: ScheduledPlan,
  who: { readonly book: Book; readonly customerId: Id<'customer'> },
): Promise<'moved' | 'left' | undefined> {
  if (planVersionId === undefined) return undefined;
  return transaction(pool, async (client) => {
    if (!(await lockNotice(client, id, who))) return undefined;
    const subscription = await subscriptionInForce(client, who.book, who.customerId);
    const inBooks = subscription && (await versionInBooks(client, who.book, who.customerId));
    let state: 'moved' | 'left' = 'left';
    if (subscription && inBooks !== undefined) {
      const isMoved = inBooks === planVersionId;
      // Somebody is changing this customer's plan at this moment: the next pass sees to what.
      if (!isMoved && inBooks !== subscription.planVersionId) return undefined;
      if (isMoved || (await planOfVersion(client, inBooks)) === plan) {
        const moved = { ...subscription, planVersionId };
        if (!isMoved) await books.changePlan(moved);
        await updateSubscription(client, moved);
        state = 'moved';
      }
    }
    await endNotice(client, id, who, { state, atMs: clock.nowMs() });
    return state;
  });
}
