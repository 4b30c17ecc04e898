import { createServer, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { heldRequests } from '#admission/held-requests.ts';
import { DomainError } from '#base/domain-error.ts';
import { createApi } from '#http/api.ts';
import type { Services } from '#http/services.ts';
import { audit } from '#ledger/audit.ts';
import { demoRows, demoWorld } from './testing-demo.ts';
import { nodeHandler } from './fetch-handler.ts';
import { LiveDemo } from './live-demo.ts';

/** Large enough that no test sees its end. */
const LARGE = { subscribers: 2_000, days: 60, calibration: 'heavy', seed: 1 } as const;
const forGood = new AbortController().signal;

async function world() {
  const { deps, pool } = await demoWorld();
  // Each look at the clock takes a second, so that progress is told soon.
  let now = deps.clock.nowMs();
  const demo = new LiveDemo({ ...deps, clock: { nowMs: () => (now += 1000) } });
  return { demo, pool };
}

async function expectNothingLeft(pool: Awaited<ReturnType<typeof world>>['pool']): Promise<void> {
  expect(await demoRows(pool)).toBe(0);
  expect((await audit(pool, { readHolds: heldRequests })).ok).toBe(true);
}

test('a load ends with the client that asked for it', async () => {
  const { demo, pool } = await world();
  const ended = Promise.withResolvers<unknown>();
  const services = {
    operators: { record: async () => undefined },
    demo: {
      ...demo.services,
      load: (...input: Parameters<Services['demo']['load']>) => {
        const loading = demo.services.load(...input);
        loading.catch((error: unknown) => ended.resolve(error));
        return loading;
      },
    },
  } as unknown as Services;
  const api = createApi({
    services,
    authenticate: async () => ({ name: 'Ada', role: 'owner' }),
    presentError: (error) => ({ status: 500, body: String(error), headers: {} }),
  });
  const server = createServer(nodeHandler(api.fetch, { isLocal: true })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const asking = request({ port, host: '127.0.0.1', method: 'POST', path: '/api/demo' });
  asking.end(JSON.stringify(LARGE));
  const [answer] = await once(asking, 'response');
  const [progress] = await once(answer, 'data');
  expect(String(progress)).toContain('Day 1 of 60');
  // A second load would mix with the first.
  await expect(demo.services.load(LARGE, () => undefined, forGood)).rejects.toMatchObject({
    code: 'conflict',
  });
  asking.destroy();
  expect(await ended.promise).toMatchObject({ message: 'Whoever asked for this has left.' });
  await expectNothingLeft(pool);
});

test('a server that stops takes a load back first', async () => {
  const { demo, pool } = await world();
  const told = Promise.withResolvers<void>();
  const loading = demo.services.load(LARGE, () => told.resolve(), forGood);
  const failure = loading.catch((error: unknown) => error);
  await told.promise;
  await demo.stop();
  const error = await failure;
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({ code: 'shutting_down' });
  await expectNothingLeft(pool);
  // Nothing runs: a second stop is one at once.
  await demo.stop();
});
