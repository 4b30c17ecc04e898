import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PEER_HEADER } from '#accounts/sign-in.ts';

/** What Hono is: a function from a request to a response. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Serves a fetch-style application on `node:http`, for everything but the hot path. */
export function nodeHandler(
  app: FetchHandler,
  from: { readonly isLocal: boolean; readonly proxyHops?: number },
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    void serve(app, from, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
}

/** Marks requests that came through the control socket; stripped from all others. */
export const LOCAL_HEADER = 'x-breakeven-local';

async function serve(
  app: FetchHandler,
  { isLocal, proxyHops = 0 }: { readonly isLocal: boolean; readonly proxyHops?: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== LOCAL_HEADER && value !== undefined) headers.set(name, String(value));
  }
  if (isLocal) headers.set(LOCAL_HEADER, '1');
  headers.set(PEER_HEADER, peerOf(request, proxyHops));
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const body = hasBody ? await readAll(request) : undefined;
  if (body === 'too large') {
    response.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
    response.end('{"error":{"message":"The body is too large.","code":"body_too_large"}}');
    return;
  }
  const answer = await app(
    new Request(new URL(request.url ?? '/', 'http://breakeven'), {
      method: request.method ?? 'GET',
      headers,
      ...(body && { body: new Uint8Array(body) }),
    }),
  );
  const cookies = answer.headers.getSetCookie();
  response.writeHead(answer.status, {
    ...Object.fromEntries(answer.headers),
    ...(cookies.length > 0 && { 'set-cookie': cookies }),
  });
  if (!answer.body) {
    response.end();
    return;
  }
  await pipeline(Readable.fromWeb(answer.body), response);
}

/** What our own proxies saw; whatever stands before that, the client may have made up. */
function peerOf(request: IncomingMessage, proxyHops: number): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',');
  const seen = proxyHops > 0 ? forwarded.at(-proxyHops)?.trim() : undefined;
  return seen || (request.socket.remoteAddress ?? 'local');
}

async function readAll(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = chunk as Buffer;
    bytes += buffer.length;
    if (bytes > BODY_BYTES_MAX) return 'too large';
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}
