import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '#base/clock.ts';
import type { Random } from '#base/random.ts';
import { chatWire } from './chat-wire.ts';
import { REALISTIC_LATENCY, type SimulatedLatency } from './delivery.ts';
import { embeddingsWire } from './embeddings-wire.ts';
import { messagesWire } from './messages-wire.ts';
import { PromptCache } from './prompt-cache.ts';
import { ResponseMemory } from './response-memory.ts';
import { readCall } from './read-call.ts';
import type { SimulatedWire } from './rendered-answer.ts';
import { responsesWire } from './responses-wire.ts';
import { SimulatedRefusal, type SimulatedSurface } from './simulated-call.ts';
import { SimulatedExchange, type SimulatorParts } from './simulated-exchange.ts';
import { SimulatorLog } from './simulator-log.ts';
import { ScriptRunner, type SimulatorScript } from './simulator-script.ts';

export interface SimulatorOptions {
  readonly clock: Clock;
  /** For ids only; what is answered depends on `seed` and the request. */
  readonly random: Random;
  readonly seed?: number;
  /** Realistic if not said. */
  readonly latency?: SimulatedLatency;
  readonly script?: SimulatorScript;
  /** Models that exist; any name, if not said. */
  readonly models?: readonly string[];
  /** The key that callers must show, as a bearer token or in `x-api-key`; none if not said. */
  readonly apiKey?: string;
  /** A file that gets one JSON line per entry of the log, written before the bytes it speaks of. */
  readonly logPath?: string;
  /** How many entries of the log are kept in memory; the file keeps all. */
  readonly logEntriesMax?: number;
  readonly bodyBytesMax?: number;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
}

/** A running simulator. */
export interface Simulator {
  /** Its origin, such as `http://127.0.0.1:40123`; OpenAI clients append `/v1`. */
  readonly url: string;
  readonly log: SimulatorLog;
  /** How many callers followed a redirect, which none should. */
  redirectsFollowed(): number;
  /** Replaces the script from the next request on. @throws RangeError on an unknown misbehaviour */
  setScript(script: SimulatorScript): void;
  setLatency(latency: SimulatedLatency): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The models that the starter catalogue knows. Any model with `reasoning` in its name thinks first. */
export const SIMULATED_MODELS = [
  'sim-fast',
  'sim-standard',
  'sim-reasoning',
  'sim-embedding',
] as const;

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const KEEP_ALIVE_MS = 60_000;
const LOG_ENTRIES_MAX = 100_000;

const ROUTES: ReadonlyMap<string, readonly [SimulatedSurface, SimulatedWire]> = new Map([
  ['/v1/chat/completions', ['chat', chatWire]],
  ['/v1/responses', ['responses', responsesWire]],
  ['/v1/embeddings', ['embeddings', embeddingsWire]],
  ['/v1/messages', ['messages', messagesWire]],
]);

/**
 * Starts a simulated supplier on a loopback port: OpenAI's chat completions, Responses, embeddings
 * and models, and Anthropic's messages with `count_tokens`. Every answer says that it is simulated.
 * Requests may dictate token counts (see `DictatedCounts`) and what goes wrong (`x-sim-misbehave`,
 * see `MISBEHAVIOURS`).
 * @throws RangeError on a script that names an unknown misbehaviour
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  let script = new ScriptRunner(options.script ?? []);
  let latency = options.latency ?? REALISTIC_LATENCY;
  let redirectsFollowed = 0;
  const log = new SimulatorLog(options.logPath, options.logEntriesMax ?? LOG_ENTRIES_MAX);
  const parts: SimulatorParts = {
    clock: options.clock,
    random: options.random,
    seed: options.seed ?? 1,
    cache: new PromptCache(options.clock),
    memory: new ResponseMemory(),
    log,
    script: () => script,
    latency: () => latency,
    models: options.models,
    apiKey: options.apiKey,
  };
  const server = createServer((request, response) => {
    // A caller that goes away is seen by the delivery; nobody else needs to hear of it.
    request.on('error', () => undefined);
    if (request.url?.startsWith('/redirected')) redirectsFollowed++;
    void route(request, response, parts, options.bodyBytesMax ?? BODY_BYTES_MAX);
  });
  // Callers keep idle connections; a shorter time would reset some of them just as they are reused.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const url = await listen(server, options.port ?? 0);
  return {
    url,
    log,
    redirectsFollowed: () => redirectsFollowed,
    setScript: (next) => {
      script = new ScriptRunner(next);
    },
    setLatency: (next) => {
      latency = next;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      log.close();
    },
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  parts: SimulatorParts,
  bodyBytesMax: number,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const found = ROUTES.get(path);
  const surface = found?.[0] ?? (path.startsWith('/v1/messages') ? 'messages' : 'chat');
  const wire = found?.[1] ?? (surface === 'messages' ? messagesWire : chatWire);
  const exchange = new SimulatedExchange(request, response, surface, wire, parts);
  try {
    exchange.authenticate();
    if (request.method === 'GET' && path === '/v1/models')
      return exchange.listModels(SIMULATED_MODELS);
    if (request.method === 'GET' && path.startsWith('/v1/models/'))
      return exchange.showModel(decodeURIComponent(path.slice('/v1/models/'.length)));
    if (request.method === 'POST' && path === '/v1/messages/count_tokens')
      return exchange.countTokens(await readBody(request, bodyBytesMax));
    if (!found) throw new SimulatedRefusal(404, `Invalid URL (${request.method} ${path})`);
    if (request.method !== 'POST')
      throw new SimulatedRefusal(405, `Not allowed to ${request.method} on ${path}`);
    const call = readCall(surface, request.headers, await readBody(request, bodyBytesMax));
    await exchange.answer(call);
  } catch (error) {
    exchange.refuse(error);
  }
}

/** @throws SimulatedRefusal (413) where the body is larger than allowed */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new SimulatedRefusal(413, 'Request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
