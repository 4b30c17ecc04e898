import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { SupplierClaims } from '#economics/supplier-claims.ts';
import { readClaims } from '#economics/supplier-claims.store.ts';
import type { HeardClaim } from '#gateway/supplier-claim.ts';
import { TestGateway, testModel, testRoute } from '#gateway/testing-gateway.ts';
import { testDatabase } from '#testing/database.ts';

const chat = { model: 'sim-standard', messages: [{ role: 'user', content: 'How deep?' }] };
/** At $1 a million in and $10 out, as the test's price has it. */
const BOOKED_USD = 0.0012;

/** A supplier that says of each answer what it cost, as OpenRouter does. */
async function claimingSupplier(costs: readonly unknown[]) {
  let answered = 0;
  const server = createServer((request, response) => {
    request.resume();
    const usage = {
      prompt_tokens: 200,
      completion_tokens: 100,
      total_tokens: 300,
      cost: costs[answered++],
    };
    const message = { role: 'assistant', content: 'Three fathoms.' };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        id: 'gen-1',
        object: 'chat.completion',
        model: 'sim-standard',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('what a supplier says it charged is set beside what was booked, and books nothing', async () => {
  await using database = await testDatabase();
  // As booked; to six decimals; twice as much; nothing said; a figure that nobody charges.
  const costs = [BOOKED_USD, 0.001201, 0.0024, undefined, 1e9];
  await using supplier = await claimingSupplier(costs);
  const claims = new SupplierClaims(database.pool);
  await using house = await TestGateway.start({
    models: () => [
      testModel([testRoute({ baseUrl: supplier.url, protocol: 'openai-compatible' })]),
    ],
    deps: { hearClaim: claims.hear },
  });
  for (const _ of costs) {
    const answer = await house.post('/v1/chat/completions', chat);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  }
  await house.idle();
  await claims.write();
  const all = { book: 'test', fromDay: '1970-01-01', toDay: '2100-01-01' } as const;
  expect(await readClaims(database.pool, all)).toEqual([
    {
      supplier: 'sim',
      model: 'sim-standard',
      answers: 3,
      apart: 1,
      claimed: 4_801_000n,
      booked: 3_600_000n,
    },
  ]);
  expect(await readClaims(database.pool, { ...all, book: 'live' })).toEqual([]);
});

test('what the store does not take is kept, and added once', async () => {
  await using database = await testDatabase();
  const { pool } = database;
  const claims = new SupplierClaims(pool);
  const claim = {
    book: 'live',
    atMs: Date.UTC(2026, 10, 30, 23, 59),
    supplier: 'router',
    model: 'deep-1',
    claimedPicoUsd: 2_000_000_000n,
    bookedNanoUsd: 2_000_000,
  } as HeardClaim;
  claims.hear(claim);
  await pool.query('ALTER TABLE supplier_claim RENAME TO away');
  await expect(claims.write()).rejects.toThrow(/supplier_claim/);
  claims.hear(claim);
  await pool.query('ALTER TABLE away RENAME TO supplier_claim');
  await claims.write();
  await claims.write();
  claims.hear({ ...claim, atMs: claim.atMs + 60_000 });
  await claims.write();
  const { rows } = await pool.query(
    'SELECT day::text, answers::int, apart::int, claimed::int FROM supplier_claim ORDER BY day',
  );
  expect(rows).toEqual([
    { day: '2026-11-30', answers: 2, apart: 0, claimed: 4_000_000 },
    { day: '2026-12-01', answers: 1, apart: 0, claimed: 2_000_000 },
  ]);
});
