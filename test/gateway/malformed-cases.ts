import { assert } from '#base/assert.ts';
import { seededRandom, type Random } from '#base/random.ts';
import { TEST_KEY } from '#gateway/testing-gateway.ts';

/** What the gateway of these cases takes at most. */
export const BODY_BYTES_MAX = 256 * 1024;
const LARGE_BYTES = 50 * 1024 * 1024;

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
export interface Case {
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

/** Cases of {@link KINDS} by their numbers; slow senders take their time-out each, so they are the rarest. */
export function caseAt(seed: number, index: number): Case {
  const random = seededRandom(seed * 2 ** 20 + index);
  const make = pick(random, random.next() < 0.05 ? KINDS.slice(-1) : KINDS.slice(0, -1));
  return { kind: make.name, ...make(random) };
}

/** A body of fifty megabytes, give or take: no JSON, JSON of the wrong kind, too long, or broken off. */
export function largeCaseAt(seed: number, index: number): Case {
  const random = seededRandom(seed * 2 ** 20 - 1 - index);
  const path = pick(random, PATHS.slice(0, 4));
  const bytes = Buffer.alloc(LARGE_BYTES + 1, 0x20);
  const kinds: readonly (() => Omit<Case, 'kind'>)[] = [
    () => ({ pieces: post(path, bytes) }),
    () => ({ pieces: chunked(path, bytes) }),
    () => ({ pieces: post(path, bytes.subarray(1)) }),
    () => {
      const text = bytes.subarray(1).fill(0x61);
      text.write('{"model":"sim-standard","input":"');
      text.write('"}', text.length - 2);
      return { pieces: post(path, text) };
    },
    () => {
      const sent = bytes.subarray(0, random.below(LARGE_BYTES));
      return { pieces: [`${head(path)}content-length: ${LARGE_BYTES}\r\n\r\n`, sent], gapMs: -1 };
    },
  ];
  const at = index % kinds.length;
  const make = kinds[at];
  assert(make !== undefined, 'an index below the length');
  return { kind: `large ${at}`, ...make() };
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
  // A copy: what one case makes of it must not come back in another, or in itself.
  else Reflect.set(json, name, structuredClone(pick(random, ODD)));
}

function pick<Item>(random: Random, from: readonly Item[]): Item {
  const found = from[random.below(from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}
