import { expect, test } from 'vitest';
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
import { testDatabase } from '#testing/database.ts';
import { pnl } from './pnl.ts';

const FLAT = testPlan({ plan: 'flat', priceNanoUsd: nanoUsd(20 * USD), billing: 'included' });
const METERED = testPlan({ plan: 'metered' });

test('profit and loss keeps what loses, and says who causes it', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [FLAT]);
  const service = await bench.service();
  for (let i = 0; i < 20; i++) {
    const subject = await bench.customer(service, FLAT);
    const cost = i === 0 ? 400 * USD : i < 3 ? 40 * USD : 0;
    if (cost === 0) continue;
    const hold = await admitted(service, subject, requestOf(bench, { charge: 0, cost }));
    await service.settle(hold, measurementOf({ charge: 0, cost }));
  }
  bench.clock.atMs = EPOCH_MS + 30 * DAY_MS;
  const { rows } = await database.pool.query<{ customer: string }>('SELECT customer FROM account');
  expect(rows).toHaveLength(20);
  const options = { book: 'live', fromDay: '2026-11-01', toDay: '2026-12-01' } as const;
  const before = await pnl(database.pool, { ...options, by: 'plan' });
  expect(before.rows).toMatchObject([
    { subscribers: 20, requests: 3, cost: 480n * BigInt(USD), margin: -480n * BigInt(USD) },
  ]);
  expect(before.rows[0]?.losses).toMatchObject({
    subscribersBelowZero: 3,
    loss: 480n * BigInt(USD),
    topPercentShare: 0.833333,
    topTenPercentShare: 0.916666,
  });
  const byModel = await pnl(database.pool, { ...options, by: 'model' });
  expect(byModel.rows.map(({ key, margin }) => [key, margin])).toEqual([
    ['model-1', -480n * BigInt(USD)],
    ['(no usage)', 0n],
  ]);
  expect(byModel.total.margin).toBe(before.total.margin);
  await expect(
    pnl(database.pool, { ...options, by: 'plan', toDay: '2026-11-01' }),
  ).rejects.toMatchObject({
    code: 'invalid_request',
  });
  await service.close();
});

test('usage that somebody pays is revenue, less what was given back; what we give away is not', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, 10 * USD);
  await service.change(subject, {
    kind: 'grant',
    credits: 'promotional',
    amountNanoUsd: nanoUsd(2 * USD),
    reference: 'welcome',
  });
  const hold = await admitted(service, subject, requestOf(bench, { charge: 6 * USD }));
  await service.settle(hold, measurementOf({ charge: 5 * USD, cost: 4 * USD }));
  const { requestId, admittedAtMs } = hold;
  await service.change(subject, {
    kind: 'refund',
    requestId,
    admittedAtMs,
    amountNanoUsd: nanoUsd(USD),
  });
  for (const by of ['plan', 'customer', 'model'] as const) {
    const report = await pnl(database.pool, {
      book: 'live',
      by,
      fromDay: '2026-11-01',
      toDay: '2026-11-02',
    });
    const expected = {
      usage: 2n * BigInt(USD),
      promotional: 2n * BigInt(USD),
      cost: 4n * BigInt(USD),
      margin: -2n * BigInt(USD),
      marginBasisPoints: -10_000,
    };
    expect(report.total).toMatchObject(expected);
    expect(report.rows).toMatchObject([expected]);
  }
  await service.close();
});
