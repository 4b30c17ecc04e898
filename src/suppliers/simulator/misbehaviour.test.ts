import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { seededRandom } from '#base/random.ts';
import { NO_LATENCY } from './delivery.ts';
import { MISBEHAVIOURS, parseMisbehaviour, type MisbehaviourName } from './misbehaviour.ts';
import { dataOf, rawRequest, type RawAnswer, type RawRequest } from './raw-client.ts';
import type { ServedRequest } from './simulator-log.ts';
import { startSimulator, type Simulator } from './simulator.ts';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({
    clock: systemClock,
    random: seededRandom(7),
    latency: NO_LATENCY,
  });
});
afterAll(() => simulator.close());

/** A prompt whose answer has characters of several bytes in every part of it. */
const PROMPT = 'hello';
const OUTPUT_TOKENS = 200;

interface Asked extends Partial<RawRequest> {
  readonly surface?: 'chat' | 'responses' | 'messages';
  readonly stream?: boolean;
  readonly maxTokens?: number;
}

const PATHS = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
} as const;

function bodyOf({ surface = 'chat', stream = true, maxTokens = OUTPUT_TOKENS }: Asked): string {
  const message = { role: 'user', content: PROMPT };
  const common = { model: 'sim-fast', stream };
  if (surface === 'responses')
    return JSON.stringify({ ...common, input: PROMPT, max_output_tokens: maxTokens });
  return JSON.stringify({
    ...common,
    max_tokens: maxTokens,
    messages: [message],
    ...(surface === 'chat' && stream && { stream_options: { include_usage: true } }),
  });
}

async function ask(misbehave: string | undefined, asked: Asked = {}): Promise<RawAnswer> {
  return rawRequest({
    url: simulator.url,
    path: PATHS[asked.surface ?? 'chat'],
    body: bodyOf(asked),
    ...asked,
    headers: {
      'x-sim-output-tokens': `${OUTPUT_TOKENS}`,
      ...(misbehave !== undefined && { 'x-sim-misbehave': misbehave }),
      ...asked.headers,
    },
  });
}

/** The simulator's own account of the request before. */
async function served(): Promise<ServedRequest> {
  const last = () => simulator.log.requests().at(-1);
  await expect.poll(() => last()?.end, { interval: 5 }).toBeDefined();
  const request = last();
  if (!request) throw new Error('nothing was served');
  return request;
}

type Json = Record<string, unknown>;

function eventsOf(answer: RawAnswer): Json[] {
  return dataOf(answer.body)
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data) as Json);
}

function usagesOf(answer: RawAnswer): unknown[] {
  return eventsOf(answer).flatMap((event) => {
    const holder = (event['response'] ?? event['message'] ?? event) as Json;
    return holder['usage'] ? [holder['usage']] : [];
  });
}

/** Ids and times differ between two answers to one prompt; nothing else does. */
function text(answer: RawAnswer): string {
  return answer.body
    .toString('utf8')
    .replaceAll(/sim[0-9a-f]{24}/g, 'sim')
    .replaceAll(/"created":\d+/g, '"created":0');
}

/** One test for each misbehaviour: the compiler asks for the missing. */
const TESTS: Record<MisbehaviourName, () => Promise<void>> = {
  async 'split-utf8'() {
    const answer = await ask('split-utf8');
    expect(text(answer)).toBe(text(await ask(undefined)));
    expect(answer.reads).toBeGreaterThan(2);
  },
  async 'split-event'() {
    const answer = await ask('split-event');
    expect(text(answer)).toBe(text(await ask(undefined)));
    expect(answer.reads).toBeGreaterThan(20);
  },
  async 'cut-utf8'() {
    for (const stream of [true, false]) {
      const answer = await ask('cut-utf8', { stream });
      expect(answer.whole).toBe(true);
      expect(answer.body.at(-1)).toBeGreaterThanOrEqual(0xc0);
      expect(() => new TextDecoder('utf-8', { fatal: true }).decode(answer.body)).toThrow(
        /not valid/,
      );
    }
  },
  async 'cut-event'() {
    const answer = await ask('cut-event');
    expect(answer).toMatchObject({ whole: true, ended: 'closed' });
    expect(answer.body.toString()).not.toMatch(/\n\n$/);
    expect((await served()).end).toMatchObject({ outcome: 'cut' });
    const json = await ask('cut-event', { stream: false });
    expect(json.whole).toBe(true);
    expect(() => JSON.parse(json.body.toString())).toThrow(SyntaxError);
  },
  async 'no-usage'() {
    for (const surface of ['chat', 'responses', 'messages'] as const)
      for (const stream of [true, false]) {
        const answer = await ask('no-usage', { surface, stream });
        expect(answer.status).toBe(200);
        expect(answer.body.toString()).not.toMatch(/"usage":\{/);
      }
  },
  async 'usage-twice'() {
    const usages = usagesOf(await ask('usage-twice'));
    expect(usages).toHaveLength(2);
    expect(usages[0]).toEqual(usages[1]);
  },
  async 'usage-cumulative'() {
    const usages = usagesOf(await ask('usage-cumulative')) as { completion_tokens: number }[];
    const outputs = usages.map((usage) => usage.completion_tokens);
    expect(outputs.length).toBeGreaterThan(100);
    expect(outputs).toEqual(outputs.toSorted((a, b) => a - b));
    expect(outputs.at(-1)).toBe(OUTPUT_TOKENS);
  },
  async 'usage-negative'() {
    expect(usagesOf(await ask('usage-negative'))).toMatchObject([
      { completion_tokens: -OUTPUT_TOKENS },
    ]);
  },
  async 'usage-absurd'() {
    expect(usagesOf(await ask('usage-absurd'))).toMatchObject([
      { completion_tokens: Number.MAX_SAFE_INTEGER },
    ]);
  },
  async 'error-200'() {
    for (const surface of ['chat', 'responses', 'messages'] as const) {
      const answer = await ask('error-200', { surface });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body.toString())).toHaveProperty('error.message');
    }
    expect((await served()).end).toMatchObject({ outcome: 'refused', billed: null });
  },
  async 'error-mid-stream'() {
    for (const surface of ['chat', 'messages'] as const) {
      const events = eventsOf(await ask('error-mid-stream', { surface }));
      expect(events.length).toBeGreaterThan(50);
      expect(events.at(-1)).toHaveProperty('error.message');
    }
    const events = eventsOf(await ask('error-mid-stream', { surface: 'responses' }));
    expect(events.at(-1)).toMatchObject({ type: 'error', code: 'server_error' });
    expect((await served()).end).toMatchObject({ outcome: 'cut' });
  },
  async 'silence-before-headers'() {
    const answer = await ask('silence-before-headers', { silenceMs: 60 });
    expect(answer).toMatchObject({ ended: 'silent', status: 0 });
    expect((await ask('silence-before-headers:30')).whole).toBe(true);
  },
  async 'silence-after-headers'() {
    const answer = await ask('silence-after-headers', { silenceMs: 60 });
    expect(answer).toMatchObject({ ended: 'silent', status: 200, whole: false });
    expect(answer.body).toHaveLength(0);
    expect((await served()).end).toMatchObject({ outcome: 'aborted', billed: { output: 0 } });
    expect((await ask('silence-after-headers:30')).whole).toBe(true);
  },
  async 'silence-mid-stream'() {
    const answer = await ask('silence-mid-stream', { silenceMs: 60 });
    expect(answer).toMatchObject({ ended: 'silent', whole: false });
    expect(eventsOf(answer).length).toBeGreaterThan(50);
    const { end } = await served();
    expect(end?.outcome).toBe('aborted');
    expect(end?.billed?.output).toBeGreaterThan(50);
    expect(end?.billed?.output).toBeLessThan(OUTPUT_TOKENS);
    const late = await ask('silence-mid-stream:30');
    expect(text(late)).toBe(text(await ask(undefined)));
  },
  async status() {
    const storm = await ask('status:429');
    expect(storm.status).toBe(429);
    expect(storm.headers.get('retry-after')).toBe('1');
    expect(Number(storm.headers.get('retry-after-ms'))).toBeGreaterThan(0);
    const spent = await ask('status:429:insufficient_quota');
    expect(JSON.parse(spent.body.toString())).toHaveProperty('error.code', 'insufficient_quota');
    for (const status of [400, 401, 404, 500, 502, 503])
      expect((await ask(`status:${status}`)).status).toBe(status);
    const overloaded = await ask('status:529', { surface: 'messages' });
    expect(JSON.parse(overloaded.body.toString())).toMatchObject({
      type: 'error',
      error: { type: 'overloaded_error' },
    });
    expect((await served()).planned).toBeNull();
  },
  async 'malformed-json'() {
    const stream = await ask('malformed-json');
    expect(() => eventsOf(stream)).toThrow(SyntaxError);
    const json = await ask('malformed-json', { stream: false });
    expect(json.whole).toBe(true);
    expect(() => JSON.parse(json.body.toString())).toThrow(SyntaxError);
  },
  async 'empty-body'() {
    const answer = await ask('empty-body', { stream: false });
    expect(answer).toMatchObject({ status: 200, whole: true });
    expect(answer.body).toHaveLength(0);
  },
  async 'wrong-content-type'() {
    const answer = await ask('wrong-content-type', { stream: false });
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(JSON.parse(answer.body.toString())).toHaveProperty('choices');
  },
  async 'reset-before-headers'() {
    expect(await ask('reset-before-headers')).toMatchObject({ ended: 'reset', status: 0 });
    expect((await served()).end).toMatchObject({ outcome: 'cut' });
  },
  async 'reset-after-headers'() {
    const answer = await ask('reset-after-headers');
    expect(answer).toMatchObject({ ended: 'reset', whole: false });
    expect(answer.body).toHaveLength(0);
  },
  async 'reset-mid-stream'() {
    for (const stream of [true, false]) {
      const answer = await ask('reset-mid-stream', { stream });
      expect(answer).toMatchObject({ ended: 'reset', whole: false });
    }
    expect((await served()).end).toMatchObject({ outcome: 'cut' });
  },
  async 'slow-drip'() {
    const answer = await ask('slow-drip:0', { stream: false });
    expect(JSON.parse(answer.body.toString())).toHaveProperty('usage');
    expect(answer.reads).toBeGreaterThan(20);
  },
  async 'huge-event'() {
    const lines = dataOf((await ask('huge-event:300000')).body);
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(300_000);
    expect((await ask('huge-event', { stream: false })).body.length).toBeGreaterThan(1024 * 1024);
  },
  async 'trailing-data'() {
    const lines = dataOf((await ask('trailing-data')).body);
    expect(lines.at(-2)).toBe('[DONE]');
    expect(lines.at(-1)).toMatch(/"delta"/);
  },
  async 'missing-done'() {
    const answer = await ask('missing-done');
    expect(answer.whole).toBe(true);
    expect(dataOf(answer.body)).not.toContain('[DONE]');
    expect(usagesOf(answer)).toHaveLength(1);
  },
  async 'duplicate-events'() {
    const twice = eventsOf(await ask('duplicate-events'));
    expect(twice.length).toBeGreaterThan(1.8 * eventsOf(await ask(undefined)).length);
    expect((await served()).end?.billed?.output).toBe(OUTPUT_TOKENS);
  },
  async redirect() {
    const answer = await ask('redirect');
    expect(answer.status).toBe(307);
    expect(simulator.redirectsFollowed()).toBe(0);
    const followed = `${simulator.url}${answer.headers.get('location') ?? ''}`;
    await fetch(followed, { method: 'POST' });
    expect(simulator.redirectsFollowed()).toBe(1);
  },
  async gzip() {
    for (const stream of [true, false]) {
      const answer = await ask('gzip', { stream });
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      const plain = { ...answer, body: gunzipSync(answer.body) };
      expect(text(plain)).toBe(text(await ask(undefined, { stream })));
    }
  },
  async 'over-limit'() {
    const headers = { 'x-sim-output-tokens': '10' };
    const [usage] = usagesOf(await ask('over-limit:3', { maxTokens: 100, headers }));
    expect(usage).toMatchObject({ completion_tokens: 300 });
  },
  async 'header-flood'() {
    const answer = await ask('header-flood:50');
    expect(answer.head.split('\r\n').length).toBeGreaterThan(50);
    expect((await ask('header-flood')).head.length).toBeGreaterThan(16 * 1024);
  },
  async 'other-model'() {
    for (const surface of ['chat', 'responses', 'messages'] as const) {
      const answer = await ask('other-model:sim-dear', { surface });
      expect(answer.body.toString()).toMatch(/"model":"sim-dear"/);
      expect(answer.body.toString()).not.toMatch(/"model":"sim-fast"/);
    }
  },
  async 'bill-after-abort'() {
    simulator.setLatency({ firstTokenMs: 0, tokensPerSecond: 1000 });
    await ask(undefined, { closeAfterBytes: 3000 });
    const stopped = await served();
    await ask('bill-after-abort', { closeAfterBytes: 3000 });
    const billed = await served();
    simulator.setLatency(NO_LATENCY);
    expect(stopped.end?.outcome).toBe('aborted');
    expect(stopped.end?.billed?.output).toBeLessThan(OUTPUT_TOKENS);
    expect(billed.end).toMatchObject({ outcome: 'aborted', billed: { output: OUTPUT_TOKENS } });
  },
  async crlf() {
    const answer = await ask('crlf');
    expect(answer.body.toString().replaceAll('\r\n', '')).not.toMatch(/\n/);
    expect(
      text({ ...answer, body: Buffer.from(answer.body.toString().replaceAll('\r', '')) }),
    ).toBe(text(await ask(undefined)));
  },
  async comments() {
    const answer = await ask('comments');
    expect(answer.body.toString()).toMatch(/^: simulated keep-alive\n\n/);
    expect(usagesOf(answer)).toHaveLength(1);
  },
};

describe('each misbehaviour, seen by a bare socket', () => {
  test.each(MISBEHAVIOURS)('%s', async (name) => {
    expect.hasAssertions();
    await TESTS[name]();
  });
});

test('without misbehaviour an answer is whole, ends and is billed in full', async () => {
  for (const surface of ['chat', 'responses', 'messages'] as const)
    for (const stream of [true, false]) {
      const answer = await ask(undefined, { surface, stream });
      expect(answer).toMatchObject({ status: 200, whole: true, ended: 'closed' });
      const { planned, end } = await served();
      expect(end).toMatchObject({ outcome: 'completed', billed: planned });
    }
});

test('a script misbehaves without a word from the caller, and passes', async () => {
  simulator.setScript([{ misbehave: 'status:503', times: 2 }]);
  const statuses = [];
  for (let index = 0; index < 3; index++) statuses.push((await ask(undefined)).status);
  simulator.setScript([]);
  expect(statuses).toEqual([503, 503, 200]);
});

test('an unknown misbehaviour is refused by name', async () => {
  const answer = await ask('sing');
  expect(answer.status).toBe(400);
  expect(answer.body.toString()).toMatch(/no misbehaviour is called sing/);
});

test('arguments are read after colons', () => {
  expect(parseMisbehaviour('status:429:insufficient_quota')).toEqual({
    name: 'status',
    argument: '429',
    detail: 'insufficient_quota',
  });
  expect(parseMisbehaviour('statuses')).toBeUndefined();
});
