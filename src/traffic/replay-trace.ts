import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request as send } from 'undici';
import { seededRandom } from '#base/random.ts';
import type { DemoPlan } from './calibration.ts';
import { CLASS_MIX, PLAN_MIX, VOLUME_SIGMA } from './calibration.ts';
import { logNormal, pick } from './draw.ts';
import { readTrace, type TraceFormat, type TraceRequest } from './trace-reader.ts';

export { TRACE_FORMATS, type TraceFormat } from './trace-reader.ts';

/** The operator's API, as much of it as a replay needs. */
export interface ReplayControl {
  call<Result>(method: 'GET' | 'POST', path: string, body?: object): Promise<Result>;
}

export interface ReplayOptions {
  readonly client: ReplayControl;
  readonly file: string;
  readonly format: TraceFormat;
  /** How many times faster than recorded. */
  readonly speed: number;
  readonly customers: number;
  readonly seed: number;
  readonly book: 'live' | 'test';
  readonly requestsMax?: number;
  readonly onProgress: (text: string) => void;
}

export interface ReplayReport {
  readonly requests: number;
  readonly served: number;
  /** Refused by a gate or for lack of funds: part of the picture, not a failure. */
  readonly refused: number;
  readonly failed: number;
  /** How far sending fell behind the schedule at most. */
  readonly lagMsMax: number;
  readonly seconds: number;
  readonly text: string;
}

interface ReplayCustomer {
  readonly plan: DemoPlan;
  readonly secret: string;
  /** Share of the trace's requests that are theirs. */
  readonly weight: number;
}

const IN_FLIGHT_MAX = 512;
const PROGRESS_EVERY_MS = 1000;
const MODELS = { fast: 'sim-fast', standard: 'sim-standard', reasoning: 'sim-reasoning' } as const;
/** About a token, so that the prompt's size bounds the recorded input. */
const FILLER = 'data ';
const SPEND_USD = '1000';

/**
 * Sends a recorded trace through the running gateway at its own rhythm, sped up. The trace names no
 * customers; each request goes to one drawn in proportion to volumes from the published tail
 * (`docs/replay-and-demo.md`). The simulator answers with the recorded token counts.
 * @throws DomainError as {@link readTrace} does, and the operator API's own
 */
export async function replayTrace(options: ReplayOptions): Promise<ReplayReport> {
  const { url } = await options.client.call<{ url: string }>('GET', '/health');
  const customers = await makeCustomers(options);
  const random = seededRandom(options.seed + 1);
  const weights = Object.fromEntries(customers.map(({ weight }, index) => [index, weight]));
  const agent = new Agent({
    connections: IN_FLIGHT_MAX,
    headersTimeout: 600_000,
    bodyTimeout: 600_000,
  });
  const counts = { requests: 0, served: 0, refused: 0, failed: 0, lagMsMax: 0 };
  const startedMs = performance.now();
  const pending = new Set<Promise<void>>();
  let toldMs = startedMs;
  try {
    for await (const request of readTrace(options.file, options.format)) {
      if (counts.requests >= (options.requestsMax ?? Infinity)) break;
      const dueMs = startedMs + request.offsetMs / options.speed;
      if (dueMs > performance.now()) await sleep(dueMs - performance.now());
      while (pending.size >= IN_FLIGHT_MAX) await Promise.race(pending);
      counts.lagMsMax = Math.max(counts.lagMsMax, performance.now() - dueMs);
      const customer = customers[Number(pick(random, weights))];
      if (!customer) continue;
      counts.requests++;
      const model = MODELS[pick(random, CLASS_MIX[customer.plan])];
      const done: Promise<void> = sendOne({ url, agent, customer, model, request })
        .then((outcome) => void counts[outcome]++)
        .finally(() => pending.delete(done));
      pending.add(done);
      if (performance.now() - toldMs > PROGRESS_EVERY_MS) {
        toldMs = performance.now();
        options.onProgress(
          `${counts.requests} sent, ${counts.served} served, ${counts.refused} refused, ${counts.failed} failed, ${pending.size} running`,
        );
      }
    }
    await Promise.all(pending);
  } finally {
    await agent.close();
  }
  return reportOf(counts, (performance.now() - startedMs) / 1000, options);
}

async function makeCustomers(options: ReplayOptions): Promise<readonly ReplayCustomer[]> {
  const random = seededRandom(options.seed);
  const customers: ReplayCustomer[] = [];
  const { client, book } = options;
  for (let i = 0; i < options.customers; i++) {
    const plan = pick(random, PLAN_MIX);
    const weight = logNormal(random, 1, VOLUME_SIGMA);
    const { id } = await client.call<{ id: string }>('POST', '/customers', {
      book,
      name: `Replay ${options.seed}/${i + 1}`,
      plan,
    });
    if (plan === 'payg') {
      await client.call('POST', `/customers/${id}/credits`, {
        book,
        kind: 'bought',
        amountUsd: SPEND_USD,
        reference: `replay ${id}`,
      });
    }
    const { secret } = await client.call<{ secret: string }>('POST', `/customers/${id}/keys`, {
      book,
      name: 'replay',
    });
    customers.push({ plan, secret, weight });
    if (i % 20 === 19) options.onProgress(`${i + 1} of ${options.customers} customers made`);
  }
  return customers;
}

async function sendOne(one: {
  url: string;
  agent: Agent;
  customer: ReplayCustomer;
  model: string;
  request: TraceRequest;
}): Promise<'served' | 'refused' | 'failed'> {
  const { inputTokens, outputTokens, cachedTokens } = one.request;
  try {
    const { statusCode, body } = await send(`${one.url}/v1/chat/completions`, {
      method: 'POST',
      dispatcher: one.agent,
      headers: {
        authorization: `Bearer ${one.customer.secret}`,
        'content-type': 'application/json',
        'x-sim-input-tokens': String(inputTokens),
        'x-sim-output-tokens': String(outputTokens),
        'x-sim-cached-tokens': String(cachedTokens),
      },
      body: JSON.stringify({
        model: one.model,
        stream: true,
        messages: [{ role: 'user', content: FILLER.repeat(inputTokens) }],
      }),
    });
    const text = await body.text();
    if (statusCode === 402 || statusCode === 429) return 'refused';
    return statusCode === 200 && text.includes('[DONE]') ? 'served' : 'failed';
  } catch {
    return 'failed';
  }
}

function reportOf(
  counts: Omit<ReplayReport, 'seconds' | 'text'>,
  seconds: number,
  { book, speed, file }: ReplayOptions,
): ReplayReport {
  const { requests, served, refused, failed, lagMsMax } = counts;
  return {
    ...counts,
    seconds,
    text:
      `Replayed ${requests.toLocaleString('en')} requests of ${file} at ${speed}× in ${seconds.toFixed(1)} s: ` +
      `${served.toLocaleString('en')} served, ${refused.toLocaleString('en')} refused, ${failed.toLocaleString('en')} failed; ` +
      `at most ${Math.round(lagMsMax)} ms behind the recording.\nNow: breakeven report pnl --book ${book}`,
  };
}
