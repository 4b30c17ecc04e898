import { expect, onTestFinished, test } from 'vitest';
import { readAccount } from '#admission/account.store.ts';
import { createAdmission } from '#admission/admission-service.ts';
import { heldRequests } from '#admission/held-requests.ts';
import { insertCustomer } from '#accounts/customers.store.ts';
import { newId } from '#base/id.ts';
import { seededRandom } from '#base/random.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { audit } from '#ledger/audit.ts';
import { billingPeriod } from '#plans/calendar.ts';
import {
  type AccountBooks,
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

/** The power goes before the books hear of it. */
const POWER_CUT: AccountBooks = {
  open: () => Promise.reject(new Error('power cut')),
  changePlan: () => Promise.reject(new Error('power cut')),
  renew: () => Promise.reject(new Error('power cut')),
};

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
  const deps: SubscriptionDeps = { pool, clock, random, books: accountBooks(admission, plans) };
  const customer = async () => {
    const id = newId('customer', clock, random);
    await insertCustomer(pool, { book: 'live', id, name: 'Ada', email: undefined });
    return { book: 'live', customerId: id, plan: 'plus', timeZone: 'UTC' } as const;
  };
  const account = (customerId: ReturnType<typeof newId<'customer'>>) =>
    readAccount(pool, { book: 'live', customerId });
  const isWhole = async () => (await audit(pool, { readHolds: heldRequests })).ok;
  return { pool, clock, deps, customer, account, isWhole };
}

test('an account that a crash left unopened is opened, in the period that runs now', async () => {
  const { clock, deps, customer, account, isWhole, pool } = await world();
  const input = await customer();
  await expect(subscribe({ ...deps, books: POWER_CUT }, input)).rejects.toThrow('power cut');
  expect(await account(input.customerId)).toBeUndefined();

  // Nobody looked for two periods: those are not paid for.
  clock.atMs += 65 * DAY_MS;
  expect(await renewDue(deps)).toEqual({ renewed: 0, opened: 1, failures: [] });
  const period = billingPeriod(START_MS, clock.atMs, 'UTC');
  expect(await account(input.customerId)).toMatchObject({
    periodStartMs: period.startMs,
    periodEndMs: period.endMs,
  });
  expect(await subscriptionInForce(pool, 'live', input.customerId)).toMatchObject({
    anchorMs: START_MS,
    periodStartMs: period.startMs,
    periodEndMs: period.endMs,
  });
  expect(await renewDue(deps)).toEqual({ renewed: 0, opened: 0, failures: [] });
  expect(await isWhole()).toBe(true);
});

test('one subscription that fails holds up no other, and is tried again', async () => {
  const { clock, deps, customer, account, isWhole } = await world();
  const oldest = await customer();
  await subscribe(deps, oldest);
  clock.atMs += DAY_MS;
  const others = [await customer(), await customer()];
  for (const other of others) await subscribe(deps, other);
  clock.atMs += 40 * DAY_MS;

  const broken: AccountBooks = {
    ...deps.books,
    renew: (subscription) =>
      subscription.customerId === oldest.customerId
        ? Promise.reject(new Error('no'))
        : deps.books.renew(subscription),
  };
  const report = await renewDue({ ...deps, books: broken });
  expect(report).toMatchObject({ renewed: 2, opened: 0 });
  expect(report.failures).toMatchObject([
    { subscription: { customerId: oldest.customerId }, error: new Error('no') },
  ]);
  for (const { customerId } of others) {
    expect((await account(customerId))?.periodEndMs).toBeGreaterThan(clock.atMs);
  }
  expect(await renewDue(deps)).toEqual({ renewed: 1, opened: 0, failures: [] });
  expect((await account(oldest.customerId))?.periodEndMs).toBeGreaterThan(clock.atMs);
  expect(await isWhole()).toBe(true);
});

test('a change of plan that stopped halfway is finished from the books', async () => {
  const { clock, deps, customer, account, isWhole, pool } = await world();
  const input = await customer();
  await subscribe(deps, input);
  const halfway: AccountBooks = {
    ...deps.books,
    changePlan: async (subscription) => {
      await deps.books.changePlan(subscription);
      throw new Error('power cut');
    },
  };
  const change = { ...input, plan: 'pro' };
  await expect(changeSubscription({ ...deps, books: halfway }, change)).rejects.toThrow(
    'power cut',
  );
  const moved = (await account(input.customerId))?.planVersionId;
  const stale = await subscriptionInForce(pool, 'live', input.customerId);
  expect(stale?.planVersionId).not.toBe(moved);

  await renewDue(deps);
  const followed = await subscriptionInForce(pool, 'live', input.customerId);
  expect(followed?.planVersionId).toBe(moved);

  // The next period is sold at the new plan's price.
  clock.atMs += 31 * DAY_MS;
  expect(await renewDue(deps)).toMatchObject({ renewed: 1, failures: [] });
  const { rows } = await pool.query<{ price: number }>('SELECT price FROM account');
  expect(rows).toEqual([{ price: 200e9 }]);
  expect(await isWhole()).toBe(true);
});
