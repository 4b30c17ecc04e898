import { expect, onTestFinished, test } from 'vitest';
import { newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { testDatabase } from '#testing/database.ts';
import { accountsBehind } from './account.store.ts';
import { benchOf, DAY_MS, EPOCH_MS, testPlan, USD } from './testing-admission.ts';

const plan = testPlan({ plan: 'pro', priceNanoUsd: nanoUsd(200 * USD) });

test('accounts fall behind with the days, but those of the demo never by the clock', async () => {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const bench = benchOf(database, [plan]);
  const service = await bench.service();
  onTestFinished(() => service.close());
  const open = async (book: 'live' | 'test' | 'demo') => {
    const account = { book, customerId: newId('customer', bench.clock, bench.random) } as const;
    await service.change(account, {
      kind: 'open',
      subscriptionId: newId('subscription', bench.clock, bench.random),
      planVersionId: plan.id,
      period: { startMs: EPOCH_MS, endMs: EPOCH_MS + 30 * DAY_MS, timeZone: 'UTC' },
      priceNanoUsd: plan.priceNanoUsd,
    });
    return account;
  };
  const live = await open('live');
  const trial = await open('test');
  await open('demo');
  const behind = (atMs: number, book?: 'live' | 'demo') =>
    accountsBehind(database.pool, { beforeMs: atMs, limit: 10, ...(book && { book }) });

  expect(await behind(EPOCH_MS)).toEqual([]);
  expect(new Set(await behind(EPOCH_MS + DAY_MS))).toEqual(new Set([live, trial]));
  expect(await behind(EPOCH_MS + DAY_MS, 'live')).toEqual([live]);
  expect(await behind(EPOCH_MS + DAY_MS, 'demo')).toEqual([]);
});
