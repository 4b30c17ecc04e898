import { createServer } from 'node:http';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { controlSocketPath } from '#http/control-socket.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { ControlClient } from './control-client.ts';

async function serverThat(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const { path, [Symbol.dispose]: remove } = temporaryDirectory();
  const server = createServer(answer).listen(controlSocketPath(path));
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    remove();
  });
  return path;
}

test('long work that the server breaks off ends with its reason, not with a socket error', async () => {
  const path = await serverThat((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write('{"progress":{"text":"half"}}\n');
    setImmediate(() => response.destroy());
  });
  await using client = new ControlClient(path);
  const steps: unknown[] = [];
  await expect(client.follow('/demo', {}, (step) => steps.push(step))).rejects.toMatchObject({
    code: 'shutting_down',
    message: 'The server ended before the work was done.',
  });
  expect(steps).toEqual([{ text: 'half' }]);
});

test('an error that the server tells is thrown with its own words', async () => {
  const path = await serverThat((_, response) => {
    response.end(
      '{"error":{"error":{"message":"The service is shutting down.","code":"shutting_down"}}}\n',
    );
  });
  await using client = new ControlClient(path);
  await expect(client.follow('/demo', {}, () => undefined)).rejects.toMatchObject({
    code: 'shutting_down',
    message: 'The service is shutting down.',
  });
});
