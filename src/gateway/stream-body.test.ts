import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { StreamBody } from './stream-body.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const KEEPS_UP = { full: () => undefined, drained: () => undefined };

/** A server that streams by `stream`. @returns what a client does: send this, read to the end */
async function served(
  stream: (response: ServerResponse, path: string) => Promise<void> | void,
): Promise<(request: string) => Promise<Buffer>> {
  const server = createServer((request, response) => {
    void stream(response, request.url ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return async (request) => {
    const socket = connect({ host: '127.0.0.1', port });
    closers.push(() => socket.destroy());
    socket.write(request);
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };
}

const get = (path: string, version = '1.1', connection = 'close') =>
  `GET ${path} HTTP/${version}\r\nhost: x\r\nconnection: ${connection}\r\n\r\n`;

/** The body of an answer in chunks, with the sizes that the server chose. */
function unchunked(answer: Buffer): { body: Buffer; sizes: number[] } {
  let at = answer.indexOf('\r\n\r\n') + 4;
  const parts: Buffer[] = [];
  for (;;) {
    const lineEnd = answer.indexOf('\r\n', at);
    const size = Number.parseInt(answer.toString('latin1', at, lineEnd), 16);
    const from = lineEnd + 2;
    parts.push(answer.subarray(from, from + size));
    expect(answer.toString('latin1', from + size, from + size + 2)).toBe('\r\n');
    at = from + size + 2;
    if (size === 0) break;
  }
  return { body: Buffer.concat(parts), sizes: parts.map((part) => part.length) };
}

const PIECES: readonly (string | Buffer)[] = [
  'data: first\n\n',
  Buffer.from('data: 漢字\n\n'),
  'data: 🙂\n\n',
  Buffer.alloc(15, 'a'),
  Buffer.alloc(16, 'b'),
  Buffer.alloc(4_095, 'c'),
  Buffer.alloc(70_000, 'd'),
  ': keep-alive\n\n',
];
const ALL = Buffer.concat(PIECES.map((piece) => Buffer.from(piece)));
const SIZES = [...PIECES.map((piece) => Buffer.byteLength(piece)), 0];

async function streamed(response: ServerResponse, inTurns: boolean): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const body = new StreamBody(response, KEEPS_UP);
  for (const piece of PIECES) {
    body.write(piece);
    if (inTurns) await turn();
  }
  body.flush();
  response.end();
}

test.each([true, false])(
  'each piece arrives as one chunk, in order (a turn for each: %s)',
  async (inTurns) => {
    const ask = await served((response) => streamed(response, inTurns));
    const { body, sizes } = unchunked(await ask(get('/')));
    expect(body.equals(ALL)).toBe(true);
    expect(sizes).toEqual(SIZES);
  },
);

test('a client of HTTP/1.0 gets the bytes without chunks', async () => {
  const ask = await served((response) => streamed(response, true));
  const answer = await ask(get('/', '1.0'));
  expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(ALL)).toBe(true);
});

test('an answer that waits for the one before it on its connection follows it', async () => {
  const second = Promise.withResolvers<void>();
  const ask = await served(async (response, path) => {
    if (path === '/1') await second.promise;
    await streamed(response, true);
    if (path === '/2') second.resolve();
  });
  const answers = await ask(get('/1', '1.1', 'keep-alive') + get('/2'));
  const next = answers.lastIndexOf('HTTP/1.1 200');
  for (const answer of [answers.subarray(0, next), answers.subarray(next)])
    expect(unchunked(answer).body.equals(ALL)).toBe(true);
});

test('a client that does not keep up holds the stream back, and lets it go on when it has', async () => {
  const told: string[] = [];
  const drained = Promise.withResolvers<void>();
  const pieces = 400;
  const ask = await served(async (response) => {
    response.writeHead(200);
    const body = new StreamBody(response, {
      full: () => told.push('full'),
      drained: () => {
        told.push('drained');
        drained.resolve();
      },
    });
    for (let index = 0; index < pieces; index++) {
      body.write(Buffer.alloc(64 * 1024, index));
      await turn();
    }
    if (told.length > 0) await drained.promise;
    body.flush();
    response.end();
  });
  const { body } = unchunked(await ask(get('/')));
  expect(body.length).toBe(pieces * 64 * 1024);
  expect(told[0]).toBe('full');
  expect(told[1]).toBe('drained');
});

test('a client that leaves in the middle of a turn disturbs nothing', async () => {
  const closed = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const ask = await served((response) => {
    response.writeHead(200);
    response.on('error', (error) => errors.push(error));
    response.socket?.on('error', (error) => errors.push(error));
    const body = new StreamBody(response, KEEPS_UP);
    body.write('first');
    body.write('second');
    response.socket?.destroy();
    body.write('third');
    response.on('close', () => closed.resolve());
  });
  await ask(get('/')).catch(() => undefined);
  await closed.promise;
  await turn();
  expect(errors).toEqual([]);
});
