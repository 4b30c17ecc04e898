import { DomainError } from '#base/domain-error.ts';
import {
  type NanoUsd,
  nanoUsd,
  PICO_PER_NANO,
  picoUsd,
  roundUp,
  roundUpSafe,
} from '#base/money.ts';
import type { UsageUnit } from '#metering/usage.ts';
import { everyServiceTiers, type PriceVersion, type Rates, STANDARD_TIER } from './price.ts';

/** Token kinds beside text that a request may put in or ask for. */
export type Modality = 'audio_in' | 'audio_out' | 'image_in' | 'image_out';

/** The most that a request can consume. Whatever is absent cannot happen. */
export interface UsageBound {
  /** All tokens in, of every kind. */
  readonly inputTokensMax: number;
  /** All tokens out over all choices, thinking included. */
  readonly outputTokensMax: number;
  /** Non-text tokens that may be among them; they are priced as the dearest of all allowed kinds. */
  readonly modalities?: readonly Modality[];
  /** The dearest cache write that the request may cause; `1h` where unknown. */
  readonly cacheWrites?: 'never' | '5m' | '1h';
  readonly imagesMadeMax?: number;
  readonly videoSecondsMax?: number;
  readonly webSearchesMax?: number;
  readonly toolCallsMax?: number;
  /** Responses that the supplier bills separately; 1 where absent. */
  readonly requestsMax?: number;
}

export interface QuoteInput {
  /** The price of every route and every model that may take part. At least one. */
  readonly prices: readonly PriceVersion[];
  /** The service tiers that the request may be served on: several for `auto`. Those that a price does not have are passed over. */
  readonly serviceTiers?: readonly string[];
  readonly bound: UsageBound;
}

const INPUT_TEXT: readonly UsageUnit[] = ['input', 'input_cached'];
const OUTPUT_TEXT: readonly UsageUnit[] = ['output', 'reasoning'];
const MODALITY_UNITS: Readonly<Record<Modality, readonly UsageUnit[]>> = {
  audio_in: ['audio_in', 'audio_in_cached'],
  audio_out: ['audio_out'],
  image_in: ['image_in', 'image_in_cached'],
  image_out: ['image_out'],
};

/**
 * An upper bound, in nano-dollars rounded up, for any response within `bound`.
 *
 * Each dimension (input, output, searches, …) is priced at the dearest unit it may turn into, over all
 * prices, allowed service tiers, hours of the day and context tiers within reach. The dearest is taken per
 * dimension, not per table, because a response may consist of several parts that were priced by different
 * tables.
 *
 * @throws DomainError `unknown_price` where a dimension that may be used has no price at all.
 */
export function quoteOf(input: QuoteInput): NanoUsd {
  const { bound } = input;
  const dimensions = dimensionsOf(bound, dearestRates(input));
  let picos = 0;
  for (const { count, rate } of dimensions) picos += count * rate;
  if (picos <= Number.MAX_SAFE_INTEGER) return roundUpSafe(picos);
  let exact = 0n;
  for (const { count, rate } of dimensions) exact += BigInt(count) * BigInt(rate);
  return roundUp(picoUsd(exact));
}

/** What a request may cost, before it runs. */
export interface QuoteRange {
  /** The input with every token cached, and not one token out. */
  readonly minNanoUsd: NanoUsd;
  /** The expected tokens, none of them cached. */
  readonly expectedNanoUsd: NanoUsd;
  /** {@link quoteOf}. */
  readonly maxNanoUsd: NanoUsd;
}

/**
 * The range that `POST /v1/quote` answers with. The lower two figures take the first price at its
 * standard tier; only the upper one is a promise.
 * @throws DomainError `unknown_price`, as {@link quoteOf}.
 */
export function quoteRangeOf(
  input: QuoteInput & {
    readonly expected: { readonly inputTokens: number; readonly outputTokens: number };
  },
): QuoteRange {
  const { expected, prices, bound } = input;
  const maxNanoUsd = quoteOf(input);
  const likely = { prices: prices.slice(0, 1), serviceTiers: [STANDARD_TIER] };
  const inputTokensMax = Math.min(expected.inputTokens, bound.inputTokensMax);
  const outputTokensMax = Math.min(expected.outputTokens, bound.outputTokensMax);
  const expectedNanoUsd = quoteOf({
    ...likely,
    bound: { inputTokensMax, outputTokensMax, cacheWrites: 'never' },
  });
  const cached = reachableRates({ ...likely, inputTokensMax }).map(
    (rates) => rates.input_cached ?? rates.input ?? 0,
  );
  const cheapest = cached.length === 0 ? 0 : Math.min(...cached);
  const minNanoUsd = roundDown(BigInt(inputTokensMax) * BigInt(cheapest));
  return {
    minNanoUsd: lesser(minNanoUsd, expectedNanoUsd),
    expectedNanoUsd: lesser(expectedNanoUsd, maxNanoUsd),
    maxNanoUsd,
  };
}

/**
 * How many tokens of output a headroom pays for, after the rest of the bound: to what the output limit
 * that is sent upstream may be lowered. `bound.outputTokensMax` is the limit asked for, and the most
 * that is returned.
 * @returns `undefined` where the headroom does not even pay for the rest.
 * @throws DomainError `unknown_price`, as {@link quoteOf}.
 */
export function outputTokensWithin(
  input: QuoteInput & { readonly headroomNanoUsd: NanoUsd },
): number | undefined {
  const { bound, headroomNanoUsd } = input;
  const rates = dearestRates(input);
  let left = BigInt(headroomNanoUsd) * PICO_PER_NANO;
  for (const { count, rate } of dimensionsOf({ ...bound, outputTokensMax: 0 }, rates)) {
    left -= BigInt(count) * BigInt(rate);
  }
  if (left < 0n) return undefined;
  const rate = rates.output;
  if (rate === undefined || rate === 0) return bound.outputTokensMax;
  const affordable = left / BigInt(rate);
  return affordable < BigInt(bound.outputTokensMax) ? Number(affordable) : bound.outputTokensMax;
}

/** The dearest rate of each dimension; `undefined` where nothing in reach has a price for it. */
interface DearestRates {
  input?: number;
  output?: number;
  images_made?: number;
  video_seconds?: number;
  web_searches?: number;
  tool_calls?: number;
  requests?: number;
}

const COUNTED_UNITS = [
  'images_made',
  'video_seconds',
  'web_searches',
  'tool_calls',
  'requests',
] as const;

function dearestRates(input: QuoteInput): DearestRates {
  const { bound } = input;
  const inputUnits = inputUnitsOf(bound);
  const outputUnits = outputUnitsOf(bound);
  const dearest: DearestRates = {};
  const raise = (dimension: keyof DearestRates, rate: number | undefined): void => {
    if (rate !== undefined && rate >= (dearest[dimension] ?? 0)) dearest[dimension] = rate;
  };
  for (const rates of reachableRates({ ...input, inputTokensMax: bound.inputTokensMax })) {
    for (const unit of inputUnits) raise('input', rates[unit]);
    for (const unit of outputUnits) raise('output', rates[unit]);
    for (const unit of COUNTED_UNITS) raise(unit, rates[unit]);
  }
  return dearest;
}

function inputUnitsOf({ modalities = [], cacheWrites = '1h' }: UsageBound): readonly UsageUnit[] {
  const units = [...INPUT_TEXT];
  if (cacheWrites !== 'never') units.push('cache_write_5m');
  if (cacheWrites === '1h') units.push('cache_write_1h');
  for (const modality of modalities)
    if (modality.endsWith('_in')) units.push(...MODALITY_UNITS[modality]);
  return units;
}

function outputUnitsOf({ modalities = [] }: UsageBound): readonly UsageUnit[] {
  const units = [...OUTPUT_TEXT];
  for (const modality of modalities)
    if (modality.endsWith('_out')) units.push(...MODALITY_UNITS[modality]);
  return units;
}

/** Every rates table that a request of up to so many input tokens may be priced by. */
function reachableRates(input: {
  readonly prices: readonly PriceVersion[];
  readonly serviceTiers?: readonly string[];
  readonly inputTokensMax: number;
}): readonly Rates[] {
  const { prices, serviceTiers = [STANDARD_TIER], inputTokensMax } = input;
  const reachable: Rates[] = [];
  for (const price of prices) {
    for (const tables of everyServiceTiers(price)) {
      for (const name of serviceTiers) {
        if (!Object.hasOwn(tables, name)) continue;
        for (const tier of tables[name] ?? []) {
          if (tier.aboveInputTokens === 0 || tier.aboveInputTokens < inputTokensMax)
            reachable.push(tier.rates);
        }
      }
    }
  }
  return reachable;
}

interface Dimension {
  readonly count: number;
  readonly rate: number;
}

/** @throws DomainError `unknown_price` where a dimension in use has no rate. */
function dimensionsOf(bound: UsageBound, dearest: DearestRates): readonly Dimension[] {
  const counts: Record<keyof DearestRates, number> = {
    input: bound.inputTokensMax,
    output: bound.outputTokensMax,
    images_made: bound.imagesMadeMax ?? 0,
    video_seconds: bound.videoSecondsMax ?? 0,
    web_searches: bound.webSearchesMax ?? 0,
    tool_calls: bound.toolCallsMax ?? 0,
    requests: bound.requestsMax ?? 1,
  };
  const dimensions: Dimension[] = [];
  for (const [name, count] of Object.entries(counts) as [keyof DearestRates, number][]) {
    if (count === 0) continue;
    const rate = dearest[name];
    if (rate === undefined)
      throw new DomainError('unknown_price', `${name} has no price here`, {
        facts: { unit: name },
      });
    dimensions.push({ count, rate });
  }
  return dimensions;
}

function roundDown(picos: bigint): NanoUsd {
  return nanoUsd(Number(picos / PICO_PER_NANO));
}

function lesser(a: NanoUsd, b: NanoUsd): NanoUsd {
  return a < b ? a : b;
}
