import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { DomainError, type ErrorCode } from '#base/domain-error.ts';
import type { Gateway } from './gateway.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './gateway-limits.ts';
import { presentError } from './wire/wire-error.ts';

export interface GatewayServerOptions {
  readonly gateway: Gateway;
  readonly limits?: Partial<GatewayLimits> | undefined;
  /** Everything that is not the gateway's: web app, API. */
  readonly otherwise?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

/** An idle kept-alive connection outlives the usual proxies' (60 s), so that they are the ones to close. */
const KEEP_ALIVE_MS = 65_000;
const CHECK_EVERY_MS = 2_000;
/** Header lines beyond this are a flood. */
const HEADERS_MAX = 256;

/**
 * An HTTP server around the gateway, not yet listening. Slow senders are cut off by time-outs, floods
 * by limits, and what is no HTTP at all gets a JSON error and a closed connection.
 */
export function gatewayServer({
  gateway,
  limits: over,
  otherwise = notFound,
}: GatewayServerOptions): Server {
  const limits = { ...GATEWAY_LIMITS, ...over };
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: limits.headerBytesMax,
      connectionsCheckingInterval: Math.min(
        CHECK_EVERY_MS,
        limits.headersTimeoutMs,
        limits.requestTimeoutMs,
      ),
      noDelay: true,
    },
    (request, response) => {
      if (!gateway.handle(request, response)) otherwise(request, response);
    },
  );
  server.maxHeadersCount = HEADERS_MAX;
  server.on('clientError', refuse);
  return server;
}

/** Stops accepting, lets the gateway drain, then ends every connection. */
export async function shutDown(
  server: Server,
  gateway: Gateway,
  withinMs: number,
): Promise<Awaited<ReturnType<Gateway['drain']>>> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const drained = await gateway.drain(withinMs);
  server.closeAllConnections();
  await closed;
  return drained;
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  const { status, body } = presentError(
    new DomainError('not_found', 'There is nothing at this address.'),
    'openai',
  );
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

const REFUSALS: Readonly<Record<string, readonly [number, ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'invalid_request', 'The request headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'invalid_request', 'The request did not arrive in time.'],
};

/** What the parser could not take, or what came too slowly. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, message] =
    REFUSALS[error.code ?? ''] ??
    ([400, 'invalid_request', 'This is no valid HTTP request.'] as const);
  const body = JSON.stringify(presentError(new DomainError(code, message), 'openai').body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
