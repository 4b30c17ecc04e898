import { expect, onTestFinished, test } from 'vitest';
import { newId, uuidOf } from '#base/id.ts';
import { seededRandom } from '#base/random.ts';
import { testDatabase } from '#testing/database.ts';
import { bookToAsk } from './lab-store.ts';

const clock = { nowMs: () => Date.UTC(2026, 10, 1) };

async function world() {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { pool } = database;
  const random = seededRandom(3);
  const plan = async (name: string, priceNanoUsd: number): Promise<string> => {
    const id = uuidOf(newId('planVersion', clock, random));
    await pool.query('INSERT INTO plan_version (id, plan, version, body) VALUES ($1, $2, 1, $3)', [
      id,
      name,
      { priceNanoUsd, billing: 'included' },
    ]);
    return id;
  };
  const use = (book: string, planVersion: string) =>
    pool.query(
      `INSERT INTO usage_rollup SELECT (jsonb_populate_record(NULL::usage_rollup, $1)).*`,
      [
        {
          book,
          customer: uuidOf(newId('customer', clock, random)),
          day: '2026-11-01',
          plan_version: planVersion,
          model: 'm',
          requests: 1,
          estimated: 0,
          tokens_in: 1,
          tokens_out: 1,
          cost: 1,
          charge: 0,
          paid_allowance: 0,
          paid_promotional: 0,
          paid_bought: 0,
          paid_overage: 0,
          overrun: 0,
        },
      ],
    );
  return { pool, free: await plan('free', 0), pro: await plan('pro', 200e9), use };
}

test('asks the live book where somebody who pays has used anything', async () => {
  const { pool, pro, use } = await world();
  await use('demo', pro);
  await use('live', pro);
  expect(await bookToAsk(pool, { paid: true })).toEqual({ book: 'live', note: undefined });
});

test('passes over a live book without paid use, says so, and replays it all the same', async () => {
  const { pool, free, pro, use } = await world();
  await use('live', free);
  await use('demo', pro);
  expect(await bookToAsk(pool, { paid: true })).toMatchObject({
    book: 'demo',
    note: expect.stringContaining('--book live') as string,
  });
  expect(await bookToAsk(pool, { paid: false })).toEqual({ book: 'live', note: undefined });
});

test('asks the demo where nothing was ever used live, and the live book where nothing was at all', async () => {
  const { pool, pro, use } = await world();
  expect(await bookToAsk(pool, { paid: true })).toEqual({ book: 'live', note: undefined });
  await use('demo', pro);
  expect(await bookToAsk(pool, { paid: true })).toEqual({ book: 'demo', note: undefined });
});
