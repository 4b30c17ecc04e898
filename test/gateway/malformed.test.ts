import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { GatewayLimits } from '#gateway/gateway-limits.ts';
import { TestGateway } from '#gateway/testing-gateway.ts';
import { figures } from '../system/figures.ts';
import { BODY_BYTES_MAX, type Case, caseAt, largeCaseAt } from './malformed-cases.ts';

/**
 * Malformed input over raw sockets, from a seed: each case must end in a correct answer or a closed
 * connection, and leave neither sockets nor memory behind. `BREAKEVEN_MALFORMED_CASES=100000` runs the
 * long form, `BREAKEVEN_SEED` another seed. A case depends on the seed and its own number alone.
 */
const CASES = Number(process.env['BREAKEVEN_MALFORMED_CASES'] ?? 1_000);
const SEED = Number(process.env['BREAKEVEN_SEED'] ?? 20_261_124);
const LANES = 24;
const LIMITS = {
  bodyBytesMax: BODY_BYTES_MAX,
  headersTimeoutMs: 300,
  requestTimeoutMs: 600,
  attemptsMax: 1,
};
/** Of the cases, so many have bodies of the size that the service allows by default, and around it. */
const LARGE_CASES = Math.max(4, Math.floor(CASES / 1_000));
const LARGE_LANES = 4;
/** What may be in use after the cases beyond what was before them: pools, caches, compiled code. */
const GROWTH_BYTES_MAX = 24 * 1024 * 1024;
/** A case that has neither an answer nor a closed connection by then has failed. */
const CASE_MS_MAX = 10_000;
const LARGE_CASE_MS_MAX = 120_000;

test(
  `${CASES} malformed requests (seed ${SEED}) each get a correct error or a closed connection`,
  { timeout: 60_000 + CASES * 60 },
  async () => {
    expect(
      await survived(LIMITS, { count: CASES, lanes: LANES, caseAt, caseMsMax: CASE_MS_MAX }),
    ).toEqual(UNHARMED);
  },
);

test(
  `${LARGE_CASES} requests of 50 MB (seed ${SEED}) likewise`,
  { timeout: 60_000 + LARGE_CASES * 10_000 },
  async () => {
    const run = {
      count: LARGE_CASES,
      lanes: LARGE_LANES,
      caseAt: largeCaseAt,
      caseMsMax: LARGE_CASE_MS_MAX,
    };
    expect(await survived({ attemptsMax: 1 }, run)).toEqual(UNHARMED);
  },
);

/** How a gateway stands after a run. */
interface Verdict {
  /** The first of the cases that ended wrongly. */
  readonly failures: readonly string[];
  readonly rejections: readonly unknown[];
  /** Error lines of its log. */
  readonly errors: readonly string[];
  readonly openHolds: number;
  readonly connections: number;
  readonly grownTooFar: boolean;
  /** The status of a valid request after it all. */
  readonly thenServes: number;
}
const UNHARMED: Verdict = {
  failures: [],
  rejections: [],
  errors: [],
  openHolds: 0,
  connections: 0,
  grownTooFar: false,
  thenServes: 200,
};

interface Run {
  readonly count: number;
  readonly lanes: number;
  readonly caseAt: (seed: number, index: number) => Case;
  readonly caseMsMax: number;
}

/** Sends the cases of a run to a gateway. @returns how it stands afterwards, beside how it stood before */
async function survived(
  limits: Partial<GatewayLimits>,
  { count, lanes, caseAt: at, caseMsMax }: Run,
): Promise<Verdict> {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => {
    rejections.push(reason);
  };
  process.on('unhandledRejection', onRejection);
  await using house = await TestGateway.start({ limits, simulator: { logEntriesMax: 100 } });
  const failures: string[] = [];
  const statuses: Record<string, number> = {};
  // A function of its own, so that a lane that waits holds no case of fifty megabytes.
  const runOne = async (index: number): Promise<void> => {
    const each = at(SEED, index);
    const outcome = await send(house.url, each, caseMsMax);
    const wrong = judge(each, outcome);
    if (wrong) failures.push(`case ${index}, ${each.kind}: ${wrong}`);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(outcome.text)?.[1] ?? 'closed';
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const runTo = async (from: number, to: number): Promise<void> => {
    let next = from;
    const lane = async (): Promise<void> => {
      for (let index = next++; index < to; index = next++) await runOne(index);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    await house.idle();
    await connections(house);
    // The admission of this test remembers what it saw; the gateway must not.
    house.admission.calls.length = 0;
    house.admission.sent.length = 0;
  };
  // The first tenth warms up: it fills pools and compiles what the rest runs.
  const warm = Math.ceil(count / 10);
  await runTo(0, warm);
  const before = inUse();
  await runTo(warm, count);
  const grown = await grownSince(before);
  figures('malformed', {
    count,
    statuses,
    grownBytes: grown,
    residentBytes: process.memoryUsage.rss(),
  });
  const verdict = {
    failures: failures.slice(0, 5),
    rejections,
    errors: house.errors,
    openHolds: house.admission.open.size,
    connections: await connections(house),
    grownTooFar: grown > GROWTH_BYTES_MAX,
  };
  const valid = await house.post('/v1/chat/completions', {
    model: 'sim-standard',
    messages: [{ role: 'user', content: 'x' }],
    max_tokens: 5,
  });
  process.off('unhandledRejection', onRejection);
  return { ...verdict, thenServes: valid.status };
}

/** How much more is in use than before, once what was on its way to be freed is. */
async function grownSince(before: number): Promise<number> {
  let grown = inUse() - before;
  for (let tries = 0; grown > GROWTH_BYTES_MAX && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    grown = inUse() - before;
  }
  return grown;
}

/** Bytes that are still referred to. */
function inUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Outcome {
  readonly text: string;
  readonly isClosed: boolean;
}

/** Sends a case and collects the first answer, or the end of the connection. */
function send(url: string, { pieces, gapMs = 0 }: Case, caseMsMax: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: Buffer.concat(chunks).toString('utf8'), isClosed });
    };
    const timer = setTimeout(() => finish(false), caseMsMax);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isWholeAnswer(Buffer.concat(chunks))) finish(false);
    });
    socket.on('close', () => finish(true));
    socket.on('error', () => finish(true));
    socket.on('connect', () => void write());
    const write = async (): Promise<void> => {
      for (const piece of pieces) {
        if (socket.destroyed || !socket.writable) return;
        socket.write(piece);
        if (gapMs > 0) await new Promise((next) => setTimeout(next, gapMs));
      }
      if (gapMs < 0) socket.end();
    };
  });
}

/** @returns what is wrong with an outcome. */
function judge(each: Case, { text, isClosed }: Outcome): string | undefined {
  if (text === '') return isClosed ? undefined : 'neither an answer nor a closed connection';
  const answer = text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
  if (Number.isNaN(status)) return `no HTTP: ${answer.slice(0, 80)}`;
  if (status === 500) return `status 500: ${answer.slice(-200)}`;
  if (status < 400) return undefined;
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  if (body === '')
    return each.kind === 'oddRequestLine' ? undefined : `status ${status} without a body`;
  try {
    const json = JSON.parse(body) as { error?: { message?: unknown; type?: unknown } };
    return typeof json.error?.message === 'string' && typeof json.error.type === 'string'
      ? undefined
      : `no error object: ${body}`;
  } catch {
    return `no JSON: ${body.slice(0, 80)}`;
  }
}

function isWholeAnswer(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  const from = text.lastIndexOf('HTTP/1.1 ');
  const end = text.indexOf('\r\n\r\n', from);
  if (end === -1 || text.startsWith('HTTP/1.1 100', from)) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(from, end))?.[1];
  return length === undefined
    ? text.endsWith('0\r\n\r\n')
    : text.length >= end + 4 + Number(length);
}

async function connections(house: TestGateway): Promise<number> {
  const count = (): Promise<number> =>
    new Promise((resolve, reject) =>
      house.server.getConnections((error, open) => (error ? reject(error) : resolve(open))),
    );
  for (let i = 0; i < 100 && (await count()) > 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return count();
}
