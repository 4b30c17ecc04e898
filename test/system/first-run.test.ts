import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { eventually, Installation } from './installation.ts';

/** What a new user does, in order: start, set up, call, report, ask why, audit, crash, back up, restore. */

interface SetUp {
  readonly customer: string;
  readonly apiKey: string;
  readonly ownerKey: string;
  readonly url: string;
}
interface Report {
  readonly rows: readonly { readonly key: string; readonly requests: number }[];
}

const directory = temporaryDirectory();
const SIMULATED = { BREAKEVEN_SIMULATOR: 'on' };
const messages = [{ role: 'user' as const, content: 'What is a waterline?' }];
let installation: Installation;
let made: SetUp;
let requestId = '';

beforeAll(async () => {
  installation = await Installation.start({
    dataDir: join(directory.path, 'data'),
    environment: SIMULATED,
  });
});
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

test('set-up gives an owner, a customer and a key, once', async () => {
  made = await installation.ask<SetUp>('setup');
  expect(made.url).toBe(installation.url);
  const again = await installation.command('setup');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('set up already');
  const doctor = await installation.command('doctor');
  expect(doctor.code).toBe(0);
});

test('the official OpenAI client streams, and the receipt says what it took', async () => {
  const client = new OpenAI({ baseURL: `${installation.url}/v1`, apiKey: made.apiKey });
  const { data, response } = await client.chat.completions
    .create({
      model: 'sim-standard',
      messages,
      stream: true,
      max_tokens: 40,
      stream_options: { include_usage: true },
    })
    .withResponse();
  let text = '';
  let tokens = 0;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? '';
    tokens = chunk.usage?.completion_tokens ?? tokens;
  }
  expect(text).not.toBe('');
  expect(tokens).toBeGreaterThan(0);
  requestId = response.headers.get('x-request-id') ?? '';
  const receipt = await eventually('the receipt', 5_000, async () => {
    const answer = await fetch(`${installation.url}/v1/receipts/${requestId}`, {
      headers: { authorization: `Bearer ${made.apiKey}` },
    });
    if (answer.status === 200) return answer.json();
    // The last byte of a stream leaves before its settlement is durable.
    expect(answer.status).toBe(409);
    return undefined;
  });
  expect(receipt).toMatchObject({ object: 'receipt', estimated: false });
});

test('the official Anthropic client calls a model that speaks the other wire', async () => {
  const client = new Anthropic({ baseURL: installation.url, apiKey: made.apiKey });
  const message = await client.messages
    .stream({ model: 'sim-standard', max_tokens: 40, messages })
    .finalMessage();
  expect(message.usage.output_tokens).toBeGreaterThan(0);
  expect(message.content[0]).toMatchObject({ type: 'text' });
});

test('the report, the reason and the audit know of it', async () => {
  const report = await installation.ask<Report>('report', 'pnl', '--by', 'model');
  expect(JSON.stringify(report)).toContain('sim-standard');
  const why = await installation.command('why', requestId);
  expect(why.stderr).toBe('');
  expect(why.stdout).toContain(requestId);
  expect(why.stdout.trim().split('\n').length).toBeLessThanOrEqual(12);
  const audit = await installation.command('audit');
  expect(audit.code).toBe(0);
});

test('a second process on the same data is refused by name', async () => {
  const rival = Installation.start({ dataDir: installation.dataDir });
  await expect(rival).rejects.toThrow(/in use by another Breakeven/);
});

test('after a kill -9 it starts on the same data', async () => {
  await installation.kill();
  await installation.start();
  const audit = await installation.command('audit');
  expect(audit.code).toBe(0);
  const client = new OpenAI({ baseURL: `${installation.url}/v1`, apiKey: made.apiKey });
  const answer = await client.chat.completions.create({ model: 'sim-fast', messages });
  expect(answer.choices[0]?.message.content).not.toBe('');
});

test(
  'a backup, restored into a new data directory, is the same books',
  { timeout: 60_000 },
  async () => {
    const file = join(directory.path, 'breakeven.bak');
    const written = await installation.ask<{ rows: number }>('backup', file);
    expect(existsSync(file)).toBe(true);
    const before = await installation.ask<Report>('report', 'pnl', '--by', 'customer');

    const dataDir = join(directory.path, 'restored');
    const idle = Installation.at({ dataDir, environment: SIMULATED });
    const { rows } = await idle.ask<{ rows: number }>('restore', file);
    expect(rows).toBe(written.rows);
    await idle.start();
    await using restored = idle;
    const audit = await restored.command('audit');
    expect(audit.code).toBe(0);
    const after = await restored.ask<Report>('report', 'pnl', '--by', 'customer');
    expect(requestsIn(after)).toEqual(requestsIn(before));
    const client = new OpenAI({ baseURL: `${restored.url}/v1`, apiKey: made.apiKey });
    const answer = await client.chat.completions.create({ model: 'sim-fast', messages });
    expect(answer.choices[0]?.message.content).not.toBe('');
    expect(existsSync(join(dataDir, 'master.key'))).toBe(true);
  },
);

function requestsIn({ rows }: Report): readonly (readonly [string, number])[] {
  return rows.map(({ key, requests }) => [key, requests]);
}

test('a stop lets a running stream end, and refuses what comes after', async () => {
  const client = new OpenAI({
    baseURL: `${installation.url}/v1`,
    apiKey: made.apiKey,
    maxRetries: 0,
  });
  const stream = await client.chat.completions.create({
    model: 'sim-standard',
    messages,
    stream: true,
    max_tokens: 200,
    metadata: { sim_output_tokens: '200' },
  });
  let finish: string | null = null;
  let isStopping = false;
  for await (const chunk of stream) {
    if (!isStopping) {
      isStopping = true;
      installation.interrupt();
    }
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  expect(finish).toMatch(/^(stop|length)$/);
  expect(await installation.ended()).toBe(0);
  expect(existsSync(join(installation.dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  await installation.start();
  const audit = await installation.ask<{
    books: { book: string; figures: { openHolds: number } }[];
  }>('audit');
  expect(audit.books.find(({ book }) => book === 'live')?.figures.openHolds).toBe(0);
});
