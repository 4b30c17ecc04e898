import { describe, expect, test } from 'vitest';
import OpenAI from 'openai';
import { TestGateway, testModel, testRoute } from '#gateway/testing-gateway.ts';
import { MISBEHAVIOURS, type MisbehaviourName } from '#suppliers/simulator/misbehaviour.ts';

/** What a client gets and what is booked for each way in which a supplier misbehaves. */
interface Expected {
  readonly argument?: string;
  /** Status of the plain answer; a stream that has begun is always 200. */
  readonly plain: number;
  /** `whole`: the stream ends well; `error`: it ends with an error, or is one. */
  readonly stream: 'whole' | 'error';
  readonly plainBooked: 'usage' | 'estimate' | 'nothing';
  readonly streamBooked: 'usage' | 'estimate' | 'nothing';
}

const whole: Expected = {
  plain: 200,
  stream: 'whole',
  plainBooked: 'usage',
  streamBooked: 'usage',
};
const broken: Expected = {
  plain: 502,
  stream: 'error',
  plainBooked: 'nothing',
  streamBooked: 'nothing',
};
/** It had begun to answer, and may bill: the cost is booked, the customer is not charged. */
const begun: Expected = { ...broken, plainBooked: 'estimate', streamBooked: 'estimate' };

const TABLE: Readonly<Record<MisbehaviourName, Expected>> = {
  'split-utf8': whole,
  'split-event': whole,
  'cut-utf8': begun,
  'cut-event': begun,
  'no-usage': { ...whole, plainBooked: 'estimate', streamBooked: 'estimate' },
  'usage-twice': whole,
  'usage-cumulative': whole,
  'usage-negative': { ...whole, plainBooked: 'estimate', streamBooked: 'estimate' },
  'usage-absurd': { ...whole, plainBooked: 'estimate', streamBooked: 'estimate' },
  'error-200': broken,
  'error-mid-stream': { ...whole, stream: 'error', streamBooked: 'estimate' },
  'silence-before-headers': { ...begun, plain: 504 },
  'silence-after-headers': { ...begun, plain: 504 },
  'silence-mid-stream': { ...begun, plain: 504 },
  status: { ...broken, argument: '400', plain: 400 },
  'malformed-json': { ...whole, plain: 502, plainBooked: 'estimate' },
  'empty-body': begun,
  'wrong-content-type': whole,
  'reset-before-headers': broken,
  'reset-after-headers': begun,
  'reset-mid-stream': begun,
  'slow-drip': { ...whole, argument: '0' },
  'huge-event': whole,
  'trailing-data': { ...whole, plain: 502, plainBooked: 'estimate' },
  'missing-done': whole,
  'duplicate-events': whole,
  redirect: broken,
  gzip: { ...whole, stream: 'error', streamBooked: 'estimate' },
  'over-limit': whole,
  'header-flood': broken,
  'other-model': { ...whole, argument: 'someone-else' },
  'bill-after-abort': whole,
  crlf: whole,
  comments: whole,
};

const body = {
  model: 'sim-standard',
  messages: [{ role: 'user', content: 'Tell me of water and of lines.' }],
  max_tokens: 40,
};
const fast = {
  limits: { attemptsMax: 1 },
  pools: { headersTimeoutMs: 300, silenceTimeoutMs: 300 },
};

function bookedOf(house: TestGateway): 'usage' | 'estimate' | 'nothing' {
  const [measurement] = house.admission.settled;
  if (measurement === undefined) return 'nothing';
  return measurement.estimated ? 'estimate' : 'usage';
}

describe.each(MISBEHAVIOURS)('a supplier that does %s', (name) => {
  const expected = TABLE[name];
  const misbehave = expected.argument === undefined ? name : `${name}:${expected.argument}`;

  test('in one piece', async () => {
    await using house = await TestGateway.start(fast);
    const response = await house.post('/v1/chat/completions', body, {
      'x-sim-misbehave': misbehave,
    });
    const json = (await response.json()) as { error?: { message: string } };
    await house.idle();
    expect(response.status).toBe(expected.plain);
    expect(typeof json.error?.message).toBe(expected.plain === 200 ? 'undefined' : 'string');
    expect(bookedOf(house)).toBe(expected.plainBooked);
    expect(house.admission.open.size).toBe(0);
    expect(house.simulator.redirectsFollowed()).toBe(0);
  });

  test('streamed', async () => {
    await using house = await TestGateway.start(fast);
    const seen = await streamed(house, misbehave);
    await house.idle();
    expect(seen).toBe(expected.stream);
    expect(bookedOf(house)).toBe(expected.streamBooked);
    expect(house.admission.open.size).toBe(0);
    expect(house.errors.filter((line) => !line.includes('no price'))).toEqual([]);
  });
});

/** Reads a stream as an SDK does; a broken event in the middle is passed over by a lenient reader. */
async function streamed(house: TestGateway, misbehave: string): Promise<'whole' | 'error'> {
  const response = await house.post(
    '/v1/chat/completions',
    { ...body, stream: true },
    { 'x-sim-misbehave': misbehave },
  );
  const text = await response.text();
  if (response.status !== 200) return 'error';
  // Whatever the supplier did, a client holds whole events only.
  expect(text).toMatch(/\r?\n\r?\n$/);
  expect(text).not.toContain('\uFFFD');
  return /"error":\s*\{/.test(text) ? 'error' : 'whole';
}

test('what was not asked for but came is booked in full: an answer twice as long', async () => {
  await using house = await TestGateway.start(fast);
  await house.post('/v1/chat/completions', body, { 'x-sim-misbehave': 'over-limit:3' });
  await house.idle();
  const served = house.simulator.log.requests()[0]?.end?.billed;
  expect(served?.output).toBeGreaterThan(100);
  expect(house.admission.settled[0]?.attempts[0]?.usage.output).toBe(served?.output);
});

test('an answer that names a model without a price is priced as its route, and an operator hears of it', async () => {
  await using house = await TestGateway.start(fast);
  await house.post('/v1/chat/completions', body, { 'x-sim-misbehave': 'other-model:someone-else' });
  await house.idle();
  expect(house.admission.settled[0]?.actual.costNanoUsd).toBeGreaterThan(0);
  expect(house.errors.join()).toContain('no price');
});

test('a storm of 429 that passes is waited out', async () => {
  await using house = await TestGateway.start();
  house.simulator.setScript([{ misbehave: 'status:429', times: 2 }]);
  const response = await house.post('/v1/chat/completions', body);
  expect(response.status).toBe(200);
  await house.idle();
  expect(house.simulator.log.requests()).toHaveLength(3);
  expect(house.admission.settled).toHaveLength(1);
});

test('an attempt that broke after the supplier had begun costs us, and not the customer', async () => {
  await using house = await TestGateway.start();
  house.simulator.setScript([{ misbehave: 'reset-after-headers', times: 1 }]);
  expect((await house.post('/v1/chat/completions', body)).status).toBe(200);
  await house.idle();
  const [measurement] = house.admission.settled;
  expect(measurement?.attempts).toHaveLength(2);
  const [wasted, answered] = measurement?.attempts ?? [];
  expect(wasted?.costNanoUsd).toBeGreaterThan(0);
  expect(measurement?.actual.chargeNanoUsd).toBe(answered?.costNanoUsd);
  expect(measurement?.actual.costNanoUsd).toBe(
    (answered?.costNanoUsd ?? 0) + (wasted?.costNanoUsd ?? 0),
  );
  expect(measurement?.estimated).toBe(true);
});

test('a storm that lasts reaches the client with its retry-after, and nothing is booked', async () => {
  await using house = await TestGateway.start();
  house.simulator.setScript([{ misbehave: 'status:429' }]);
  const response = await house.post('/v1/chat/completions', body);
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after-ms')).toBe('20');
  await house.idle();
  expect(house.admission.of('void')).toHaveLength(1);
});

test('the next route answers where the first fails, and the circuit breaker keeps requests from it', async () => {
  await using house = await TestGateway.start({
    limits: { breakerFailures: 2, breakerOpenMs: 60_000 },
    models: ({ url }) => [
      testModel([
        testRoute({ name: 'dead', baseUrl: 'http://127.0.0.1:9' }, { id: 'dead/sim-standard' }),
        testRoute({ baseUrl: url }),
      ]),
    ],
  });
  for (let i = 0; i < 3; i++)
    expect((await house.post('/v1/chat/completions', body)).status).toBe(200);
  await house.idle();
  expect(house.gateway.routeStates().get('dead/sim-standard')).toBe('open');
  expect(house.admission.settled).toHaveLength(3);
});

test('with every route down and known to be, a request is refused before it is held', async () => {
  await using house = await TestGateway.start({
    limits: { breakerFailures: 1, breakerOpenMs: 60_000, attemptsMax: 1 },
    models: () => [testModel([testRoute({ baseUrl: 'http://127.0.0.1:9' })])],
  });
  expect((await house.post('/v1/chat/completions', body)).status).toBe(502);
  const refused = await house.post('/v1/chat/completions', body);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
});

test('an error that an SDK would retry is not retried where it was told not to', async () => {
  await using house = await TestGateway.start({ limits: { attemptsMax: 1 } });
  house.simulator.setScript([{ misbehave: 'status:500' }]);
  const client = house.openai({ maxRetries: 2 });
  await expect(
    client.chat.completions.create({
      model: 'sim-standard',
      messages: [{ role: 'user', content: 'x' }],
    }),
  ).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  expect(house.simulator.log.requests()).toHaveLength(3);
});
