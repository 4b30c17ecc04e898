import type { BulkAdmission } from '#admission/bulk.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { newId } from '#base/id.ts';
import { NANO_PER_USD, nanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import { billingPeriod } from '#plans/calendar.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Subscription } from '#subscriptions/subscription.ts';
import { DEMO_PLANS } from './calibration.ts';
import { type DemoOptions, type DemoSubscriber, demoSubscribers } from './demo-population.ts';
import type { DemoSender } from './demo-request.ts';

/** A subscriber of the demo with what the books know of them. */
export interface Resident extends DemoSender {
  readonly subscriber: DemoSubscriber;
  readonly plan: PlanVersion;
  /** In the period that it has when the demo ends. */
  readonly subscription: Subscription;
  /** Of the period that runs at the simulated instant. */
  periodEndMs: number;
  remainingNanoUsd: number;
  topUps: number;
}

const DAY_MS = 86_400_000;
/** A subscriber who pays as they go tops up to this at the start of a day with less than half of it. */
const TOP_UP_NANO_USD = 50 * NANO_PER_USD;
/** The demo's seats are people of one customer, in any time zone. */
const TIME_ZONE = 'UTC';

/**
 * Gives the demo's subscribers ids, plans and subscriptions that begin with the demo.
 * @throws DomainError `invalid_configuration` where a starter plan is not on offer
 */
export function residentsOf(
  demo: DemoOptions,
  deps: {
    readonly plans: readonly PlanVersion[];
    readonly clock: Clock;
    readonly random: Random;
  },
): readonly Resident[] {
  const { clock, random } = deps;
  const plans = new Map(deps.plans.map((plan) => [plan.plan, plan]));
  const missing = DEMO_PLANS.filter((plan) => !plans.has(plan));
  if (missing.length > 0) {
    throw new DomainError(
      'invalid_configuration',
      `The demo needs the starter plans; ${missing.join(', ')} is not on offer.`,
    );
  }
  const anchorMs = demo.endMs - demo.days * DAY_MS;
  const now = billingPeriod(anchorMs, demo.endMs - 1, TIME_ZONE);
  const first = billingPeriod(anchorMs, anchorMs, TIME_ZONE);
  return demoSubscribers(demo).map((subscriber) => {
    const plan = plans.get(subscriber.plan);
    if (!plan) throw new RangeError('a plan that is not missing is there');
    const subscription: Subscription = {
      book: 'demo',
      id: newId('subscription', clock, random),
      customerId: newId('customer', clock, random),
      planVersionId: plan.id,
      timeZone: TIME_ZONE,
      anchorMs,
      periodStartMs: now.startMs,
      periodEndMs: now.endMs,
    };
    return {
      subscriber,
      plan,
      subscription,
      subject: {
        book: 'demo',
        customerId: subscription.customerId,
        subscriptionId: subscription.id,
        planVersionId: plan.id,
      },
      memberIds: Array.from({ length: plan.seatsMax }, () => newId('member', clock, random)),
      keyId: newId('apiKey', clock, random),
      periodEndMs: first.endMs,
      remainingNanoUsd: 0,
      topUps: 0,
    };
  });
}

/** Opens the residents' accounts at the demo's first instant. */
export function openAccounts(bulk: BulkAdmission, residents: readonly Resident[]): Promise<void> {
  return changeAll(bulk, residents, ({ subscription, plan, periodEndMs }) => ({
    change: {
      kind: 'open',
      subscriptionId: subscription.id,
      planVersionId: plan.id,
      period: { startMs: subscription.anchorMs, endMs: periodEndMs, timeZone: TIME_ZONE },
      priceNanoUsd: plan.priceNanoUsd,
    },
    atMs: subscription.anchorMs,
  }));
}

/** Before a day of requests: renews whose period has ended, and lets those who pay as they go top up. */
export async function beginDay(
  bulk: BulkAdmission,
  residents: readonly Resident[],
  startMs: number,
): Promise<void> {
  const due = residents.filter(({ periodEndMs }) => periodEndMs <= startMs);
  await changeAll(bulk, due, (resident) => {
    const { anchorMs } = resident.subscription;
    const period = billingPeriod(anchorMs, startMs, TIME_ZONE);
    resident.periodEndMs = period.endMs;
    return {
      change: {
        kind: 'renew',
        period: { ...period, timeZone: TIME_ZONE },
        priceNanoUsd: resident.plan.priceNanoUsd,
      },
      atMs: startMs,
    };
  });
  const dry = residents.filter(
    ({ plan, remainingNanoUsd }) =>
      plan.billing === 'metered' && remainingNanoUsd * 2 < TOP_UP_NANO_USD,
  );
  await changeAll(bulk, dry, (resident) => ({
    change: {
      kind: 'grant',
      credits: 'bought',
      amountNanoUsd: nanoUsd(TOP_UP_NANO_USD - Math.max(0, resident.remainingNanoUsd)),
      reference: `demo top-up ${++resident.topUps}`,
    },
    atMs: startMs,
  }));
}

/** Earns every subscription's price up to an instant. */
export function accrueAll(
  bulk: BulkAdmission,
  residents: readonly Resident[],
  atMs: number,
): Promise<void> {
  return changeAll(bulk, residents, () => ({ change: { kind: 'accrue' }, atMs }));
}

async function changeAll(
  bulk: BulkAdmission,
  residents: readonly Resident[],
  changeOf: (resident: Resident) => {
    readonly change: Parameters<BulkAdmission['change']>[1];
    readonly atMs: number;
  },
): Promise<void> {
  const changeOne = async (resident: Resident): Promise<void> => {
    const { book, customerId } = resident.subject;
    const { change, atMs } = changeOf(resident);
    const changed = await bulk.change({ book, customerId }, change, atMs);
    resident.remainingNanoUsd = changed.remainingNanoUsd;
  };
  const pending: Promise<void>[] = [];
  for (const resident of residents) {
    await bulk.room();
    pending.push(changeOne(resident));
  }
  await Promise.all(pending);
}
