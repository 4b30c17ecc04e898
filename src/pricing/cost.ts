import { DomainError } from '#base/domain-error.ts';
import {
  type NanoUsd,
  type PicoUsd,
  picoUsd,
  roundHalfEven,
  roundHalfEvenSafe,
} from '#base/money.ts';
import type { Id } from '#base/id.ts';
import type { MeteredPart, Metering } from '#metering/metering.ts';
import { inputTokens, USAGE_UNITS, type Usage, type UsageUnit } from '#metering/usage.ts';
import { type PriceVersion, type Rates, ratesFor, serviceTiersAt } from './price.ts';

/** A price version together with the key in its `serviceTiers` that a response's tier stands for. */
export interface ResolvedPrice {
  readonly price: PriceVersion;
  readonly serviceTier: string;
}

/**
 * Finds the price of what a response says it was: its model (with date suffixes and aliases) and its
 * service tier (`default`, `on_demand`, …). The catalogue knows the aliases; nothing is guessed here.
 * @returns `undefined` where the price book has no entry.
 */
export type PriceOf = (
  model: string | undefined,
  serviceTier: string | undefined,
) => ResolvedPrice | undefined;

/** Something that was consumed and has no price. */
export interface Unpriced {
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
  /** The unit without a rate; `undefined` where the model or tier itself is unknown. */
  readonly unit: UsageUnit | undefined;
}

/** What a response costs us. */
export interface Cost {
  /** The exact sum of all priced units, rounded once, half to even. */
  readonly nanoUsd: NanoUsd;
  /** Not empty: `nanoUsd` leaves something out. Raise an incident, or {@link requirePriced}. */
  readonly unpriced: readonly Unpriced[];
  /** The version that priced the first part; `undefined` where that part is unpriced. */
  readonly priceVersionId: Id<'priceVersion'> | undefined;
}

export interface CostInput {
  readonly metering: Metering;
  readonly priceOf: PriceOf;
  /** The instant that chooses a window of the day: when the response was completed. */
  readonly atMs: number;
}

const ALL_PRICED: readonly Unpriced[] = Object.freeze([]);

/**
 * The cost of a response: every unit of every part at the rate of the part's own model, service tier
 * and context size. Summed in plain numbers while the sum provably stays exact (below 2^53 picos,
 * $9,007), in `bigint` beyond that.
 *
 * Never throws on a missing price and never takes it for zero: what is unpriced is named in `unpriced`.
 * @throws RangeError where the cost passes the safe integers ($9 million for one request).
 */
export function costOf(input: CostInput): Cost {
  const { metering, priceOf, atMs } = input;
  let picos = 0;
  let unpriced: Unpriced[] | undefined;
  let priceVersionId: Id<'priceVersion'> | undefined;
  for (const [index, part] of metering.parts.entries()) {
    const resolved = priceOf(part.model, part.serviceTier);
    const rates = resolved && ratesOf(resolved, part.usage, atMs);
    if (resolved === undefined || rates === undefined) {
      (unpriced ??= []).push(unpricedPart(part));
      continue;
    }
    if (index === 0) priceVersionId = resolved.price.id;
    for (const unit of USAGE_UNITS) {
      const count = part.usage[unit];
      if (count === 0) continue;
      const rate = rates[unit];
      if (rate === undefined) {
        (unpriced ??= []).push({ model: part.model, serviceTier: part.serviceTier, unit });
        continue;
      }
      picos += count * rate;
    }
  }
  // Rounding of a product or sum is monotone, so a sum that passed 2^53 anywhere still shows it here:
  // all terms are non-negative.
  const nanoUsd =
    picos <= Number.MAX_SAFE_INTEGER ? roundHalfEvenSafe(picos) : roundHalfEven(exactPicos(input));
  return { nanoUsd, unpriced: unpriced ?? ALL_PRICED, priceVersionId };
}

/** The exact cost in pico-dollars before its rounding, in `bigint` throughout; unpriced units are left out. */
export function exactPicos(input: CostInput): PicoUsd {
  let picos = 0n;
  for (const line of costLines(input)) picos += line.picoUsd ?? 0n;
  return picoUsd(picos);
}

/** One unit of one part, for receipts and explanations. */
export interface CostLine {
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
  readonly unit: UsageUnit;
  readonly count: number;
  /** `undefined` where the unit has no price. */
  readonly ratePicoUsd: number | undefined;
  readonly picoUsd: PicoUsd | undefined;
}

/** Every used unit with its count, rate and exact amount. */
export function costLines({ metering, priceOf, atMs }: CostInput): readonly CostLine[] {
  return metering.parts.flatMap((part) => {
    const resolved = priceOf(part.model, part.serviceTier);
    const rates = resolved && ratesOf(resolved, part.usage, atMs);
    return USAGE_UNITS.filter((unit) => part.usage[unit] !== 0).map((unit) => {
      const count = part.usage[unit];
      const ratePicoUsd = rates?.[unit];
      return {
        model: part.model,
        serviceTier: resolved?.serviceTier ?? part.serviceTier,
        unit,
        count,
        ratePicoUsd,
        picoUsd:
          ratePicoUsd === undefined ? undefined : picoUsd(BigInt(count) * BigInt(ratePicoUsd)),
      };
    });
  });
}

/**
 * For operators who would rather fail than book an incomplete cost.
 * @throws DomainError `unknown_price`, naming each model, tier or unit without a price.
 */
export function requirePriced(cost: Cost): Cost {
  if (cost.unpriced.length === 0) return cost;
  throw new DomainError(
    'unknown_price',
    `no price for ${cost.unpriced.map(describeUnpriced).join('; ')}`,
  );
}

/** `gpt-9 on flex`, or `cache_write_1h of gpt-5`. */
export function describeUnpriced({ model, serviceTier, unit }: Unpriced): string {
  const tier = serviceTier === undefined ? '' : ` on ${serviceTier}`;
  const name = `${model ?? 'a response that names no model'}${tier}`;
  return unit === undefined ? name : `${unit} of ${name}`;
}

function ratesOf(
  { price, serviceTier }: ResolvedPrice,
  usage: Usage,
  atMs: number,
): Rates | undefined {
  const serviceTiers = serviceTiersAt(price, atMs);
  if (!Object.hasOwn(serviceTiers, serviceTier)) return undefined;
  return ratesFor(serviceTiers[serviceTier] ?? [], inputTokens(usage));
}

function unpricedPart({ model, serviceTier }: MeteredPart): Unpriced {
  return { model, serviceTier, unit: undefined };
}
