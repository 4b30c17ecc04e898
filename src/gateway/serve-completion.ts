import { unreachable } from '#base/assert.ts';
import type { AttemptUsage } from '#admission/admission.ts';
import { DomainError } from '#base/domain-error.ts';
import { admitRequest, type Admission } from './admit-request.ts';
import { answerHeaders } from './answer-headers.ts';
import { authenticate, requireScope } from './authenticate.ts';
import { callRoutes, type Delivery } from './call-routes.ts';
import type { Caller } from './caller.ts';
import { type Errand, withErrand } from './errand.ts';
import type { Exchange } from './exchange.ts';
import { finish } from './finish.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';
import type { StoredAnswer } from './idempotency.ts';
import type { ServedModel } from './model-directory.ts';
import { onceByKey } from './once-by-key.ts';
import { parseRequest, type ParsedRequest } from './parse-request.ts';
import { planTerms } from './plan-directory.ts';
import { quoteRequest, type Quote } from './quote-request.ts';
import { readBody } from './read-body.ts';
import { routesFor, upstreamRequest } from './upstream-request.ts';
import type { Surface } from './wire/request-facts.ts';
import { presentUpstreamError } from './wire/upstream-error.ts';

/**
 * Serves one model call: authenticate, read, quote, admit, call, settle, present.
 * @throws DomainError every error that a client may get before an answer has begun
 */
export async function serveCompletion(
  runtime: GatewayRuntime,
  exchange: Exchange,
  surface: Surface,
): Promise<void> {
  const { deps, limits, bodies } = runtime;
  const caller = await authenticate(exchange, deps.authenticate);
  requireScope(caller, 'inference');
  const body = await readBody(exchange.request, limits.bodyBytesMax, bodies);
  try {
    const request = parseRequest(surface, body);
    const answer = await onceByKey({ deps, exchange, caller, request }, () =>
      completeRequest(runtime, exchange, caller, request),
    );
    if (answer) exchange.answer(answer.status, answer.headers, answer.body);
  } finally {
    bodies.give(body.length);
  }
}

/**
 * A parsed request of a known caller: quote, admit, call, settle. What the wire surfaces and calls from
 * inside the house share.
 * @returns the answer to give; `undefined` where it was streamed, or nobody waits for it.
 */
export async function completeRequest(
  runtime: GatewayRuntime,
  exchange: Exchange,
  caller: Caller,
  request: ParsedRequest,
  errand?: Errand,
): Promise<StoredAnswer | undefined> {
  const { deps, limits, health, settler } = runtime;
  const { basis } = planTerms(deps.plans, caller.subject.planVersionId);
  const quotes = withErrand(quoteCandidates(runtime, caller, request), errand, basis);
  if (exchange.isGone) return undefined;
  const admission = await admitRequest({
    deps,
    health,
    exchange,
    caller,
    facts: request.facts,
    quotes,
  });
  const { hold } = admission.admitted;
  if (exchange.isGone) {
    await settler.void(hold, 'client left', limits.settleWaitMs);
    return undefined;
  }
  exchange.observer?.admitted(admission);
  const calledAtMs = deps.clock.nowMs();
  let sent = request;
  let bought: readonly AttemptUsage[] = [];
  const run = async (): Promise<Delivery> => {
    if (errand) {
      const ran = await errand.run();
      bought = ran.bought;
      sent = parseRequest(request.facts.surface, ran.body);
    }
    return deliver(runtime, exchange, sent, admission);
  };
  const delivery = await run().catch(async (error: unknown) => {
    await settler.void(hold, 'not sent', limits.settleWaitMs);
    throw error;
  });
  const upstreamMs = Math.max(0, deps.clock.nowMs() - calledAtMs);
  await exchange.observer?.delivered();
  const { charge, settled } = await finish({
    deps,
    settler,
    request: sent,
    admission,
    bought,
    delivery,
    upstreamMs,
    settleWaitMs: limits.settleWaitMs,
    isAwaited: exchange.observer !== undefined,
  });
  exchange.observer?.finished(settled);
  return presented(exchange, delivery, () =>
    answerHeaders(exchange, admission, { clock: deps.clock, charge }),
  );
}

/** One quote for each class that may serve the request. A fallback that cannot take it is left out. */
export function quoteCandidates(
  { deps }: GatewayRuntime,
  caller: Caller,
  request: ParsedRequest,
): readonly Quote[] {
  const { facts } = request;
  const { basis } = planTerms(deps.plans, caller.subject.planVersionId);
  const [asked, ...fallbacks] = deps.models.candidates(caller.subject, facts.model);
  if (asked === undefined) {
    throw new DomainError('model_not_found', `There is no model named \`${facts.model}\` here.`, {
      field: 'model',
    });
  }
  const quoteOn = (model: ServedModel): Quote =>
    quoteRequest(facts, { model, routes: routesFor(request, model) }, basis);
  const quotes = [quoteOn(asked)];
  for (const model of fallbacks) {
    try {
      quotes.push(quoteOn(model));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
  }
  return quotes;
}

function deliver(
  runtime: GatewayRuntime,
  exchange: Exchange,
  request: ParsedRequest,
  admission: Admission,
): Promise<Delivery> {
  const { deps, limits, health, keepAlives } = runtime;
  const { quote, outputTokensLowered } = admission;
  return callRoutes({
    deps,
    health,
    exchange,
    routes: quote.routes,
    prepare: (route, attempt) =>
      upstreamRequest(route, {
        exchange,
        request,
        model: quote.model,
        outputTokensLowered,
        attempt,
      }),
    shared: {
      exchange,
      facts: request.facts,
      limits,
      keepAlives,
      guard: {
        admission: deps.admission,
        hold: admission.admitted.hold,
        amounts: (outputTokens) => quote.amounts(outputTokens),
        outputTokensHeld: admission.outputTokensHeld,
        outputTokensMax: admission.outputTokensMax,
      },
      requestBody: request.body,
      nowMs: () => deps.clock.nowMs(),
      streamHeaders: () => answerHeaders(exchange, admission, { clock: deps.clock }),
    },
  });
}

/** @throws DomainError where no attempt brought an answer */
function presented(
  exchange: Exchange,
  { result }: Delivery,
  headers: () => Record<string, string>,
): StoredAnswer | undefined {
  switch (result.kind) {
    case 'plain':
      return {
        status: 200,
        headers: { 'content-type': 'application/json', ...headers() },
        body: result.body,
      };
    case 'streamed':
      exchange.end();
      return undefined;
    case 'abandoned':
      return undefined;
    case 'failed': {
      if (result.failure.kind === 'refused') {
        exchange.answerWire(
          presentUpstreamError(result.failure.failure, exchange.format, exchange.requestId),
        );
        return undefined;
      }
      throw (
        result.error ??
        new DomainError('upstream_error', 'The supplier of this model did not answer.')
      );
    }
    default:
      return unreachable(result);
  }
}
