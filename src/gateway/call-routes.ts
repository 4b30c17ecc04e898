import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#base/domain-error.ts';
import { attempt, type AttemptInput } from './attempt.ts';
import type { AttemptResult, FailedAttempt } from './attempt-result.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { NO_OBSERVER } from './gateway-log.ts';
import type { ModelRoute } from './model-directory.ts';
import { isRouteFault, nextStep, retryAfterMs } from './retry-policy.ts';
import type { RouteHealth } from './route-health.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** What came of all attempts. */
export interface Delivery {
  readonly result: AttemptResult;
  /** The route of the last attempt. */
  readonly route: ModelRoute;
  /** Failed attempts before the last which consumed something, or may have. */
  readonly wasted: readonly WastedAttempt[];
  readonly attempts: number;
}

export interface WastedAttempt {
  readonly route: ModelRoute;
  readonly result: FailedAttempt;
}

export interface CallRoutesInput {
  readonly deps: Pick<GatewayDeps, 'clock' | 'random' | 'pools' | 'log' | 'observer'>;
  readonly health: RouteHealth;
  readonly exchange: Exchange;
  readonly routes: readonly ModelRoute[];
  /** @throws DomainError `untranslatable` */
  readonly prepare: (route: ModelRoute, attempt: number) => UpstreamRequest;
  /** What all attempts share. */
  readonly shared: Omit<AttemptInput, 'upstream' | 'dispatcher'>;
}

/**
 * Calls the routes in order until one answers, or there is nothing left to try. Routes whose circuit
 * breaker is open are passed over while there is another.
 */
export async function callRoutes(input: CallRoutesInput): Promise<Delivery> {
  const { deps, health, exchange, shared, prepare } = input;
  const { clock, random, pools, log, observer = NO_OBSERVER } = deps;
  const wasted: WastedAttempt[] = [];
  const untried = [...input.routes];
  let route = takeRoute(untried, health);
  for (let attempts = 1; ; attempts++) {
    const upstream = prepare(route, attempts);
    const breaker = health.of(route);
    const beganAtMs = clock.nowMs();
    breaker.begin(beganAtMs);
    const result = await attempt({ ...shared, upstream, dispatcher: pools.of(route.supplier) });
    const nowMs = clock.nowMs();
    observer.attemptEnded({ route: route.id, outcome: result.kind, ms: nowMs - beganAtMs });
    if (result.kind !== 'failed') {
      judge(result, breaker, nowMs);
      return { result, route, wasted, attempts };
    }
    const { failure } = result;
    if (isRouteFault(failure)) breaker.failed(nowMs);
    else breaker.ended();
    const askedMs = failure.kind === 'refused' ? retryAfterMs(failure.failure, nowMs) : undefined;
    if (askedMs !== undefined && failure.kind === 'refused' && failure.failure.status === 429)
      breaker.rest(nowMs + askedMs);
    const hasNextRoute = untried.some((each) => health.isAvailable(each));
    const step = nextStep(failure, {
      attempts,
      attemptsMax: shared.limits.attemptsMax,
      hasNextRoute,
      retryAfterMsMax: shared.limits.retryAfterMsMax,
      random,
      nowMs,
    });
    const status = failure.kind === 'refused' ? failure.failure.status : undefined;
    log.warn(
      {
        requestId: exchange.requestId,
        route: route.id,
        failure: failure.kind,
        status,
        next: step.do,
      },
      'attempt failed',
    );
    if (step.do === 'give-up' || exchange.isGone) return { result, route, wasted, attempts };
    if (result.metering || result.mayBill) wasted.push({ route, result });
    if (step.do === 'next-route') route = takeRoute(untried, health);
    else await patience(step.afterMs, exchange);
    if (exchange.isGone)
      return { result: { kind: 'abandoned', mayBill: false }, route, wasted, attempts };
  }
}

/** The first available route, or the first at all: admission saw one available a moment ago. */
function takeRoute(untried: ModelRoute[], health: RouteHealth): ModelRoute {
  const at = Math.max(
    0,
    untried.findIndex((route) => health.isAvailable(route)),
  );
  const [route] = untried.splice(at, 1);
  if (route === undefined)
    throw new DomainError('no_capacity', 'No supplier of this model is left to try.', {
      retryAfterMs: 1_000,
    });
  return route;
}

/** A stream that broke off speaks against its route; a client that left says nothing about it. */
function judge(result: AttemptResult, breaker: ReturnType<RouteHealth['of']>, nowMs: number): void {
  if (result.kind === 'abandoned') breaker.ended();
  else if (result.kind === 'streamed' && result.end.kind === 'broken') breaker.failed(nowMs);
  else breaker.succeeded();
}

/** Waits, but not for a client that has left. */
async function patience(ms: number, exchange: Exchange): Promise<void> {
  const waiting = new AbortController();
  exchange.onGone = () => waiting.abort();
  await sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  exchange.onGone = undefined;
}
