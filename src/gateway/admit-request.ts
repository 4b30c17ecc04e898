import { assert } from '#base/assert.ts';
import { newId } from '#base/id.ts';
import type { Admitted, DecisionEvidence, Refused } from '#admission/admission.ts';
import type { Candidate, DecisionRequest } from '#plans/decision.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { planTerms, type PlanTerms } from './plan-directory.ts';
import type { Quote } from './quote-request.ts';
import { refusalError } from './refusal.ts';
import type { RouteHealth } from './route-health.ts';
import type { RequestFacts, Surface } from './wire/request-facts.ts';

/** A request that may go upstream. */
export interface Admission {
  readonly admitted: Admitted;
  /** The quote of the class that serves it. */
  readonly quote: Quote;
  readonly terms: PlanTerms;
  /** The output limit per choice that goes upstream where the headroom pays for less than was asked. */
  readonly outputTokensLowered: number | undefined;
  /** Output tokens, over all choices, that the hold covers. */
  readonly outputTokensHeld: number;
  /** Output tokens that the request can have at most. */
  readonly outputTokensMax: number;
}

export interface AdmitInput {
  readonly deps: Pick<GatewayDeps, 'admission' | 'plans' | 'clock' | 'random'>;
  readonly health: RouteHealth;
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly facts: RequestFacts;
  /** One for each class that may serve it, the asked one first. */
  readonly quotes: readonly Quote[];
}

/** With this header a customer lets the output limit be lowered to what the headroom pays for. */
const FIT_HEADER = 'x-breakeven-fit';
/** Fewer tokens than this are no answer; then the refusal is more honest. */
const OUTPUT_TOKENS_MIN = 16;

/**
 * Holds the money for a request, durably, or says which limit stands in its way.
 * @throws DomainError `gate_full`, `insufficient_funds`, `model_not_in_plan`, `no_capacity`,
 *   `no_subscription`, `store_unavailable`
 */
export async function admitRequest(input: AdmitInput): Promise<Admission> {
  const { deps, exchange, caller, facts, quotes } = input;
  const terms = planTerms(deps.plans, caller.subject.planVersionId);
  const verdict = await admit(input, undefined);
  if (verdict.verdict === 'admitted') return admission(verdict, quotes, terms, undefined, facts);
  const lowered = loweredOutput(input, verdict, terms);
  if (lowered !== undefined) {
    // The refusal stands in the record under the first id, so the second try has one of its own.
    exchange.requestId = newId('request', deps.clock, deps.random);
    const second = await admit(input, lowered);
    if (second.verdict === 'admitted') return admission(second, quotes, terms, lowered, facts);
  }
  throw refusalError(verdict, {
    gates: terms.gates,
    model: facts.model,
    nowMs: deps.clock.nowMs(),
  });
}

function admit(input: AdmitInput, lowered: number | undefined): Promise<Admitted | Refused> {
  const { deps, exchange, caller, facts, quotes, health } = input;
  const candidates: Candidate[] = [];
  for (const quote of quotes) {
    candidates.push({
      className: quote.model.className,
      quote: quote.amounts(held(quote, lowered, facts)),
      available: health.isAnyAvailable(quote.routes),
    });
  }
  const request: DecisionRequest = {
    atMs: deps.clock.nowMs(),
    requestId: exchange.requestId,
    candidates,
    ...(caller.memberId !== undefined && { memberId: caller.memberId }),
    ...(caller.keyId !== undefined && { keyId: caller.keyId }),
    ...(caller.keyCapNanoUsd !== undefined && { keyCapNanoUsd: caller.keyCapNanoUsd }),
  };
  return deps.admission.admit(caller.subject, request, evidenceOf(facts, quotes, lowered));
}

const SURFACE_NAMES = {
  'openai-chat': 'chat',
  'openai-responses': 'responses',
  'openai-embeddings': 'embeddings',
  'anthropic-messages': 'messages',
} as const satisfies Record<Surface, DecisionEvidence['surface']>;

function evidenceOf(
  facts: RequestFacts,
  quotes: readonly Quote[],
  lowered: number | undefined,
): DecisionEvidence {
  const sent = lowered ?? facts.outputTokensMax;
  return {
    modelAsked: facts.model,
    surface: SURFACE_NAMES[facts.surface],
    streamed: facts.stream,
    inputTokensEstimate: quotes[0]?.inputTokensMax ?? 0,
    ...(facts.outputTokensMax !== undefined && { outputTokensAsked: facts.outputTokensMax }),
    ...(sent !== undefined && { outputTokensSent: sent }),
    priceVersionIds: quotes.flatMap(({ routes }) => routes[0]?.prices[0]?.id ?? []),
    routes: quotes.map(({ routes: [route] }) => ({
      supplier: route?.supplier.name ?? '',
      model: route?.model ?? '',
    })),
  };
}

function admission(
  admitted: Admitted,
  quotes: readonly Quote[],
  terms: PlanTerms,
  lowered: number | undefined,
  facts: RequestFacts,
): Admission {
  const quote = quotes[admitted.candidate];
  assert(quote !== undefined, 'the admitted candidate is one of those that were offered');
  return {
    admitted,
    quote,
    terms,
    outputTokensLowered: lowered,
    outputTokensHeld: held(quote, lowered, facts),
    outputTokensMax: limited(quote.outputTokensMax, lowered, facts),
  };
}

function held(quote: Quote, lowered: number | undefined, facts: RequestFacts): number {
  return limited(quote.outputTokensHeld, lowered, facts);
}

function limited(tokens: number, lowered: number | undefined, facts: RequestFacts): number {
  return lowered === undefined
    ? tokens
    : Math.min(tokens, facts.n * (lowered + facts.extraOutputTokens));
}

/** The output limit per choice that fits into what is left, where the customer allows it and money or tokens are what is missing. */
function loweredOutput(
  { exchange, facts, quotes }: AdmitInput,
  refused: Refused,
  terms: PlanTerms,
): number | undefined {
  if (exchange.header(FIT_HEADER) !== 'output') return undefined;
  const [quote] = quotes;
  const headroom = headroomOf(refused, terms);
  if (quote === undefined || headroom === undefined) return undefined;
  const fitting = quote.outputTokensFor(headroom);
  if (fitting === undefined) return undefined;
  const perChoice = Math.floor(fitting / facts.n) - facts.extraOutputTokens;
  return perChoice >= OUTPUT_TOKENS_MIN ? perChoice : undefined;
}

function headroomOf(
  refused: Refused,
  terms: PlanTerms,
): { unit: 'charge' | 'cost' | 'tokens'; left: number } | undefined {
  if (refused.reason === 'funds') return { unit: 'charge', left: refused.remainingNanoUsd };
  if (refused.reason !== 'gate' || refused.gate === undefined) return undefined;
  const unit = terms.gates.get(refused.gate.gateId)?.unit;
  if (unit === undefined || unit === 'messages') return undefined;
  return {
    unit: unit === 'credits' ? 'charge' : unit,
    left: refused.gate.limit - refused.gate.used,
  };
}
