import { DomainError } from '#base/domain-error.ts';
import { plainUsd } from './answer-headers.ts';
import { authenticate } from './authenticate.ts';
import { SURFACE_PATHS } from './surface-paths.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';
import { parseRequest } from './parse-request.ts';
import { planTerms } from './plan-directory.ts';
import { quoteRequest } from './quote-request.ts';
import { readBody } from './read-body.ts';
import { routesFor } from './upstream-request.ts';
import type { Surface } from './wire/request-facts.ts';

const PARAMETER = 'endpoint';

/**
 * `POST /v1/quote?endpoint=/v1/messages`: the body is the request itself (chat completions where no
 * endpoint is named); the answer says what it may take, before anything runs. Nothing is held.
 */
export async function serveQuote(
  { deps, limits, bodies }: GatewayRuntime,
  exchange: Exchange,
): Promise<void> {
  const caller = await authenticate(exchange, deps.authenticate);
  const surface = surfaceOf(exchange.request.url ?? '');
  const body = await readBody(exchange.request, limits.bodyBytesMax, bodies);
  try {
    const request = parseRequest(surface, body);
    const { facts } = request;
    const [model] = deps.models.candidates(caller.subject, facts.model);
    if (model === undefined)
      throw new DomainError('model_not_found', `There is no model named \`${facts.model}\` here.`, {
        field: 'model',
      });
    const { basis, plan } = planTerms(deps.plans, caller.subject.planVersionId);
    const quote = quoteRequest(facts, { model, routes: routesFor(request, model) }, basis);
    const held = quote.amounts(quote.outputTokensHeld);
    const range = quote.range();
    exchange.answerJson(
      200,
      {},
      {
        object: 'quote',
        model: model.name,
        class: model.className,
        billing: plan.billing,
        input_tokens_max: quote.inputTokensMax,
        output_tokens_max: quote.outputTokensMax,
        charge_usd: {
          min: plainUsd(range.minNanoUsd),
          expected: plainUsd(range.expectedNanoUsd),
          max: plainUsd(range.maxNanoUsd),
        },
        held_usd: plainUsd(held.chargeNanoUsd),
        held_tokens: held.tokens,
      },
    );
  } finally {
    bodies.give(body.length);
  }
}

/** @throws DomainError `invalid_request` on an endpoint that does not exist */
function surfaceOf(url: string): Surface {
  const query = url.indexOf('?');
  const path = query === -1 ? undefined : new URLSearchParams(url.slice(query)).get(PARAMETER);
  if (path === undefined || path === null) return 'openai-chat';
  const found = (Object.entries(SURFACE_PATHS) as [Surface, string][]).find(
    ([, each]) => each === path,
  );
  if (found === undefined) {
    throw new DomainError(
      'invalid_request',
      `\`${PARAMETER}\` is one of ${Object.values(SURFACE_PATHS).join(', ')}.`,
      { field: PARAMETER },
    );
  }
  return found[0];
}
