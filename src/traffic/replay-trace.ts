import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { DomainError } from '#base/domain-error.ts';
import {
  makeReplayCustomers,
  type ReplayControl,
  type ReplayCustomer,
  replayMapping,
} from './replay-customers.ts';
import { type ReplayReport, ReplayTally } from './replay-report.ts';
import { sendReplayed } from './replay-request.ts';
import { readTrace, type TraceFormat, type TraceRequest } from './trace-reader.ts';

export type { ReplayControl } from './replay-customers.ts';
export type { ReplayReport } from './replay-report.ts';
export { TRACE_FORMATS, type TraceFormat } from './trace-reader.ts';

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

/** What a gateway on a small machine streams at once. Past it sending waits, and the lag says so. */
const IN_FLIGHT_MAX = 256;
const PROGRESS_EVERY_MS = 1_000;
const CUSTOMERS_MAX = 100_000;
/** Longer than the gateway lets an upstream be silent. */
const SILENCE_MS = 600_000;

/**
 * Sends a recorded trace through the running gateway at its own rhythm, sped up. The trace names no
 * customers; each request goes to one drawn in proportion to shares from the published tail
 * (`docs/replay-and-demo.md`). The simulator answers with the recorded token counts. Refusals are
 * counted, not repeated.
 * @throws DomainError `invalid_request` for options out of range or an empty trace, as
 *   {@link readTrace} does, and the operator API's own
 */
export async function replayTrace(options: ReplayOptions): Promise<ReplayReport> {
  requireInRange('speed', options.speed, { least: 0.001, most: 1_000_000 });
  requireInRange('customers', options.customers, { least: 1, most: CUSTOMERS_MAX, whole: true });
  requireInRange('seed', options.seed, { least: 0, most: Number.MAX_SAFE_INTEGER, whole: true });
  const requestsMax = options.requestsMax ?? Infinity;
  requireInRange('limit', requestsMax, { least: 1, most: Infinity });
  const { client, file, format, seed, book, onProgress } = options;
  const trace = readTrace(file, format);
  // Read before anything is made, so that a wrong file leaves nothing behind.
  const first = await nextOf(trace);
  if (!first) {
    throw new DomainError('invalid_request', `${file} holds no requests.`, { field: 'file' });
  }
  const { url } = await client.call<{ url: string }>('GET', '/health');
  const count = options.customers;
  const customers = await makeReplayCustomers(client, { count, seed, book, onProgress });
  try {
    return await sendTrace({ ...options, requestsMax, url, customers, trace, first });
  } finally {
    await trace.return(undefined);
  }
}

/** Sends the first request and what follows it, each at its time. */
async function sendTrace(
  options: Omit<ReplayOptions, 'customers'> & {
    readonly requestsMax: number;
    readonly url: string;
    readonly customers: readonly ReplayCustomer[];
    readonly trace: AsyncGenerator<TraceRequest>;
    readonly first: TraceRequest;
  },
): Promise<ReplayReport> {
  const { file, speed, book, url, trace, first, onProgress } = options;
  const next = replayMapping(options.customers, options.seed);
  const dispatcher = new Agent({ headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS });
  const tally = new ReplayTally();
  let running = 0;
  let oneEnded = (): void => undefined;
  const sendOne = async (request: TraceRequest): Promise<void> => {
    const { customer, model } = next();
    const { secret } = customer;
    running++;
    tally.ended(await sendReplayed({ url, dispatcher, secret, model, request }), request);
    running--;
    oneEnded();
  };
  const untilFewer = (than: number): Promise<void> | undefined =>
    running < than
      ? undefined
      : new Promise((resolve) => {
          oneEnded = () => running < than && resolve();
        });
  const startedMs = performance.now();
  /** Of what was sent last, since the first, as recorded. */
  let lastMs = 0;
  const telling = setInterval(() => onProgress(tally.progress(running)), PROGRESS_EVERY_MS);
  try {
    for (
      let request: TraceRequest | undefined = first;
      request;
      request = tally.requests < options.requestsMax ? await nextOf(trace) : undefined
    ) {
      lastMs = request.offsetMs - first.offsetMs;
      const dueMs = startedMs + lastMs / speed;
      const earlyMs = dueMs - performance.now();
      if (earlyMs > 0) await sleep(earlyMs);
      await untilFewer(IN_FLIGHT_MAX);
      tally.sent(performance.now() - dueMs);
      void sendOne(request);
    }
    await untilFewer(1);
  } finally {
    clearInterval(telling);
    await dispatcher.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return tally.report({ file, speed, book, seconds, recordedSeconds: lastMs / 1000 });
}

async function nextOf(trace: AsyncGenerator<TraceRequest>): Promise<TraceRequest | undefined> {
  const read = await trace.next();
  return read.done ? undefined : read.value;
}

/** @throws DomainError `invalid_request`, naming the option */
function requireInRange(
  field: string,
  value: number,
  { least, most, whole }: { readonly least: number; readonly most: number; readonly whole?: true },
): void {
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return;
  const kind = whole ? 'a whole number' : 'a number';
  throw new DomainError('invalid_request', `${field} must be ${kind} from ${least} to ${most}.`, {
    field,
  });
}
