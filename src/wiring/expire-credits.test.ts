import { expect, test } from 'vitest';
import { readAccount } from '#admission/account.store.ts';
import { heldRequests } from '#admission/held-requests.ts';
import {
  admitted,
  benchOf,
  DAY_MS,
  EPOCH_MS,
  measurementOf,
  requestOf,
  testPlan,
  USD,
} from '#admission/testing-admission.ts';
import { nanoUsd } from '#base/money.ts';
import { audit } from '#ledger/audit.ts';
import { pnl } from '#economics/pnl.ts';
import { testDatabase } from '#testing/database.ts';
import { expireCredits } from './expire-credits.ts';

const PLAN = testPlan({
  plan: 'credits',
  credits: {
    perPeriodNanoUsd: nanoUsd(5 * USD),
    rollover: { kind: 'upTo', maxNanoUsd: nanoUsd(2 * USD) },
  },
});

test('credits expire on the books although nobody touches the account, and never before a renewal carries over', async () => {
  await using database = await testDatabase();
  const { pool } = database;
  const bench = benchOf(database, [PLAN]);
  const admission = await bench.service();
  const run = () => expireCredits({ pool, admission, clock: bench.clock });
  const expiring = { credits: 'bought', amountNanoUsd: nanoUsd(3 * USD) } as const;
  const subjects = [];
  for (let index = 0; index < 3; index++) subjects.push(await bench.customer(admission, PLAN, USD));
  const [idle, busy, lasting] = subjects;
  if (!idle || !busy || !lasting) throw new Error('three customers');
  for (const subject of [idle, busy]) {
    const expiresAtMs = EPOCH_MS + DAY_MS;
    await admission.change(subject, { kind: 'grant', ...expiring, expiresAtMs, reference: 'b' });
  }
  expect(await run()).toBe(0);

  // What an open hold has reserved stays until the hold ends: 5 of allowance and 1 of these.
  const hold = await admitted(admission, busy, requestOf(bench, { charge: 6 * USD }));
  bench.clock.atMs += 2 * DAY_MS;
  expect(await run()).toBe(2);
  expect(await run()).toBe(0);
  const boughtOf = async (subject: typeof idle) =>
    (await readAccount(pool, subject))?.boughtNanoUsd;
  expect(await boughtOf(idle)).toBe(USD);
  expect(await boughtOf(busy)).toBe(2 * USD);
  expect(await boughtOf(lasting)).toBe(USD);
  await admission.settle(hold, measurementOf({ charge: 0 }));
  expect(await run()).toBe(1);
  expect(await boughtOf(busy)).toBe(USD);

  const report = await pnl(pool, {
    book: 'live',
    by: 'customer',
    fromDay: '2026-11-01',
    toDay: '2026-11-30',
  });
  const breakage = report.rows.map((row) => Number(row.breakage)).toSorted((a, b) => a - b);
  expect(breakage).toEqual([0, 3 * USD, 3 * USD]);

  // The period has ended, the renewal is late: the allowance is carried over all the same.
  bench.clock.atMs = EPOCH_MS + 30 * DAY_MS + 1;
  expect(await run()).toBe(0);
  await expect(admission.change(lasting, { kind: 'expire' })).rejects.toMatchObject({
    code: 'conflict',
  });
  await admission.change(lasting, {
    kind: 'renew',
    period: {
      startMs: EPOCH_MS + 30 * DAY_MS,
      endMs: EPOCH_MS + 60 * DAY_MS,
      timeZone: 'UTC',
    },
    priceNanoUsd: nanoUsd(0),
  });
  expect((await readAccount(pool, lasting))?.allowanceNanoUsd).toBe(7 * USD);
  const { books } = await audit(pool, { readHolds: heldRequests });
  expect(books.flatMap(({ differences }) => differences)).toEqual([]);
  await admission.close();
});
