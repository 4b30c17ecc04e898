import { DomainError } from '#base/domain-error.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';
import { listModels } from './list-models.ts';
import { serveCompletion } from './serve-completion.ts';
import { serveQuote } from './serve-quote.ts';
import { serveReceipt } from './serve-receipt.ts';
import { SURFACE_PATHS } from './surface-paths.ts';
import type { Surface } from './wire/request-facts.ts';
import type { ErrorFormat } from './wire/wire-error.ts';

/** One path of the gateway. */
export interface Endpoint {
  /** For counters: never a part of the path that a client chose. */
  readonly name: string;
  readonly methods: readonly string[];
  /** The family of its errors; `undefined`: by the client's headers. */
  readonly format: ErrorFormat | undefined;
  /** Whether it is refused while the server drains or is full. Probes are not. */
  readonly isGuarded: boolean;
  serve(runtime: GatewayRuntime, exchange: Exchange): Promise<void>;
}

const FIXED: ReadonlyMap<string, Endpoint> = new Map([
  ...(Object.entries(SURFACE_PATHS) as [Surface, string][]).map(
    ([surface, path]): [string, Endpoint] => [path, completions(surface)],
  ),
  [
    '/v1/models',
    endpoint('models', ['GET', 'HEAD'], (runtime, exchange) =>
      listModels(runtime, exchange, undefined),
    ),
  ],
  ['/v1/quote', endpoint('quote', ['POST'], serveQuote)],
  ['/healthz', probe('healthz', healthz)],
  ['/readyz', probe('readyz', readyz)],
  ['/metrics', probe('metrics', metrics)],
]);

const MODEL_PREFIX = '/v1/models/';
const RECEIPT_PREFIX = '/v1/receipts/';

/** The endpoint of a request's target; `undefined` where the gateway has none. */
export function findEndpoint(url: string): Endpoint | undefined {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const fixed = FIXED.get(path);
  if (fixed) return fixed;
  if (path.startsWith(MODEL_PREFIX)) {
    return endpoint('model', ['GET', 'HEAD'], (runtime, exchange) =>
      listModels(runtime, exchange, decoded(path.slice(MODEL_PREFIX.length))),
    );
  }
  if (path.startsWith(RECEIPT_PREFIX)) {
    return endpoint('receipt', ['GET', 'HEAD'], (runtime, exchange) =>
      serveReceipt(runtime, exchange, decoded(path.slice(RECEIPT_PREFIX.length))),
    );
  }
  return undefined;
}

function completions(surface: Surface): Endpoint {
  return {
    name: surface,
    methods: ['POST'],
    format: surface === 'anthropic-messages' ? 'anthropic' : 'openai',
    isGuarded: true,
    serve: (runtime, exchange) => serveCompletion(runtime, exchange, surface),
  };
}

function endpoint(name: string, methods: readonly string[], serve: Endpoint['serve']): Endpoint {
  return { name, methods, format: undefined, isGuarded: true, serve };
}

function probe(name: string, serve: Endpoint['serve']): Endpoint {
  return { name, methods: ['GET', 'HEAD'], format: 'openai', isGuarded: false, serve };
}

/** The process lives. */
async function healthz(_runtime: GatewayRuntime, exchange: Exchange): Promise<void> {
  exchange.answerJson(200, {}, { status: 'ok' });
}

/** The process can serve. @throws DomainError `store_unavailable` */
async function readyz({ deps }: GatewayRuntime, exchange: Exchange): Promise<void> {
  const isReady = deps.isReady === undefined || (await deps.isReady());
  if (!isReady)
    throw new DomainError('store_unavailable', 'Not ready yet.', { retryAfterMs: 1_000 });
  exchange.answerJson(200, {}, { status: 'ready' });
}

async function metrics({ deps }: GatewayRuntime, exchange: Exchange): Promise<void> {
  if (deps.metrics === undefined) throw new DomainError('not_found', 'There are no metrics here.');
  const { contentType, body } = await deps.metrics();
  exchange.answer(200, { 'content-type': contentType }, body);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
