import { expect, onTestFinished, test } from 'vitest';
import { insertCustomer } from '#accounts/customers.store.ts';
import { readOpenHolds } from '#admission/account-look.store.ts';
import { readAccount } from '#admission/account.store.ts';
import { createAdmission } from '#admission/admission-service.ts';
import { heldRequests } from '#admission/held-requests.ts';
import { admitted, requestOf } from '#admission/testing-admission.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { seededRandom } from '#base/random.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { audit } from '#ledger/audit.ts';
import { applyOffer } from '#offer/apply-offer.ts';
import { loadOffer } from '#offer/load-offer.ts';
import { readOfferInForce } from '#offer/offer.store.ts';
import { withPlans } from '#offer/plan-notation.ts';
import { listNotices, noticesTo, tellSubscribers } from '#offer/plan-notices.store.ts';
import { runSchedules, type ScheduleDeps } from '#offer/run-schedules.ts';
import type { PlanMoves } from '#offer/scheduled-plan.ts';
import {
  endScheduledPlan,
  insertScheduledPlan,
  readScheduledPlan,
} from '#offer/scheduled-plans.store.ts';
import {
  changeSubscription,
  renewDue,
  subscribe,
  type SubscriptionDeps,
} from '#subscriptions/subscriptions.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import { testDatabase } from '#testing/database.ts';
import { accountBooks } from './account-books.ts';
import { PlanBook } from './plan-book.ts';
import { publishStarterOffer } from './starter.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 1, 9);
const IN_TEN_DAYS = START_MS + 10 * DAY_MS;
const USD = 1_000_000_000;

async function world() {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { pool, address } = database;
  const clock = { atMs: START_MS, nowMs: () => clock.atMs };
  const random = seededRandom(5);
  await publishStarterOffer(pool, clock);
  const catalog = await loadCatalog(pool);
  const plans = new PlanBook({ pool, catalog: () => catalog, clock });
  await plans.reload();
  const admission = createAdmission({ address, pool, plans, clock, random });
  await admission.start();
  onTestFinished(() => admission.close());
  const books = accountBooks(admission, plans);
  const subscriptions: SubscriptionDeps = { pool, clock, random, books };
  const deps: ScheduleDeps = { pool, clock, books };
  const customer = async (plan = 'pro'): Promise<Id<'customer'>> => {
    const id = newId('customer', clock, random);
    await insertCustomer(pool, { book: 'live', id, name: 'Ada', email: undefined });
    await subscribe(subscriptions, { book: 'live', customerId: id, plan, timeZone: 'UTC' });
    return id;
  };
  /** Pro for $250, from the tenth day on. */
  const schedule = async (moves: PlanMoves, noticeDays = 7) => {
    const pro = plans.current().find(({ plan }) => plan === 'pro');
    if (!pro) throw new Error('the starter offer has Pro');
    const { id: fromVersion, version: _version, ...terms } = pro;
    const id = newId('scheduledPlan', clock, random);
    const scheduled = {
      id,
      book: 'live',
      plan: 'pro',
      terms: { ...terms, priceNanoUsd: nanoUsd(250 * USD) },
      changes: ['the price is $250 a month'],
      fromVersion,
      result: 'lab_test',
      fix: 1,
      fromDay: '2026-10-01',
      toDay: '2026-10-30',
      moves,
      noticeDays,
      notify: true,
      effectiveAtMs: IN_TEN_DAYS,
      scheduledAtMs: clock.nowMs(),
      scheduledBy: 'Ada',
    } as const;
    await insertScheduledPlan(pool, scheduled);
    return scheduled;
  };
  const on = async (customerId: Id<'customer'>) => {
    const subscription = await subscriptionInForce(pool, 'live', customerId);
    await plans.reload();
    const plan = subscription && plans.plan(subscription.planVersionId);
    return plan && `${plan.plan} v${plan.version}`;
  };
  const account = (customerId: Id<'customer'>) => readAccount(pool, { book: 'live', customerId });
  const planChanges = async () => {
    const { rows } = await pool.query<{ count: number }>(
      "SELECT count(*)::int FROM account_operation WHERE kind = 'change_plan'",
    );
    return rows[0]?.count;
  };
  const offers = async () => (await readOfferInForce(pool))?.version;
  const isWhole = async () => (await audit(pool, { readHolds: heldRequests })).ok;
  return {
    pool,
    clock,
    deps,
    subscriptions,
    admission,
    customer,
    schedule,
    on,
    account,
    planChanges,
    offers,
    isWhole,
  };
}

test('publishes once, at its time, and moves those who are on the plan', async () => {
  const { pool, clock, deps, customer, schedule, on, planChanges, offers, isWhole } = await world();
  const ada = await customer();
  const other = await customer('plus');
  const scheduled = await schedule('at_once');
  expect(await tellSubscribers(pool, scheduled, clock.nowMs())).toBe(1);
  expect(await runSchedules(deps)).toMatchObject({ published: [], moved: 0, failures: [] });
  expect(await on(ada)).toBe('pro v1');

  clock.atMs = IN_TEN_DAYS;
  // Two processes at the same moment, and once more.
  const reports = await Promise.all([runSchedules(deps), runSchedules(deps)]);
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(reports.flatMap(({ published }) => published)).toMatchObject([{ id: scheduled.id }]);
  await runSchedules(deps);
  expect(await offers()).toBe(2);
  expect(await on(ada)).toBe('pro v2');
  expect(await on(other)).toBe('plus v1');
  expect(await planChanges()).toBe(1);
  expect(await on(await customer())).toBe('pro v2');
  expect(await readScheduledPlan(pool, scheduled.id)).toMatchObject({ state: 'published' });
  expect(await isWhole()).toBe(true);
}, 120_000);

test('moves at a renewal, at the old price until then and at the new one after', async () => {
  const { pool, clock, deps, subscriptions, customer, schedule, on, isWhole } = await world();
  const ada = await customer();
  const scheduled = await schedule('renewal');
  await tellSubscribers(pool, scheduled, clock.nowMs());
  clock.atMs = IN_TEN_DAYS;
  expect(await runSchedules(deps)).toMatchObject({ published: [{ id: scheduled.id }], moved: 0 });
  expect(await on(ada)).toBe('pro v1');

  clock.atMs = START_MS + 30 * DAY_MS;
  expect(await runSchedules(deps)).toMatchObject({ moved: 1, failures: [] });
  expect(await renewDue(subscriptions)).toMatchObject({ renewed: 1, failures: [] });
  expect(await on(ada)).toBe('pro v2');
  const { rows } = await pool.query<{ total: string }>(
    'SELECT sum(subscription)::text AS total FROM revenue_rollup',
  );
  expect(rows[0]?.total).toBe(String(200 * USD));
  const { rows: prices } = await pool.query<{ price: number }>('SELECT price FROM account');
  expect(prices).toEqual([{ price: 250 * USD }]);
  expect(await isWhole()).toBe(true);
});

test('who joins the plan meanwhile is told too, and has as long to read it', async () => {
  const { pool, clock, deps, customer, schedule, on } = await world();
  const scheduled = await schedule('at_once', 7);
  clock.atMs = IN_TEN_DAYS - DAY_MS;
  const late = await customer();
  expect(await runSchedules(deps)).toMatchObject({ told: 1, moved: 0 });
  expect(await noticesTo(pool, { book: 'live', customerId: late })).toMatchObject([
    { dueAtMs: clock.atMs + 7 * DAY_MS, bill: undefined, state: 'waiting' },
  ]);
  clock.atMs = IN_TEN_DAYS;
  expect(await runSchedules(deps)).toMatchObject({ published: [{ id: scheduled.id }], moved: 0 });
  clock.atMs += 6 * DAY_MS;
  expect(await runSchedules(deps)).toMatchObject({ moved: 1 });
  expect(await on(late)).toBe('pro v2');
});

test('who has left the plan by then is left alone', async () => {
  const { pool, clock, deps, subscriptions, customer, schedule, on } = await world();
  const ada = await customer();
  const scheduled = await schedule('at_once');
  await tellSubscribers(pool, scheduled, clock.nowMs());
  await changeSubscription(subscriptions, { book: 'live', customerId: ada, plan: 'plus' });
  clock.atMs = IN_TEN_DAYS;
  expect(await runSchedules(deps)).toMatchObject({ moved: 0, left: 1 });
  expect(await on(ada)).toBe('plus v1');
  expect(await listNotices(pool, scheduled.id, { limit: 10 })).toMatchObject([{ state: 'left' }]);
});

test('one that was taken back does nothing, and its notices are gone', async () => {
  const { pool, clock, deps, customer, schedule, on, offers } = await world();
  const ada = await customer();
  const scheduled = await schedule('at_once');
  await tellSubscribers(pool, scheduled, clock.nowMs());
  await expect(schedule('new')).rejects.toThrow('scheduled already');
  const end = { state: 'cancelled', atMs: clock.nowMs(), by: 'Ada' } as const;
  expect(await endScheduledPlan(pool, scheduled.id, end)).toBe(true);
  expect(await endScheduledPlan(pool, scheduled.id, end)).toBe(false);
  expect(await noticesTo(pool, { book: 'live', customerId: ada })).toEqual([]);
  clock.atMs = IN_TEN_DAYS;
  expect(await runSchedules(deps)).toMatchObject({ published: [], moved: 0 });
  expect([await on(ada), await offers()]).toEqual(['pro v1', 1]);
});

test('what was published meanwhile is not undone: the schedule stops and says why', async () => {
  const { pool, clock, deps, customer, schedule, on, offers } = await world();
  const ada = await customer();
  const scheduled = await schedule('at_once');
  await tellSubscribers(pool, scheduled, clock.nowMs());
  const { document = '' } = (await readOfferInForce(pool)) ?? {};
  const dearer = { ...scheduled.terms, priceNanoUsd: nanoUsd(220 * USD) };
  await applyOffer(pool, loadOffer(withPlans(document, [dearer])), { clock, appliedBy: 'Ada' });
  clock.atMs = IN_TEN_DAYS;
  expect(await runSchedules(deps)).toMatchObject({ stopped: [{ id: scheduled.id }], moved: 0 });
  expect(await readScheduledPlan(pool, scheduled.id)).toMatchObject({
    state: 'stopped',
    reason: expect.stringContaining('published since') as string,
  });
  expect([await on(ada), await offers()]).toEqual(['pro v1', 2]);
});

test('a pass that is cut off behind the books is finished by the next, and moves nobody twice', async () => {
  const { pool, clock, deps, customer, schedule, on, planChanges, isWhole } = await world();
  const people = [await customer(), await customer(), await customer()];
  const scheduled = await schedule('at_once');
  await tellSubscribers(pool, scheduled, clock.nowMs());
  clock.atMs = IN_TEN_DAYS;
  let calls = 0;
  const cut: ScheduleDeps = {
    ...deps,
    books: {
      changePlan: async (subscription) => {
        await deps.books.changePlan(subscription);
        if (++calls === 2) throw new DomainError('store_unavailable', 'power cut');
      },
    },
  };
  expect(await runSchedules(cut)).toMatchObject({ moved: 2, failures: [{ id: scheduled.id }] });
  expect(await runSchedules(deps)).toMatchObject({ moved: 1, failures: [] });
  for (const each of people) expect(await on(each)).toBe('pro v2');
  expect(await planChanges()).toBe(3);
  expect(await isWhole()).toBe(true);
});

test('moving touches neither credits nor what is held', async () => {
  const { pool, clock, deps, admission, customer, schedule, account, isWhole } = await world();
  const random = seededRandom(11);
  const people: Id<'customer'>[] = [];
  for (let i = 0; i < 12; i++) {
    const id = await customer();
    people.push(id);
    clock.atMs += random.below(DAY_MS / 2);
    const who = { book: 'live', customerId: id } as const;
    for (let grants = random.below(4); grants > 0; grants--)
      await admission.change(who, {
        kind: 'grant',
        credits: random.below(2) === 0 ? 'bought' : 'promotional',
        amountNanoUsd: nanoUsd(1 + random.below(50 * USD)),
        reference: `${id} ${grants}`,
      });
    const subscription = await subscriptionInForce(pool, 'live', id);
    if (!subscription) throw new Error('they have just subscribed');
    const { id: subscriptionId, planVersionId } = subscription;
    const quote = { cost: 1 + random.below(USD) };
    for (let holds = random.below(3); holds > 0; holds--)
      await admitted(
        admission,
        { ...who, subscriptionId, planVersionId },
        requestOf({ clock, random }, quote),
      );
  }
  const scheduled = await schedule('at_once', 0);
  await tellSubscribers(pool, scheduled, clock.nowMs());
  clock.atMs = IN_TEN_DAYS;
  const kept = async () =>
    Promise.all(
      people.map(async (id) => {
        const { boughtNanoUsd, promotionalNanoUsd, lots } = (await account(id)) ?? {};
        const holds = await readOpenHolds(pool, { book: 'live', customerId: id });
        return { boughtNanoUsd, promotionalNanoUsd, lots, holds };
      }),
    );
  const before = await kept();
  expect(before.some(({ holds }) => holds.length > 0)).toBe(true);
  expect(before.some(({ boughtNanoUsd = 0 }) => boughtNanoUsd > 0)).toBe(true);
  expect(await runSchedules(deps)).toMatchObject({ moved: people.length, failures: [] });
  expect(await kept()).toEqual(before);
  expect(await isWhole()).toBe(true);
});
