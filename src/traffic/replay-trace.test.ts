import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { PLAN_MIX } from './calibration.ts';
import { type ReplayControl, replayMapping, replayShares } from './replay-customers.ts';
import { type ReplayOptions, replayTrace } from './replay-trace.ts';

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: { model: string; stream: boolean; messages: { content: string }[] };
  readonly atMs: number;
}

type Answer = (heard: Heard, index: number) => { status: number; body: string; delayMs?: number };

const SERVED = { status: 200, body: 'data: {"choices":[]}\n\ndata: [DONE]\n\n' };

/** An operator's API that makes customers, and a gateway that writes down what it hears. */
async function world(answer: Answer = () => SERVED) {
  const heard: Heard[] = [];
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const atMs = performance.now();
    const body = JSON.parse(await text(request)) as Heard['body'];
    const one = { headers: request.headers, body, atMs };
    const { status, body: said, delayMs = 0 } = answer(one, heard.push(one) - 1);
    setTimeout(() => response.writeHead(status).end(said), delayMs);
  };
  const server = createServer((request, response) => void hear(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const calls: { path: string; body?: object }[] = [];
  const client: ReplayControl = {
    async call<Result>(_: string, path: string, body?: object) {
      calls.push({ path, ...(body && { body }) });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      if (path === '/health') return { url } as Result;
      if (path.endsWith('/keys')) return { secret: `secret of ${path}` } as Result;
      return { id: `cus_${calls.length}` } as Result;
    },
  };
  return { client, heard, calls };
}

function traceOf(rows: readonly (readonly [atMs: number, input: number, output: number])[]) {
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  const lines = rows.map(([timestamp, input_length, output_length]) =>
    JSON.stringify({ timestamp, input_length, output_length, hash_ids: [] }),
  );
  directory.write('trace.jsonl', lines.join('\n'));
  return `${directory.path}/trace.jsonl`;
}

const quick = (client: ReplayControl, file: string): ReplayOptions => ({
  client,
  file,
  format: 'mooncake',
  speed: 10,
  customers: 20,
  seed: 1,
  book: 'test',
  onProgress: () => undefined,
});

describe('a replay', () => {
  it('sends what was recorded, at its rhythm, dictating the recorded counts', async () => {
    const { client, heard } = await world();
    const file = traceOf([
      [5_000, 40, 7],
      [5_000, 100, 8],
      [8_000, 3, 9],
    ]);
    const beganMs = performance.now();
    const report = await replayTrace(quick(client, file));
    expect(heard.map(({ headers }) => headers['x-sim-input-tokens'])).toEqual(['40', '100', '3']);
    expect(heard.map(({ headers }) => headers['x-sim-output-tokens'])).toEqual(['7', '8', '9']);
    expect(heard.map(({ body }) => body.messages[0]?.content.length)).toEqual([160, 400, 12]);
    expect(heard.every(({ body }) => body.stream && body.model.startsWith('sim-'))).toBe(true);
    // Three seconds at ten times the speed: never earlier, however late a busy machine hears of it.
    expect((heard[2]?.atMs ?? 0) - beganMs).toBeGreaterThan(299);
    expect(report).toMatchObject({
      requests: 3,
      served: 3,
      inputTokens: 143,
      outputTokens: 24,
      recordedSeconds: 3,
    });
    expect(report.text).toContain('breakeven report pnl --book test');
  });

  it('counts refusals and failures by their reason, and repeats nothing', async () => {
    const answers = [
      { status: 429, body: '{"error":{"code":"gate_full"}}' },
      { status: 402, body: '{"error":{"code":"insufficient_funds"}}' },
      { status: 503, body: 'not JSON' },
      { status: 200, body: 'data: {"choices":[' },
      { status: 200, body: 'data: {"choices":[{"finish_reason":"length"}]}\n\ndata: [DONE]\n\n' },
      SERVED,
    ];
    const { client, heard } = await world((_, index) => answers[index] ?? SERVED);
    // Apart in time, so that they arrive in this order.
    const file = traceOf(answers.map((_, i) => [i * 1_000, 1, 1] as const));
    const report = await replayTrace({ ...quick(client, file), speed: 20 });
    expect(heard).toHaveLength(6);
    expect(report).toMatchObject({
      requests: 6,
      served: 2,
      cut: 1,
      refused: 2,
      failed: 2,
      reasons: {
        '429 gate_full': 1,
        '402 insufficient_funds': 1,
        '503': 1,
        'stream cut off': 1,
      },
    });
  });

  it('keeps the rhythm while answers are slow, and says how far it fell behind', async () => {
    const { client } = await world(() => ({ ...SERVED, delayMs: 400 }));
    const rows = Array.from({ length: 50 }, (_, i) => [i * 20, 1, 1] as const);
    const report = await replayTrace(quick(client, traceOf(rows)));
    expect(report.served).toBe(50);
    expect(report.wholeMs.p50).toBeGreaterThan(390);
    // One after the other they would take 20 s.
    expect(report.seconds).toBeLessThan(5);
    expect(report.lagMs.max).toBeLessThan(2_000);
  });

  it('maps the same way for the same seed, and stops at its limit', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [i * 10, 1, 1] as const);
    const secrets: string[][] = [];
    for (const seed of [4, 4, 5]) {
      const { client, heard } = await world();
      await replayTrace({ ...quick(client, traceOf(rows)), seed, requestsMax: 25, speed: 1 });
      expect(heard).toHaveLength(25);
      const sent = heard.map(({ headers, body }) => `${headers.authorization} ${body.model}`);
      secrets.push(sent.sort((a, b) => a.localeCompare(b)));
    }
    expect(secrets[0]).toEqual(secrets[1]);
    expect(secrets[0]).not.toEqual(secrets[2]);
  });

  it('makes customers in the stated mix, with credits for those who pay as they go', async () => {
    const { client, calls } = await world();
    await replayTrace({ ...quick(client, traceOf([[0, 1, 1]])), customers: 100 });
    const made = calls.filter(({ path }) => path === '/customers');
    const plans = made.map(({ body }) => (body as { plan: string; book: string }).plan);
    for (const [plan, count] of Object.entries(PLAN_MIX)) {
      expect(plans.filter((each) => each === plan)).toHaveLength(count);
    }
    expect(made.every(({ body }) => (body as { book: string }).book === 'test')).toBe(true);
    expect(calls.filter(({ path }) => path.endsWith('/credits'))).toHaveLength(1);
    expect(calls.filter(({ path }) => path.endsWith('/keys'))).toHaveLength(100);
  });

  it('gives each customer its share of the requests', () => {
    const shares = replayShares(200, 3);
    const next = replayMapping(shares, 3);
    const counts = new Map(shares.map((share) => [share, 0]));
    for (let i = 0; i < 50_000; i++) {
      const { customer } = next();
      counts.set(customer, (counts.get(customer) ?? 0) + 1);
    }
    const total = shares.reduce((sum, { weight }) => sum + weight, 0);
    for (const [{ weight }, count] of counts) {
      const expected = (50_000 * weight) / total;
      expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected) + 3);
    }
  });

  it.each([
    [{ speed: 0 }, 'speed'],
    [{ speed: Number.NaN }, 'speed'],
    [{ customers: 0 }, 'customers'],
    [{ customers: 2.5 }, 'customers'],
    [{ requestsMax: 0 }, 'limit'],
    [{ seed: -1 }, 'seed'],
  ])('refuses %o and makes nobody', async (wrong, field) => {
    const { client, calls } = await world();
    await expect(
      replayTrace({ ...quick(client, traceOf([[0, 1, 1]])), ...wrong }),
    ).rejects.toMatchObject({ code: 'invalid_request', field });
    expect(calls).toEqual([]);
  });

  it('makes nobody for a trace that is empty, missing or of another format', async () => {
    const { client, calls } = await world();
    await expect(replayTrace(quick(client, traceOf([])))).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(replayTrace(quick(client, '/nowhere/trace'))).rejects.toMatchObject({
      code: 'not_found',
    });
    const azure = { ...quick(client, traceOf([[0, 1, 1]])), format: 'azure-2023' } as const;
    await expect(replayTrace(azure)).rejects.toThrow('line 1');
    expect(calls).toEqual([]);
  });
});
