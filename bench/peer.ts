import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.ts';
import type { StartTarget } from './target.ts';

const GATEWAY = new URL('node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url);
const READY_TRIES = 100;

/**
 * The peer: `@portkey-ai/gateway`, an open gateway on the same runtime, which keeps no books. It is
 * told its upstream in each request's headers, and runs without its console (`--headless`).
 */
export const startPeer: StartTarget = async ({ upstreamUrl }) => {
  const port = await freePort();
  const child = new Child('portkey', [
    process.execPath,
    GATEWAY.pathname,
    '--headless',
    `--port=${port}`,
  ]);
  const url = `http://127.0.0.1:${port}`;
  await answering(url);
  return {
    name: 'peer',
    url,
    path: '/v1/chat/completions',
    model: 'bench-model',
    headers: [
      {
        authorization: 'Bearer bench',
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstreamUrl}/v1`,
      },
    ],
    pids: () => [child.pid],
    check: () => Promise.resolve([]),
    close: () => child.stop(),
  };
};

/** The gateway takes no port 0: a port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < READY_TRIES; tries++) {
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await sleep(100);
  }
  throw new Error(`${url} does not answer`);
}
