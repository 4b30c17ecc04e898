import { unreachable } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { admitRequest, type Admission } from './admit-request.ts';
import { answerHeaders } from './answer-headers.ts';
import { authenticate, requireScope } from './authenticate.ts';
import { callRoutes, type Delivery } from './call-routes.ts';
import type { Caller } from './caller.ts';
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

/** @returns the answer to give; `undefined` where it was streamed, or nobody waits for it. */
async function completeRequest(
  runtime: GatewayRuntime,
  exchange: Exchange,
  caller: Caller,
  request: ParsedRequest,
): Promise<StoredAnswer | undefined> {
  const { deps, limits, health, settler } = runtime;
  const quotes = quoteCandidates(runtime, caller, request);
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
  const calledAtMs = deps.clock.nowMs();
  const delivery = await deliver(runtime, exchange, request, admission).catch(
    async (error: unknown) => {
      await settler.void(hold, 'not sent', limits.settleWaitMs);
      throw error;
    },
  );
  const upstreamMs = Math.max(0, deps.clock.nowMs() - calledAtMs);
  const settled = await finish({
    deps,
    settler,
    request,
    admission,
    delivery,
    upstreamMs,
    settleWaitMs: limits.settleWaitMs,
  });
  return presented(exchange, delivery, () =>
    answerHeaders(exchange, admission, { clock: deps.clock, settled }),
  );
}

/** One quote for each class that may serve the request. A fallback that cannot take it is left out. */
function quoteCandidates(
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
