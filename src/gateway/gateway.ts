import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError } from '#base/domain-error.ts';
import { newId } from '#base/id.ts';
import { Exchange } from './exchange.ts';
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
  readonly inFlight: number;
  /** Holds whose end waits for the store. */
  readonly settlementBacklog: number;
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

  get settlementBacklog(): number {
    return this.#runtime.settler.backlog;
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
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#whenIdle?.();
      const { response, startedAtMs } = exchange;
      (deps.observer ?? NO_OBSERVER).requestEnded({
        surface: endpoint.name,
        status: response.statusCode,
        ms: deps.clock.nowMs() - startedAtMs,
        streamed: response.getHeader('content-length') === undefined && response.headersSent,
      });
    }
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

  #answerError(exchange: Exchange, error: unknown): void {
    if (!(error instanceof DomainError)) {
      this.#runtime.deps.log.error(
        { requestId: exchange.requestId, err: error },
        'a request failed by a fault of ours',
      );
    }
    // An answer that has begun cannot become an error any more: the client must see that it broke.
    if (exchange.response.headersSent) exchange.response.destroy();
    else exchange.answerError(error);
  }
}

/** Anthropic's clients say their API version with every request. */
function formatOf(endpoint: Endpoint, request: IncomingMessage): ErrorFormat {
  if (endpoint.format !== undefined) return endpoint.format;
  return request.headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
}
