import { beforeAll, afterAll, expect, test } from 'vitest';
import { uuidOf } from '#base/id.ts';
import { systemRandom } from '#base/random.ts';
import { testDatabase, type TestDatabase } from '#testing/database.ts';
import { PostgresIdempotencyStore } from './idempotency.store.ts';
import { TestGateway, TEST_CALLER } from './testing-gateway.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
let database: TestDatabase;
let nowMs = Date.now();
const clock = { nowMs: () => nowMs };
const masterKey = Buffer.alloc(32, 7);
const request = { path: '/v1/embeddings', body: Buffer.from('{"a":1}') };
const other = { path: '/v1/embeddings', body: Buffer.from('{"a":2}') };
const answer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"ok":"水"}',
};
let keys = 0;
const newKey = (): string => `key-${++keys}`;
const store = (): PostgresIdempotencyStore =>
  new PostgresIdempotencyStore({ pool: database.pool, masterKey, clock, random: systemRandom });

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query("INSERT INTO customer (book, id, name) VALUES ('test', $1, 'Tester')", [
    uuidOf(TEST_CALLER.customerId),
  ]);
});
afterAll(() => database[Symbol.asyncDispose]());

async function fresh(from: PostgresIdempotencyStore, key: string): Promise<string> {
  const claim = await from.claim(TEST_CALLER, key, request);
  if (claim.kind !== 'fresh') throw new Error(`the claim is ${claim.kind}`);
  return claim.token;
}

test('an answer is replayed to the same request, from any process, and refused to another', async () => {
  const key = newKey();
  const token = await fresh(store(), key);
  expect(await store().claim(TEST_CALLER, key, request)).toEqual({ kind: 'in-flight' });
  expect(await store().claim(TEST_CALLER, key, other)).toEqual({ kind: 'conflict' });
  await store().complete(TEST_CALLER, key, token, answer);
  expect(await store().claim(TEST_CALLER, key, request)).toEqual({ kind: 'replay', answer });
  expect(await store().claim(TEST_CALLER, key, other)).toEqual({ kind: 'conflict' });
});

test('the stored answer is sealed', async () => {
  const key = newKey();
  const token = await fresh(store(), key);
  await store().complete(TEST_CALLER, key, token, answer);
  const { rows } = await database.pool.query<{ text: string }>(
    "SELECT encode(answer, 'escape') AS text FROM idempotency_key WHERE answer IS NOT NULL",
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row.text).not.toContain('application/json');
});

test('a failure gives the key back, also to another body', async () => {
  const key = newKey();
  await store().release(TEST_CALLER, key, await fresh(store(), key));
  expect((await store().claim(TEST_CALLER, key, other)).kind).toBe('fresh');
});

test('a claim of a process that died ends by itself; an answer lasts a day', async () => {
  const key = newKey();
  await fresh(store(), key);
  nowMs += 31_000;
  const token = await fresh(store(), key);
  await store().complete(TEST_CALLER, key, token, answer);
  nowMs += DAY_MS - 1_000;
  expect((await store().claim(TEST_CALLER, key, request)).kind).toBe('replay');
  nowMs += 2_000;
  expect(await store().purge()).toBeGreaterThan(0);
  expect((await store().claim(TEST_CALLER, key, request)).kind).toBe('fresh');
});

test('an ended claim cannot be ended again by whoever lost it', async () => {
  const key = newKey();
  const lost = await fresh(store(), key);
  nowMs += 31_000;
  const token = await fresh(store(), key);
  await store().complete(TEST_CALLER, key, lost, { ...answer, body: 'lost' });
  await store().release(TEST_CALLER, key, lost);
  await store().complete(TEST_CALLER, key, token, answer);
  expect(await store().claim(TEST_CALLER, key, request)).toEqual({ kind: 'replay', answer });
});

test('of twenty claims at once one is fresh', async () => {
  const key = newKey();
  const claims = await Promise.all(
    Array.from({ length: 20 }, () => store().claim(TEST_CALLER, key, request)),
  );
  expect(claims.filter((claim) => claim.kind === 'fresh')).toHaveLength(1);
  expect(claims.filter((claim) => claim.kind === 'in-flight')).toHaveLength(19);
});

const chat = {
  model: 'sim-standard',
  messages: [{ role: 'user', content: 'Once, please.' }],
  max_tokens: 30,
};

test('through the gateway: one model call, one charge, the same bytes twice', async () => {
  await using house = await TestGateway.start({ deps: { idempotency: store() } });
  const headers = { 'idempotency-key': newKey() };
  const first = await house.post('/v1/chat/completions', chat, headers);
  const second = await house.post('/v1/chat/completions', chat, headers);
  expect(await second.text()).toBe(await first.text());
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(second.headers.get('x-breakeven-charge')).toBe(first.headers.get('x-breakeven-charge'));
  expect(house.simulator.log.requests()).toHaveLength(1);
  expect(house.admission.settled).toHaveLength(1);
  const conflict = await house.post('/v1/chat/completions', { ...chat, max_tokens: 31 }, headers);
  expect(conflict.status).toBe(422);
  expect(await conflict.json()).toMatchObject({
    error: { code: 'idempotency_conflict', param: 'idempotency-key' },
  });
});

test('through the gateway: a second request in flight waits, a failed one burns nothing', async () => {
  await using house = await TestGateway.start({
    deps: { idempotency: store() },
    limits: { attemptsMax: 1 },
  });
  const headers = { 'idempotency-key': newKey() };
  const failed = await house.post('/v1/chat/completions', chat, {
    ...headers,
    'x-sim-misbehave': 'status:500',
  });
  expect(failed.status).toBe(500);
  const running = house.post('/v1/chat/completions', chat, {
    ...headers,
    'x-sim-misbehave': 'silence-before-headers:300',
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const early = await house.post('/v1/chat/completions', chat, headers);
  expect(early.status).toBe(409);
  expect(early.headers.get('retry-after')).toBe('1');
  expect(await early.json()).toMatchObject({ error: { code: 'idempotency_in_flight' } });
  expect((await running).status).toBe(200);
});
