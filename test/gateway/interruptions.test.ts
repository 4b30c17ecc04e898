import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { shutDown } from '#gateway/gateway-server.ts';
import {
  TestGateway,
  testModel,
  testRoute,
  TEST_CALLER,
  TEST_KEY,
} from '#gateway/testing-gateway.ts';

const messages = [{ role: 'user' as const, content: 'Tell me of water.' }];
const chat = { model: 'sim-standard', messages, max_tokens: 400 };
const slow = { simulator: { latency: { firstTokenMs: 50, tokensPerSecond: 100 } } };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a request and leaves when `until` resolves. */
async function leaveAfter(
  house: TestGateway,
  body: object,
  until: Promise<unknown>,
  headers: Record<string, string> = {},
): Promise<void> {
  const leaving = new AbortController();
  const request = fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  }).then((response) => response.text());
  await until;
  leaving.abort();
  await request.catch(() => undefined);
  await sleep(20);
}

test('a client that leaves while its hold is made leaves no hold behind, and nothing is sent', async () => {
  await using house = await TestGateway.start();
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  house.admission.before = async ({ call }) => {
    if (call !== 'admit') return;
    reached.resolve();
    await gate.promise;
  };
  await leaveAfter(house, chat, reached.promise);
  gate.resolve();
  await house.idle();
  expect(house.admission.of('void')).toHaveLength(1);
  expect(house.admission.open.size).toBe(0);
  expect(house.simulator.log.requests()).toEqual([]);
});

test('a client that leaves before a local supplier has answered: it is stopped, and nothing is booked', async () => {
  await using house = await TestGateway.start({
    simulator: { latency: { firstTokenMs: 5_000, tokensPerSecond: 100 } },
  });
  await leaveAfter(house, { ...chat, stream: true }, sleep(100));
  await house.idle();
  expect(house.admission.of('void')).toHaveLength(1);
  expect(house.pools.stats().running).toBe(0);
});

test('where an answer in one piece is billed anyway, it is read to its end and booked', async () => {
  await using house = await TestGateway.start({
    ...slow,
    models: ({ url }) => [testModel([testRoute({ baseUrl: url, abortSaving: 'streams' })])],
  });
  await leaveAfter(house, { ...chat, max_tokens: 20 }, sleep(60));
  await house.idle();
  expect(house.admission.settled).toEqual([
    expect.objectContaining({ outcome: 'client_aborted', estimated: false }),
  ]);
});

test('where even a stream is billed anyway, it is read to its usage, within a bound', async () => {
  const models = ({ url }: { url: string }) => [
    testModel([testRoute({ baseUrl: url, abortSaving: 'never' })]),
  ];
  await using house = await TestGateway.start({ ...slow, models });
  await leaveAfter(house, { ...chat, max_tokens: 40, stream: true }, sleep(200));
  await house.idle();
  expect(house.admission.settled).toEqual([
    expect.objectContaining({ outcome: 'client_aborted', estimated: false }),
  ]);
  await using hasty = await TestGateway.start({ ...slow, models, limits: { readOnMs: 50 } });
  await leaveAfter(hasty, { ...chat, stream: true }, sleep(200));
  await hasty.idle();
  expect(hasty.admission.settled).toEqual([
    expect.objectContaining({ outcome: 'client_aborted', estimated: true }),
  ]);
  expect(hasty.pools.stats().running).toBe(0);
});

test('clients that leave while the supplier is paused leak no connection', async () => {
  await using house = await TestGateway.start();
  const bodies = JSON.stringify({ ...chat, stream: true });
  for (let i = 0; i < 10; i++) {
    const socket = connect(Number(new URL(house.url).port), '127.0.0.1');
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n` +
        `x-sim-misbehave: huge-event:20000000\r\ncontent-length: ${bodies.length}\r\n\r\n${bodies}`,
    );
    socket.on('error', () => undefined);
    // Reads nothing, so that the gateway's socket fills up and the supplier is paused.
    socket.pause();
    await sleep(40);
    socket.destroy();
  }
  await house.idle();
  expect(house.admission.open.size).toBe(0);
  expect(
    house.admission.calls.filter(({ call }) => call === 'settle' || call === 'void'),
  ).toHaveLength(10);
  expect(house.pools.stats()).toMatchObject({ running: 0, queued: 0 });
  expect((await house.post('/v1/chat/completions', chat)).status).toBe(200);
});

test('a client that takes nothing is given up after a while', async () => {
  await using house = await TestGateway.start({ limits: { clientStallMs: 150 } });
  const body = JSON.stringify({ ...chat, stream: true });
  const socket = connect(Number(new URL(house.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n` +
      `x-sim-misbehave: huge-event:30000000\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await sleep(100);
  await house.idle();
  expect(house.admission.settled).toHaveLength(1);
  expect(house.pools.stats().running).toBe(0);
  socket.destroy();
});

const smallHold = {
  models: ({ url }: { url: string }) => [
    testModel([testRoute({ baseUrl: url })], { outputTokensP99: 32 }),
  ],
};

test('a stream raises its hold, durably, before it passes it', async () => {
  await using house = await TestGateway.start({
    ...smallHold,
    simulator: { latency: { firstTokenMs: 0, tokensPerSecond: 1_000 } },
  });
  let delivered = 0;
  const atExtend: number[] = [];
  house.admission.before = ({ call }) => {
    if (call === 'extend') atExtend.push(delivered);
  };
  const stream = await house
    .openai()
    .chat.completions.create({ ...chat, max_tokens: 200, stream: true });
  for await (const chunk of stream) delivered += chunk.choices[0]?.delta.content?.length ?? 0;
  await house.idle();
  const held = [32, ...house.admission.of('extend').map(({ upTo }) => upTo.chargeNanoUsd)];
  expect(held.length).toBeGreaterThan(2);
  expect(held).toEqual(held.toSorted((a, b) => a - b));
  // What had been delivered when more was asked for was covered by what was held by then.
  expect(atExtend[0]).toBeLessThanOrEqual(32);
  expect(house.admission.settled[0]).toMatchObject({ outcome: 'completed', estimated: false });
});

test('a stream whose hold cannot be raised ends cleanly with finish_reason length and a notice', async () => {
  await using house = await TestGateway.start(smallHold);
  house.admission.balanceNanoUsd = house.admission.balanceNanoUsd =
    1_200_000 as typeof house.admission.balanceNanoUsd;
  const response = await house.post('/v1/chat/completions', { ...chat, stream: true });
  const text = await response.text();
  await house.idle();
  expect(text).toContain('"finish_reason":"length"');
  expect(text).toContain('"notice"');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(house.admission.settled[0]).toMatchObject({ outcome: 'cut_by_limit', estimated: true });
  expect(house.admission.balanceNanoUsd).toBeGreaterThanOrEqual(0);
  expect(house.pools.stats().running).toBe(0);
});

test('a stream whose hold cannot be raised because the store is away ends with an error, and is booked', async () => {
  await using house = await TestGateway.start(smallHold);
  house.admission.before = ({ call }) => {
    house.admission.isDown = call === 'extend';
  };
  const text = await (await house.post('/v1/chat/completions', { ...chat, stream: true })).text();
  await house.idle();
  expect(text).toContain('"code":"store_unavailable"');
  expect(house.admission.settled[0]).toMatchObject({ outcome: 'upstream_failed', estimated: true });
  expect(house.admission.open.size).toBe(0);
});

test('an answer is cut as cleanly over Anthropic and over a translation', async () => {
  for (const protocol of ['simulator', 'openai']) {
    await using house = await TestGateway.start({
      models: ({ url }) => [
        testModel([testRoute({ baseUrl: url, protocol })], { outputTokensP99: 32 }),
      ],
    });
    house.admission.balanceNanoUsd = 2_400_000 as typeof house.admission.balanceNanoUsd;
    const message = await house
      .anthropic()
      .messages.stream({ ...chat, max_tokens: 2_000 })
      .finalMessage();
    await house.idle();
    expect(message.stop_reason).toBe('max_tokens');
    expect(house.admission.settled[0]).toMatchObject({ outcome: 'cut_by_limit' });
  }
});

test('a customer may let the output limit be lowered to what the headroom pays for', async () => {
  await using house = await TestGateway.start();
  house.admission.balanceNanoUsd = 1_000_000 as typeof house.admission.balanceNanoUsd;
  const refused = await house.post('/v1/chat/completions', { ...chat, max_tokens: 4_000 });
  expect(refused.status).toBe(402);
  const response = await house.post(
    '/v1/chat/completions',
    { ...chat, max_tokens: 4_000 },
    { 'x-breakeven-fit': 'output' },
  );
  expect(response.status).toBe(200);
  const limit = Number(response.headers.get('x-breakeven-output-limit'));
  expect(limit).toBeGreaterThan(16);
  expect(limit).toBeLessThan(100);
  const { usage } = (await response.json()) as { usage: { completion_tokens: number } };
  expect(usage.completion_tokens).toBeLessThanOrEqual(limit);
  await house.idle();
  expect(house.admission.balanceNanoUsd).toBeGreaterThanOrEqual(0);
});

test('a silent stream is kept alive by comments, which clients pass over', async () => {
  await using house = await TestGateway.start({ limits: { keepAliveMs: 60 } });
  const response = await house.post(
    '/v1/chat/completions',
    { ...chat, max_tokens: 20, stream: true },
    { 'x-sim-misbehave': 'silence-mid-stream:400' },
  );
  const text = await response.text();
  expect(text).toContain(': keep-alive\n\n');
  expect(text).toContain('data: [DONE]');
  for (const block of text.split('\n\n'))
    expect(block).toMatch(/^(?:$|: keep-alive$|data: (?:\{.*\}|\[DONE\])$)/s);
});

test.each([true, false])(
  'a settlement outlives an outage of the store and loses nothing (journal: %s)',
  async (hasJournal) => {
    await using house = await TestGateway.start({ limits: { settleWaitMs: 100 } });
    house.admission.hasJournal = hasJournal;
    house.admission.before = ({ call }) => {
      house.admission.isDown = call === 'settle' && house.admission.calls.length < 1_000 && down;
    };
    let down = true;
    const response = await house.post('/v1/chat/completions', chat);
    expect(response.status).toBe(200);
    // What was noted is charged for certain; without a journal nobody knows what becomes of it.
    expect(response.headers.has('x-breakeven-charge')).toBe(hasJournal);
    expect(house.gateway.settlementBacklog).toBe(1);
    down = false;
    await house.idle();
    expect(house.admission.settled).toHaveLength(1);
    expect(house.admission.open.size).toBe(0);
  },
);

test('with the store away requests are refused with 503 and retry-after, and nothing is sent', async () => {
  await using house = await TestGateway.start();
  house.admission.isDown = true;
  const response = await house.post('/v1/chat/completions', chat);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.json()).toMatchObject({ error: { code: 'store_unavailable' } });
  expect(house.simulator.log.requests()).toEqual([]);
});

test('a shutdown lets streams end, refuses what is new, and is bounded', async () => {
  const house = await TestGateway.start(slow);
  const response = await house.post('/v1/chat/completions', {
    ...chat,
    max_tokens: 40,
    stream: true,
  });
  const text = response.text();
  const ending = shutDown(house.server, house.gateway, 5_000);
  await expect(house.post('/v1/chat/completions', chat)).rejects.toThrow('fetch failed');
  expect(await text).toContain('data: [DONE]');
  expect(await ending).toEqual({ requestsLeft: 0, settlementsLeft: 0 });
  expect(house.admission.settled).toHaveLength(1);
  await house[Symbol.asyncDispose]();
  const hasty = await TestGateway.start({
    simulator: { latency: { firstTokenMs: 10_000, tokensPerSecond: 1 } },
  });
  const endless = hasty.post('/v1/chat/completions', chat).catch(() => undefined);
  await sleep(100);
  expect(await shutDown(hasty.server, hasty.gateway, 100)).toEqual({
    requestsLeft: 1,
    settlementsLeft: 0,
  });
  await endless;
  await hasty.idle();
  await hasty[Symbol.asyncDispose]();
});

test('while draining, a kept-alive connection is told to come back elsewhere', async () => {
  await using house = await TestGateway.start(slow);
  const running = house.post('/v1/chat/completions', { ...chat, max_tokens: 40, stream: true });
  await sleep(20);
  const draining = house.gateway.drain(5_000);
  const refused = await house.post('/v1/chat/completions', chat);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('connection')).toBe('close');
  expect(await (await running).text()).toContain('[DONE]');
  await draining;
});

test('too many requests at once are refused, not queued', async () => {
  await using house = await TestGateway.start({ ...slow, limits: { inFlightMax: 2 } });
  const statuses = await Promise.all(
    Array.from(
      { length: 4 },
      async () => (await house.post('/v1/chat/completions', { ...chat, max_tokens: 10 })).status,
    ),
  );
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 503, 503]);
});

test('a key without the scope, and no key at all', async () => {
  await using house = await TestGateway.start({
    deps: { authenticate: () => ({ ...TEST_CALLER, scopes: ['read'] }) },
  });
  expect((await house.post('/v1/chat/completions', chat)).status).toBe(403);
  await using locked = await TestGateway.start({
    deps: { authenticate: async () => new DomainError('key_revoked', 'This key was revoked.') },
  });
  expect((await locked.post('/v1/chat/completions', chat)).status).toBe(401);
  const bare = await fetch(`${locked.url}/v1/messages`, { method: 'POST', body: '{}' });
  expect(bare.status).toBe(401);
  expect(await bare.json()).toMatchObject({
    type: 'error',
    error: { type: 'authentication_error' },
  });
});
