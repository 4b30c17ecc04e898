import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServers } from '#http/routes/local-servers.ts';
import type { IssuedInvite, Session } from '#http/shapes/session.ts';
import type { BrowserLike } from './browser-like.ts';
import { webHouse, type WebHouse } from './house.ts';

/** A server of models as Ollama, vLLM and llama.cpp are to whoever knows OpenAI's wire. */
function modelServer(): Server {
  return createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/v1/models') {
      const ids = ['llama3.2:3b', 'nomic-embed-text', 'a name with spaces', 'sim-fast'];
      response.end(
        JSON.stringify({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) }),
      );
      return;
    }
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const { model } = JSON.parse(body) as { model: string };
      const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
      const message = { role: 'assistant', content: `said by ${model}` };
      response.end(
        JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model,
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage,
        }),
      );
    });
  });
}

const silent = createServer(() => undefined);
const other = createServer((_request, response) => response.end('<h1>Not a model server</h1>'));
const server = modelServer();
const ports = new Map<Server, number>();
let house: WebHouse;
let owner: BrowserLike;

beforeAll(async () => {
  for (const each of [server, silent, other]) {
    await new Promise<void>((resolve) => {
      each.listen(0, '127.0.0.1', resolve);
    });
    ports.set(each, (each.address() as AddressInfo).port);
  }
  house = await webHouse({ BREAKEVEN_LOCAL_PORTS: [...ports.values(), 9].join(', ') });
  owner = await house.owner();
}, 60_000);
afterAll(async () => {
  await house?.[Symbol.asyncDispose]();
  for (const each of ports.keys()) {
    each.closeAllConnections();
    each.close();
  }
});

it('is found where it answers as one, within a second or so, whatever else listens', async () => {
  const begun = performance.now();
  const { rows } = await owner.json<LocalServers>('GET', '/api/local-servers');
  expect(performance.now() - begun).toBeLessThan(5_000);
  const port = ports.get(server);
  expect(rows).toEqual([
    {
      port,
      name: `127.0.0.1:${port}`,
      url: `http://127.0.0.1:${port}/v1`,
      models: ['llama3.2:3b', 'nomic-embed-text', 'sim-fast'],
      isConnected: false,
    },
  ]);
});

it('is connected by the owner alone, on the ports that are looked at alone', async () => {
  const { url } = await owner.json<IssuedInvite>('POST', '/api/invites', {
    kind: 'operator',
    role: 'operator',
  });
  const operator = house.browser();
  const invite = new URL(url).searchParams.get('invite');
  const person = { name: 'Op', email: 'op@example.com', password: 'a long enough password' };
  await operator.json('POST', '/api/sign-up', { invite, ...person });
  await operator.session();
  const port = ports.get(server);
  const path = '/api/local-servers/connect';
  expect(await operator.refused('GET', '/api/local-servers')).toEqual([403, 'forbidden']);
  expect(await operator.refused('POST', path, { port })).toEqual([403, 'forbidden']);
  expect(await owner.refused('POST', path, { port: 22 })).toEqual([404, 'not_found']);
  expect(await owner.refused('POST', path, { port: ports.get(other) })).toEqual([404, 'not_found']);
});

it('answers at once, at a price of nothing that is written down', async () => {
  expect((await owner.session<Session>()).simulated).toBe(true);
  const port = ports.get(server);
  const { models } = await owner.json<{ models: string[] }>('POST', '/api/local-servers/connect', {
    port,
  });
  expect(models).toEqual(['llama3.2:3b', 'local/sim-fast']);
  expect((await owner.session<Session>()).simulated).toBe(false);
  const { rows } = await owner.json<LocalServers>('GET', '/api/local-servers');
  expect(rows[0]?.isConnected).toBe(true);
  const { secret } = await owner.json<{ secret: string }>('POST', '/api/me/keys', { name: 'k' });
  for (const [model, said] of [
    ['llama3.2:3b', 'llama3.2:3b'],
    ['local/sim-fast', 'sim-fast'],
  ]) {
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining(`said by ${said}`),
    ]);
    const id = answer.headers.get('x-request-id') ?? '';
    const event = await owner.json<{ event?: unknown }>('GET', `/api/console/events/${id}`);
    expect(JSON.stringify(event)).toContain(`local-${port}`);
  }
  // A second time changes nothing and fails nothing.
  await owner.json('POST', '/api/local-servers/connect', { port });
}, 30_000);
