import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { type NanoUsd, nanoUsd } from '#base/money.ts';
import type { Amounts } from '#plans/decision.ts';
import { markUp, type ChargeBasis } from '#pricing/charge.ts';
import type { PriceVersion } from '#pricing/price.ts';
import {
  outputTokensWithin,
  quoteOf,
  quoteRangeOf,
  type Modality,
  type QuoteRange,
  type UsageBound,
} from '#pricing/quote.ts';
import { SEARCH_PREVIEW_TIER } from '#metering/openai-responses.ts';
import type { ModelRoute, ServedModel } from './model-directory.ts';
import { inputBound } from './wire/input-bound.ts';
import type { RequestFacts } from './wire/request-facts.ts';

/**
 * The most that a request can take of one model, priced at the dearest of all routes, service tiers,
 * cache writes and context tiers that it may meet.
 */
export interface Quote {
  readonly model: ServedModel;
  /** The routes that can serve the request's wire. */
  readonly routes: readonly ModelRoute[];
  readonly inputTokensMax: number;
  /** Over all choices. */
  readonly outputTokensMax: number;
  /** What is held at first: all of it, or for a stream what almost every answer stays below. */
  readonly outputTokensHeld: number;
  /** The worst case of the whole request where it puts out at most so many tokens. */
  amounts(outputTokens: number): Amounts;
  /** What the customer may be charged: at best, as usual, at most. */
  range(): QuoteRange;
  /** How many tokens of output (all choices together) a headroom pays for; `undefined` where it does not pay for the input. */
  outputTokensFor(headroom: {
    readonly unit: 'charge' | 'cost' | 'tokens';
    readonly left: number;
  }): number | undefined;
}

/**
 * Quotes a request on one model.
 * @param routes those of its routes that can take the request, from `routesFor`
 * @throws DomainError `unknown_price`, `unpriced_parameter` (service tier)
 */
export function quoteRequest(
  facts: RequestFacts,
  { model, routes }: { readonly model: ServedModel; readonly routes: readonly ModelRoute[] },
  basis: ChargeBasis,
): Quote {
  const [first] = routes;
  assert(first !== undefined, 'only a model with a route is quoted');
  const input = inputBound(facts, {
    vendor: first.supplier.protocol.vendor,
    model: first.model,
    contextTokens: model.contextTokens,
  });
  const inputTokensMax = input.textTokens + input.imageTokens + input.audioTokens;
  const outputTokensMax = outputBound(facts, model);
  const bound = usageBound(facts, input, first, { inputTokensMax, outputTokensMax });
  const prices = routes.length === 1 ? first.prices : routes.flatMap((route) => route.prices);
  if (prices.length === 0)
    throw new DomainError('unknown_price', `${model.name} has no price.`, { field: 'model' });
  const serviceTiers = withPreviewSearch(tiersOf(facts, first), facts);
  const withOutput = (tokens: number): UsageBound => ({ ...bound, outputTokensMax: tokens });
  return {
    model,
    routes,
    inputTokensMax,
    outputTokensMax,
    outputTokensHeld: heldAtFirst(facts, model, outputTokensMax),
    amounts(outputTokens) {
      const limited = withOutput(outputTokens);
      const costNanoUsd = quoteOf({ prices, serviceTiers, bound: limited });
      return {
        tokens: inputTokensMax + outputTokens,
        costNanoUsd,
        chargeNanoUsd: chargeBound(costNanoUsd, basis, limited, {
          facts,
          model,
          serviceTiers,
        }),
      };
    },
    range() {
      const rates = basis.kind === 'rates' ? chargePrices(basis, model, facts) : prices;
      const full = { ...bound, outputTokensMax };
      // About four bytes a token in English; what is typical of output is not known, so half its p99.
      const expected = {
        inputTokens: Math.ceil(inputTokensMax / 4),
        outputTokens: Math.ceil((facts.n * model.outputTokensP99) / 2),
      };
      const range = quoteRangeOf({ prices: rates, serviceTiers, bound: full, expected });
      if (basis.kind === 'rates') return range;
      const charged = (cost: NanoUsd): NanoUsd => markUp(cost, basis.perMille);
      return {
        minNanoUsd: charged(range.minNanoUsd),
        expectedNanoUsd: charged(range.expectedNanoUsd),
        maxNanoUsd: charged(range.maxNanoUsd),
      };
    },
    outputTokensFor({ unit, left }) {
      if (unit === 'tokens')
        return left < inputTokensMax ? undefined : Math.min(outputTokensMax, left - inputTokensMax);
      const rates =
        unit === 'charge' && basis.kind === 'rates' ? chargePrices(basis, model, facts) : prices;
      const headroomNanoUsd =
        unit === 'charge' && basis.kind === 'markup'
          ? costWithin(left, basis.perMille)
          : nanoUsd(Math.floor(left));
      return outputTokensWithin({ prices: rates, serviceTiers, bound, headroomNanoUsd });
    },
  };
}

function outputBound(facts: RequestFacts, model: ServedModel): number {
  if (facts.surface === 'openai-embeddings') return 0;
  const limit = Math.min(facts.outputTokensMax ?? model.outputTokensMax, model.outputTokensMax);
  return facts.n * (limit + facts.extraOutputTokens);
}

/** What thinks unseen may have put out anything at any time, so its stream holds the whole bound too. */
function heldAtFirst(facts: RequestFacts, model: ServedModel, outputTokensMax: number): number {
  if (!facts.stream || model.thinksUnseen) return outputTokensMax;
  return Math.min(outputTokensMax, facts.n * (model.outputTokensP99 + facts.extraOutputTokens));
}

function usageBound(
  facts: RequestFacts,
  input: { readonly imageTokens: number; readonly audioTokens: number },
  route: ModelRoute,
  tokens: { readonly inputTokensMax: number; readonly outputTokensMax: number },
): UsageBound {
  const modalities: Modality[] = [];
  if (input.imageTokens > 0) modalities.push('image_in');
  if (input.audioTokens > 0) modalities.push('audio_in');
  if (facts.audioOutput) modalities.push('audio_out');
  let webSearchesMax = 0;
  let toolCallsMax = 0;
  for (const tool of facts.hostedTools) {
    if (tool.unit === 'web_searches') webSearchesMax += tool.usesMax;
    else if (tool.unit === 'tool_calls') toolCallsMax += tool.usesMax;
  }
  // Anthropic writes a cache only where it is told to; others do it on their own account.
  const unasked = route.supplier.protocol.vendor === 'anthropic' ? 'never' : '1h';
  return {
    ...tokens,
    modalities,
    cacheWrites: facts.cacheTtl ?? unasked,
    webSearchesMax,
    toolCallsMax,
  };
}

const STANDARD: readonly string[] = ['standard'];

/**
 * The tiers that a request may be served on. One that is asked for by name may still be served on the
 * standard one; `auto` may become priority.
 * @throws DomainError `unpriced_parameter` where the tier asked for has no price.
 */
function tiersOf({ serviceTier }: RequestFacts, route: ModelRoute): readonly string[] {
  if (serviceTier === undefined || serviceTier === 'default' || serviceTier === 'standard_only')
    return STANDARD;
  if (serviceTier === 'auto') return ['standard', 'priority'];
  const resolved = route.priceOf(route.model, serviceTier);
  if (resolved === undefined || !Object.hasOwn(resolved.price.serviceTiers, resolved.serviceTier)) {
    throw new DomainError(
      'unpriced_parameter',
      `\`service_tier\` ${serviceTier.slice(0, 64)} has no price for this model.`,
      {
        field: 'service_tier',
      },
    );
  }
  return resolved.serviceTier === 'standard' ? STANDARD : ['standard', resolved.serviceTier];
}

/** A search by the preview tool may be dearer, as a tier of its own ({@link SEARCH_PREVIEW_TIER}). */
function withPreviewSearch(tiers: readonly string[], facts: RequestFacts): readonly string[] {
  return facts.hostedTools.some(({ name }) => name === 'web_search_preview')
    ? [...tiers, SEARCH_PREVIEW_TIER]
    : tiers;
}

/** Marking up is monotone, so the mark-up of a bound bounds every mark-up below it. */
function chargeBound(
  costNanoUsd: NanoUsd,
  basis: ChargeBasis,
  bound: UsageBound,
  {
    facts,
    model,
    serviceTiers,
  }: { facts: RequestFacts; model: ServedModel; serviceTiers: readonly string[] },
): NanoUsd {
  if (basis.kind === 'markup') return markUp(costNanoUsd, basis.perMille);
  return quoteOf({ prices: chargePrices(basis, model, facts), serviceTiers, bound });
}

function chargePrices(
  basis: ChargeBasis & { kind: 'rates' },
  model: ServedModel,
  facts: RequestFacts,
): readonly PriceVersion[] {
  const resolved = basis.priceOf(model.name, facts.serviceTier);
  if (resolved === undefined)
    throw new DomainError('unknown_price', `The tariff has no price for ${facts.model}.`, {
      field: 'model',
    });
  return [resolved.price];
}

/** The largest cost whose mark-up certainly fits: rounded down, less one nano for the mark-up's own rounding. */
function costWithin(chargeLeft: number, perMille: number): NanoUsd {
  if (perMille === 0) return nanoUsd(Number.MAX_SAFE_INTEGER);
  const scaled = (BigInt(Math.max(0, Math.floor(chargeLeft))) * 1_000n) / BigInt(perMille);
  return nanoUsd(Number(scaled > 0n ? scaled - 1n : 0n));
}
