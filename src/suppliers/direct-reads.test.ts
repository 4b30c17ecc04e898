import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { Pool, type Dispatcher } from 'undici';
import { directConnector } from './direct-reads.ts';
import { TEST_CERTIFICATE } from './testing-certificate.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** What a server sends as the answer to each path: piece by piece, a turn of the event loop for each. */
type Pieces = (path: string) => readonly Buffer[];

async function served(pieces: Pieces, isSecure = false): Promise<Pool> {
  const server: Server = isSecure ? createSecureServer(TEST_CERTIFICATE) : createServer();
  server.on('request', (request, response) => {
    void sent(response, pieces(request.url ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return poolOf(`${isSecure ? 'https' : 'http'}://localhost:${port}`);
}

async function sent(response: ServerResponse, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    response.write(piece);
    await turn();
  }
  response.end();
}

function poolOf(origin: string): Pool {
  const connect = directConnector({ allowH2: false, ca: TEST_CERTIFICATE.cert });
  const pool = new Pool(origin, { connect, connections: 8, pipelining: 1 });
  closers.push(() => pool.destroy());
  return pool;
}

/** Asks, and pauses after some pieces as a slow client would. @returns the body */
function asked(pool: Pool, path: string, pausesAfter: (piece: number) => boolean): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parts: Buffer[] = [];
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: () => undefined,
    onResponseData(controller, chunk) {
      parts.push(chunk);
      if (!pausesAfter(parts.length)) return;
      controller.pause();
      void sleep(1).then(() => controller.resume());
    },
    onResponseEnd: () => resolve(Buffer.concat(parts)),
    onResponseError: (_, error) => reject(error),
  };
  pool.dispatch({ path, method: 'GET' }, handler);
  return promise;
}

const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 400 }),
    fc.integer({ min: 1, max: 100_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
  { minLength: 1, maxLength: 8 },
);
const answers = fc.array(pieces, { minLength: 1, maxLength: 8 });

test.each([
  ['in the clear', false],
  ['by TLS', true],
])(
  'answers of many connections arrive as they were sent, %s, whoever pauses',
  async (_, isSecure) => {
    let bodies: Buffer[][] = [];
    const pool = await served((path) => bodies[Number(path.slice(1))] ?? [], isSecure);
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 1, max: 5 }), async (given, pauseEvery) => {
        bodies = given.map((answer) => answer.map((piece) => Buffer.from(piece)));
        const got = await Promise.all(
          bodies.map((_body, i) => asked(pool, `/${i}`, (piece) => piece % pauseEvery === 0)),
        );
        for (const [i, body] of got.entries())
          expect(body.equals(Buffer.concat(bodies[i] ?? []))).toBe(true);
      }),
      { numRuns: 20 },
    );
  },
);

test('an answer that is paused holds its supplier back', async () => {
  let supplier: Socket | undefined;
  const server = createSocketServer((socket) => {
    supplier = socket;
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 64000000\r\n\r\n');
      for (let i = 0; i < 64; i++) socket.write(Buffer.alloc(1_000_000, i));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const pool = poolOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ended = Promise.withResolvers<void>();
  let received = 0;
  let control: Dispatcher.DispatchController | undefined;
  pool.dispatch(
    { path: '/', method: 'GET' },
    {
      onRequestStart: () => undefined,
      onResponseStart: (controller) => {
        control = controller;
        controller.pause();
      },
      onResponseData: (_, chunk) => (received += chunk.length),
      onResponseEnd: () => ended.resolve(),
      onResponseError: (_, error) => ended.reject(error),
    },
  );
  await expect.poll(() => control?.paused).toBe(true);
  await sleep(200);
  expect(supplier?.writableLength).toBeGreaterThan(32_000_000);
  expect(received).toBeLessThan(1_000_000);
  control?.resume();
  await ended.promise;
  expect(received).toBe(64_000_000);
});

test('an answer that ends with its connection is whole', async () => {
  const server = createSocketServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nfirst ');
      setTimeout(() => socket.end('and last'), 5);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const pool = poolOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect((await asked(pool, '/', () => false)).toString()).toBe('first and last');
});

test('where nobody listens, connecting says so', async () => {
  const free = createSocketServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  await expect(asked(poolOf(`http://127.0.0.1:${port}`), '/', () => false)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});
