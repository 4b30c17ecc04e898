import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { seededRandom, type Random } from '#base/random.ts';
import { TestGateway, TEST_KEY } from '#gateway/testing-gateway.ts';

/**
 * Malformed input over raw sockets, from a seed: each case must end in a correct answer or a closed
 * connection. `BREAKEVEN_MALFORMED_CASES=100000` runs the long form, `BREAKEVEN_SEED` another seed.
 */
const CASES = Number(process.env['BREAKEVEN_MALFORMED_CASES'] ?? 1_000);
const SEED = Number(process.env['BREAKEVEN_SEED'] ?? 20_261_124);
const LANES = 24;
const BODY_BYTES_MAX = 256 * 1024;
const LIMITS = {
  bodyBytesMax: BODY_BYTES_MAX,
  headersTimeoutMs: 300,
  requestTimeoutMs: 600,
  attemptsMax: 1,
};
/** A case that has neither an answer nor a closed connection by then has failed. */
const CASE_MS_MAX = 10_000;

const PATHS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/messages',
  '/v1/quote',
  '/v1/models',
  '/v1/receipts/x',
  '/v1/models/%E0%A4%A',
];

/** Bytes to send, in pieces; a client that is `patient` waits between them and does not close. */
interface Case {
  readonly kind: string;
  readonly pieces: readonly (string | Uint8Array)[];
  readonly gapMs?: number;
}

const VALID: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    model: 'sim-standard',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
        ],
      },
    ],
    max_tokens: 5,
    tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
    stream_options: { include_usage: true },
    n: 1,
  },
  '/v1/responses': {
    model: 'sim-standard',
    input: [{ role: 'user', content: 'x' }],
    max_output_tokens: 16,
    tools: [],
  },
  '/v1/embeddings': { model: 'sim-standard', input: ['a', 'b'] },
  '/v1/messages': {
    model: 'sim-standard',
    max_tokens: 5,
    system: [{ type: 'text', text: 'x' }],
    messages: [{ role: 'user', content: 'x' }],
  },
};

const KINDS: readonly ((random: Random) => Omit<Case, 'kind'>)[] = [
  function randomBytes(random) {
    return { pieces: [random.bytes(1 + random.below(2_000))] };
  },
  function randomBytesAsBody(random) {
    return { pieces: post(pick(random, PATHS), random.bytes(random.below(3_000))) };
  },
  function truncatedJson(random) {
    const { path, text } = validBody(random);
    return { pieces: post(path, text.slice(0, random.below(text.length))) };
  },
  function wrongTypes(random) {
    const { path, text } = validBody(random);
    const json: unknown = JSON.parse(text);
    for (let i = 0; i <= random.below(3); i++) mutate(random, json, 0);
    return { pieces: post(path, JSON.stringify(json)) };
  },
  function flippedBytes(random) {
    const { path, text } = validBody(random);
    const bytes = Buffer.from(text);
    for (let i = 0; i <= random.below(6); i++)
      bytes[random.below(bytes.length)] = random.below(256);
    return { pieces: post(path, bytes) };
  },
  function hugeBody(random) {
    const bytes = Buffer.alloc(BODY_BYTES_MAX + 1 + random.below(200_000), 0x20);
    return {
      pieces:
        random.next() < 0.5
          ? post(pick(random, PATHS), bytes)
          : chunked(pick(random, PATHS), bytes),
    };
  },
  function deepOrRepeated(random) {
    const depth = 1 + random.below(20_000);
    const texts = [
      '['.repeat(depth) + ']'.repeat(depth),
      `{"model":"sim-standard","messages":${'['.repeat(depth)}${']'.repeat(depth)}}`,
      `{"a":`.repeat(depth) + '1' + '}'.repeat(depth),
      '{"model":"sim-standard","model":"x","messages":[{"role":"user","content":"x"}]}',
      '{"__proto__":{"model":"x"},"constructor":1,"model":"sim-standard","messages":[]}',
    ];
    return { pieces: post(pick(random, PATHS), pick(random, texts)) };
  },
  function lyingLength(random) {
    const { path, text } = validBody(random);
    const length = pick(random, [
      '-1',
      '1e3',
      'abc',
      '99999999999999999999',
      String(text.length + 50),
      '0',
    ]);
    return { pieces: [`${head(path)}content-length: ${length}\r\n\r\n${text}`] };
  },
  function headerFlood(random) {
    const lines = Array.from(
      { length: 50 + random.below(2_000) },
      (_, i) => `x-${i}: ${'v'.repeat(random.below(60))}\r\n`,
    );
    return { pieces: [`${head(pick(random, PATHS))}${lines.join('')}content-length: 2\r\n\r\n{}`] };
  },
  function oddHeaders(random) {
    const lines = [
      'transfer-encoding: chunked\r\ncontent-length: 5\r\n',
      'content-encoding: gzip\r\ncontent-length: 2\r\n',
      `idempotency-key: ${'k'.repeat(random.below(600))}\r\ncontent-length: 2\r\n`,
      'expect: 100-continue\r\ncontent-length: 2\r\n',
      'upgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 2\r\n',
      'anthropic-version: \u00ff\r\ncontent-length: 2\r\n',
      `authorization: Bearer ${'z'.repeat(random.below(2_000))}\r\ncontent-length: 2\r\n`,
    ];
    return { pieces: [`${head(pick(random, PATHS))}${pick(random, lines)}\r\n{}`] };
  },
  function oddRequestLine(random) {
    const method = pick(random, [
      'GET',
      'PUT',
      'DELETE',
      'OPTIONS',
      'HEAD',
      'PATCH',
      'TRACE',
      'BREW',
    ]);
    const path = pick(random, [
      ...PATHS,
      '/',
      '//',
      '/v1/chat/completions/',
      '/../etc/passwd',
      '/v1/models/%00',
      `/${'a'.repeat(random.below(9_000))}`,
      '*',
    ]);
    return {
      pieces: [
        `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\ncontent-length: 0\r\n\r\n`,
      ],
    };
  },
  function brokenOff(random) {
    const { path, text } = validBody(random);
    const [all = ''] = post(path, text);
    return { pieces: [String(all).slice(0, 1 + random.below(String(all).length - 1))], gapMs: -1 };
  },
  function slowSender(random) {
    const { path, text } = validBody(random);
    const all = Buffer.from(post(path, text).join(''));
    const step = 1 + random.below(40);
    const pieces = Array.from({ length: Math.ceil(all.length / step) }, (_, i) =>
      all.subarray(i * step, (i + 1) * step),
    );
    return { pieces, gapMs: 5 + random.below(60) };
  },
];

test(
  `${CASES} malformed requests (seed ${SEED}) each get a correct error or a closed connection`,
  { timeout: 60_000 + CASES * 60 },
  async () => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): void => {
      rejections.push(reason);
    };
    process.on('unhandledRejection', onRejection);
    await using house = await TestGateway.start({ limits: LIMITS });
    const random = seededRandom(SEED);
    const cases = Array.from({ length: CASES }, (): Case => {
      // Slow senders take their time-out each, so they are the rarest.
      const make = pick(random, random.next() < 0.05 ? KINDS.slice(-1) : KINDS.slice(0, -1));
      return { kind: make.name, ...make(random) };
    });
    const failures: string[] = [];
    const next = cases.entries();
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (const [index, each] of next) {
          const wrong = judge(each, await send(house.url, each));
          if (wrong) failures.push(`case ${index}, ${each.kind}: ${wrong}`);
        }
      }),
    );
    await house.idle();
    expect(failures.slice(0, 5)).toEqual([]);
    expect(rejections).toEqual([]);
    expect(house.errors).toEqual([]);
    expect(house.admission.open.size).toBe(0);
    expect(await connections(house)).toBe(0);
    const valid = await house.post('/v1/chat/completions', {
      model: 'sim-standard',
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 5,
    });
    expect(valid.status).toBe(200);
    process.off('unhandledRejection', onRejection);
  },
);

interface Outcome {
  readonly text: string;
  readonly isClosed: boolean;
}

/** Sends a case and collects the first answer, or the end of the connection. */
function send(url: string, { pieces, gapMs = 0 }: Case): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: Buffer.concat(chunks).toString('utf8'), isClosed });
    };
    const timer = setTimeout(() => finish(false), CASE_MS_MAX);
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

function head(path: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\n`;
}

function post(path: string, body: string | Uint8Array): (string | Uint8Array)[] {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const start = `${head(path)}content-length: ${length}\r\n\r\n`;
  return typeof body === 'string' ? [start + body] : [start, body];
}

function chunked(path: string, body: Uint8Array): (string | Uint8Array)[] {
  return [
    `${head(path)}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`,
    body,
    '\r\n0\r\n\r\n',
  ];
}

function validBody(random: Random): { path: string; text: string } {
  const [path, body] = pick(random, Object.entries(VALID));
  return { path, text: JSON.stringify(body) };
}

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  '',
  'x',
  '\u0000',
  [],
  {},
  [[]],
  [null],
  { type: 'nothing' },
  2 ** 60,
  '\ud800',
];

/** Replaces, removes or adds a member somewhere in a JSON value. */
function mutate(random: Random, json: unknown, depth: number): void {
  if (typeof json !== 'object' || json === null) return;
  const names = Object.keys(json);
  const name =
    names.length === 0 || random.next() < 0.1
      ? pick(random, ['stream', 'tools', 'content', 'n', '0', 'service_tier'])
      : pick(random, names);
  const inner: unknown = Reflect.get(json, name);
  if (typeof inner === 'object' && inner !== null && depth < 6 && random.next() < 0.6)
    mutate(random, inner, depth + 1);
  else if (random.next() < 0.2) Reflect.deleteProperty(json, name);
  else Reflect.set(json, name, pick(random, ODD));
}

function pick<Item>(random: Random, from: readonly Item[]): Item {
  const found = from[random.below(from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}
