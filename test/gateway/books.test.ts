import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdmissionService } from '#admission/admission-service.ts';
import { benchOf, testPlan, USD, type Bench } from '#admission/testing-admission.ts';
import type { Subject } from '#admission/admission.ts';
import { heldRequests } from '#admission/held-requests.ts';
import { readReceipt } from '#admission/receipt.store.ts';
import { namedId, parseId, uuidOf } from '#base/id.ts';
import { audit } from '#ledger/audit.ts';
import { testDatabase, type TestDatabase } from '#testing/database.ts';
import {
  TestGateway,
  TEST_CALLER,
  TEST_KEY,
  TEST_PRICE,
  testModel,
  testRoute,
  type TestGatewayOptions,
} from '#gateway/testing-gateway.ts';

const plan = testPlan({ plan: 'metered' });
const messages = [{ role: 'user' as const, content: 'What is a waterline?' }];
const chat = { model: 'sim-standard', messages, max_tokens: 40 };
let database: TestDatabase;
let bench: Bench;
let service: AdmissionService;

beforeAll(async () => {
  database = await testDatabase();
  bench = benchOf(database, [plan]);
  service = await bench.service();
});
afterAll(async () => {
  await service.close();
  await database[Symbol.asyncDispose]();
});

/** A gateway on real books, for one customer. */
function houseOf(subject: Subject, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { book, customerId } = subject;
  return TestGateway.start({
    ...options,
    deps: {
      admission: service,
      clock: bench.clock,
      authenticate: () => ({ ...TEST_CALLER, book, customerId, subject }),
      plans: { plan: () => plan, rates: () => undefined },
      receipt: async (caller, id) => {
        const requestId = parseId('request', id);
        return (
          requestId && (await readReceipt(database.pool, caller, requestId, (by) => by.modelAsked))
        );
      },
    },
  });
}

test('plain and streamed, over both vendors clients, the books add up', async () => {
  const subject = await bench.customer(service, plan, 5 * USD);
  await using house = await houseOf(subject);
  await house.openai().chat.completions.create(chat);
  await house.openai().chat.completions.stream(chat).finalChatCompletion();
  await house.anthropic().messages.create(chat);
  await house.anthropic().messages.stream(chat).finalMessage();
  const last = await house.post('/v1/chat/completions', chat);
  await house.idle();
  const served = house.simulator.log.requests();
  const { rows } = await database.pool.query<{ count: number; cost: string; charge: string }>(
    'SELECT count(*)::int AS count, sum(cost)::text AS cost, sum(charge)::text AS charge FROM usage_event WHERE customer = $1',
    [uuidOf(subject.customerId)],
  );
  const costs = served.map(({ end }) => {
    const billed = end?.billed;
    const input =
      (billed?.uncached ?? 0) +
      (billed?.cached ?? 0) +
      (billed?.written5m ?? 0) +
      (billed?.written1h ?? 0);
    return input * 1_000 + (billed?.output ?? 0) * 10_000;
  });
  const cost = costs.reduce((sum, each) => sum + each, 0);
  expect(rows[0]).toEqual({ count: 5, cost: String(cost), charge: String(cost) });
  const receipt = await fetch(`${house.url}/v1/receipts/${last.headers.get('x-request-id')}`, {
    headers: { 'x-api-key': TEST_KEY },
  });
  expect(await receipt.json()).toMatchObject({ object: 'receipt', estimated: false });
  const { ok } = await audit(database.pool, { readHolds: heldRequests });
  expect(ok).toBe(true);
  expect(Number(last.headers.get('x-breakeven-remaining'))).toBeCloseTo(5 - cost / USD, 9);
});

test(
  'of 1,000 concurrent requests of $0.10 each on $5 exactly 50 are served',
  { timeout: 60_000 },
  async () => {
    const subject = await bench.customer(service, plan, 5 * USD);
    const price = {
      ...TEST_PRICE,
      id: namedId('priceVersion', 'flat-dime'),
      serviceTiers: {
        standard: [
          {
            aboveInputTokens: 0,
            rates: {
              requests: 100_000_000_000,
              input: 0,
              input_cached: 0,
              output: 0,
              reasoning: 0,
              cache_write_5m: 0,
              cache_write_1h: 0,
            },
          },
        ],
      },
    };
    const priceOf = () => ({ price, serviceTier: 'standard' });
    await using house = await houseOf(subject, {
      models: ({ url }) => [testModel([testRoute({ baseUrl: url }, { prices: [price], priceOf })])],
    });
    const statuses = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const response = await house.post('/v1/chat/completions', chat);
        await response.arrayBuffer();
        return response.status;
      }),
    );
    await house.idle();
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(statuses.filter((status) => status === 402)).toHaveLength(950);
    expect(house.simulator.log.requests()).toHaveLength(50);
  },
);
