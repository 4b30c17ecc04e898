import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import { announcePort } from './process-messages.ts';

/**
 * The floor: what forwarding alone costs on this stack, `node:http` in front and an undici pool
 * behind, bytes untouched. Nothing that does more can be cheaper.
 *
 *     node bench/floor.ts http://127.0.0.1:PORT
 */
const upstream = new Pool(process.argv[2] ?? '', { connections: 512, pipelining: 1 });

/** Headers that speak of one connection and are not passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'host',
  'content-length',
  'transfer-encoding',
]);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => forward(request, response, Buffer.concat(chunks)));
});

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const options: Dispatcher.DispatchOptions = {
    method: 'POST',
    path: request.url ?? '/',
    headers: endToEnd(request),
    body,
  };
  upstream.dispatch(options, {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('client gone'));
      });
    },
    onResponseStart(_controller, status, headers) {
      delete headers['transfer-encoding'];
      response.writeHead(status, headers);
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return;
      controller.pause();
      response.once('drain', () => controller.resume());
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  });
}

function endToEnd(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && !HOP_BY_HOP.has(name)) headers[name] = value;
  return headers;
}

server.listen(0, '127.0.0.1', 4096, () => announcePort(server));
