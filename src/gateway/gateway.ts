import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { newId } from '#base/id.ts';
import type { Settled } from '#admission/admission.ts';
import type { Admission } from './admit-request.ts';
import { withErrand } from './errand.ts';
import { Exchange } from './exchange.ts';
import {
  errorOfAnswer,
  type InternalCall,
  internalRequest,
  InternalResponse,
  type RunningCall,
} from './internal-call.ts';
import { planTerms } from './plan-directory.ts';
import { parseRequest } from './parse-request.ts';
import type { Quote } from './quote-request.ts';
import { completeRequest, quoteCandidates } from './serve-completion.ts';
import { SURFACE_PATHS } from './surface-paths.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { GATEWAY_LIMITS } from './gateway-limits.ts';
import { NO_OBSERVER } from './gateway-log.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';
import { KeepAlives } from './keep-alives.ts';
import { BodyBudget } from './read-body.ts';
import { RouteHealth } from './route-health.ts';
import { findEndpoint, type Endpoint } from './endpoints.ts';
import { Settler } from './settler.ts';
import type { ErrorFormat } from './wire/wire-error.ts';

export type { GatewayDeps } from './gateway-deps.ts';

/** What was still open when a gateway was shut down. */
export interface Drained {
  /** Requests that had not ended in time. */
  readonly requestsLeft: number;
  /** Holds that the store had not taken the end of; the reaper resolves them. */
  readonly settlementsLeft: number;
}

/** The wire surfaces, for one HTTP server. States: serving → draining → drained. */
export interface Gateway {
  /** Serves a request whose path is one of the gateway's. @returns false where it is not, and nothing was done. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Serves a call from inside the house, on the same path. */
  call(call: InternalCall): RunningCall;
  /** What a call from inside may take, before it runs. @throws DomainError as a client would get */
  quote(call: Pick<InternalCall, 'caller' | 'surface' | 'body' | 'errand'>): Quote;
  readonly inFlight: number;
  /** Ends of holds on their way into the books. */
  readonly settling: number;
  /** Those of them that the store should have taken by now. */
  readonly settlementBacklog: number;
  /** Until everything that was answered so far is in the books; not for the backlog. */
  booked(): Promise<void>;
  /** The circuit breakers, by route. */
  routeStates(): ReadonlyMap<string, 'closed' | 'open' | 'half-open'>;
  /** Refuses what is new and waits for what runs, at most so long. */
  drain(withinMs: number): Promise<Drained>;
}

/** Builds the gateway on the parts of the house. */
export function createGateway(deps: GatewayDeps): Gateway {
  const limits = Object.freeze({ ...GATEWAY_LIMITS, ...deps.limits });
  const runtime: GatewayRuntime = Object.freeze({
    deps,
    limits,
    health: new RouteHealth(deps.clock, {
      failures: limits.breakerFailures,
      openMs: limits.breakerOpenMs,
    }),
    settler: new Settler(deps),
    keepAlives: new KeepAlives(limits.keepAliveMs),
    bodies: new BodyBudget(limits.bodyBytesInFlightMax),
  });
  return new ServingGateway(runtime);
}

class ServingGateway implements Gateway {
  readonly #runtime: GatewayRuntime;
  #inFlight = 0;
  #isDraining = false;
  #whenIdle: (() => void) | undefined;

  constructor(runtime: GatewayRuntime) {
    this.#runtime = runtime;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get settling(): number {
    return this.#runtime.settler.pending;
  }

  get settlementBacklog(): number {
    return this.#runtime.settler.late;
  }

  booked(): Promise<void> {
    return this.#runtime.settler.booked();
  }

  routeStates(): ReadonlyMap<string, 'closed' | 'open' | 'half-open'> {
    return this.#runtime.health.states();
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const endpoint = findEndpoint(request.url ?? '/');
    if (endpoint === undefined) return false;
    const { clock, random } = this.#runtime.deps;
    const exchange = new Exchange({
      request,
      response,
      format: formatOf(endpoint, request),
      requestId: newId('request', clock, random),
      startedAtMs: clock.nowMs(),
    });
    this.#inFlight += 1;
    void this.#serve(endpoint, exchange);
    return true;
  }

  call({ caller, surface, body, errand, sink }: InternalCall): RunningCall {
    const { deps, limits } = this.#runtime;
    const response = new InternalResponse(sink);
    let admission: Admission | undefined;
    let settled: Settled | undefined;
    const exchange = new Exchange({
      request: internalRequest(SURFACE_PATHS[surface]),
      response: response.asResponse(),
      format: 'openai',
      requestId: newId('request', deps.clock, deps.random),
      startedAtMs: deps.clock.nowMs(),
      observer: {
        admitted: (given) => sink.admitted((admission = given)),
        async delivered() {
          exchange.end();
          await taken(response);
          await sink.delivered();
        },
        finished: (given) => (settled = given),
      },
    });
    const run = async (): Promise<DomainError | undefined> => {
      this.#requireRoom(exchange, limits.inFlightMax);
      const answer = await completeRequest(
        this.#runtime,
        exchange,
        caller,
        parseRequest(surface, body),
        errand,
      );
      if (answer) throw new DomainError('upstream_error', 'The supplier did not stream.');
      return errorOfAnswer(response);
    };
    this.#inFlight += 1;
    const done = run()
      .catch((error: unknown) => this.#errorOf(exchange, error))
      .then((error) => ({ requestId: exchange.requestId, admission, settled, error }))
      .finally(() => this.#ended());
    return { leave: () => void response.destroy(), done };
  }

  quote({
    caller,
    surface,
    body,
    errand,
  }: Pick<InternalCall, 'caller' | 'surface' | 'body' | 'errand'>): Quote {
    const { plans } = this.#runtime.deps;
    const { basis } = planTerms(plans, caller.subject.planVersionId);
    const quotes = quoteCandidates(this.#runtime, caller, parseRequest(surface, body));
    const [quote] = withErrand(quotes, errand, basis);
    assert(quote !== undefined, 'the asked model is quoted');
    return quote;
  }

  async drain(withinMs: number): Promise<Drained> {
    this.#isDraining = true;
    const startedAtMs = performance.now();
    if (this.#inFlight > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenIdle = resolve;
      const timer = setTimeout(resolve, withinMs);
      await promise;
      clearTimeout(timer);
    }
    const requestsLeft = this.#inFlight;
    const leftMs = Math.max(0, withinMs - (performance.now() - startedAtMs));
    const settlementsLeft = await this.#runtime.settler.drain(leftMs);
    return { requestsLeft, settlementsLeft };
  }

  async #serve(endpoint: Endpoint, exchange: Exchange): Promise<void> {
    const { deps, limits } = this.#runtime;
    try {
      if (endpoint.isGuarded) this.#requireRoom(exchange, limits.inFlightMax);
      if (!endpoint.methods.includes(exchange.request.method ?? '')) {
        throw new DomainError('method_not_allowed', `Use ${endpoint.methods.join(' or ')} here.`);
      }
      await endpoint.serve(this.#runtime, exchange);
    } catch (error) {
      this.#answerError(exchange, error);
    } finally {
      this.#ended();
      const { response, startedAtMs } = exchange;
      (deps.observer ?? NO_OBSERVER).requestEnded({
        surface: endpoint.name,
        status: response.statusCode,
        ms: deps.clock.nowMs() - startedAtMs,
        streamed: response.getHeader('content-length') === undefined && response.headersSent,
      });
    }
  }

  #ended(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#whenIdle?.();
  }

  #requireRoom(exchange: Exchange, inFlightMax: number): void {
    if (this.#isDraining) {
      exchange.response.shouldKeepAlive = false;
      throw new DomainError('shutting_down', 'This server is shutting down; try again.', {
        retryAfterMs: 1_000,
      });
    }
    if (this.#inFlight > inFlightMax) {
      throw new DomainError('no_capacity', 'Too many requests at once.', { retryAfterMs: 1_000 });
    }
  }

  #errorOf(exchange: Exchange, error: unknown): DomainError {
    if (error instanceof DomainError) return error;
    this.#runtime.deps.log.error(
      { requestId: exchange.requestId, err: error },
      'a request failed by a fault of ours',
    );
    return new DomainError('internal', 'The server failed at this request.', { cause: error });
  }

  #answerError(exchange: Exchange, error: unknown): void {
    if (!(error instanceof DomainError)) this.#errorOf(exchange, error);
    // An answer that has begun cannot become an error any more: the client must see that it broke.
    if (exchange.response.headersSent) exchange.response.destroy();
    else exchange.answerError(error);
  }
}

/** The last bytes may still wait for the sink to take them. */
async function taken(response: InternalResponse): Promise<void> {
  if (response.headersSent && !response.closed && !response.destroyed)
    await once(response, 'close');
}

/** Anthropic's clients say their API version with every request. */
function formatOf(endpoint: Endpoint, request: IncomingMessage): ErrorFormat {
  if (endpoint.format !== undefined) return endpoint.format;
  return request.headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
}
