import { addNano, nanoUsd, subtractNano, ZERO_USD, type NanoUsd } from '#base/money.ts';
import type { AttemptUsage, Measurement } from '#admission/admission.ts';
import type { Metering } from '#metering/metering.ts';
import { totalTokens } from '#metering/usage.ts';
import { chargeOf, type ChargeBasis } from '#pricing/charge.ts';
import { costOf, describeUnpriced, type PriceOf } from '#pricing/cost.ts';
import type { ModelRoute } from './model-directory.ts';
import type { SupplierClaim } from './supplier-claim.ts';

/** What an attempt consumed, and whether the customer got something for it. */
export interface Consumption {
  readonly route: ModelRoute;
  readonly metering: Metering;
  /** False for attempts that failed: their cost is ours, and the customer is not charged. */
  readonly isCharged: boolean;
}

/** A measurement, and what an operator must hear about it. */
export interface Tallied {
  readonly measurement: Measurement;
  /** What was consumed and has no price of its own, in words. */
  readonly unpriced: readonly string[];
  /** Counts that the decoder could not place. */
  readonly unknown: readonly string[];
  readonly claims: readonly SupplierClaim[];
}

/**
 * Prices all attempts of one request. What has no price of its own, such as an answer that names
 * another model, is priced as the route's model and named in `unpriced`: never at zero.
 */
export function tally(
  consumptions: readonly Consumption[],
  how: {
    readonly basis: ChargeBasis;
    /** The name under which we offer the model that was admitted. */
    readonly model: string;
    readonly atMs: number;
    readonly outcome: Measurement['outcome'];
    readonly upstreamMs: number;
  },
): Tallied {
  const attempts: AttemptUsage[] = [];
  const unpriced: string[] = [];
  const unknown: string[] = [];
  const claims: SupplierClaim[] = [];
  let tokens = 0;
  let costNanoUsd = ZERO_USD;
  let chargeNanoUsd = ZERO_USD;
  let estimated = false;
  for (const { route, metering, isCharged } of consumptions) {
    const priceOf = withRoutePrice(route, unpriced);
    const { atMs, basis, model } = how;
    const cost = costOf({ metering, priceOf, atMs });
    for (const each of cost.unpriced) unpriced.push(describeUnpriced(each));
    unknown.push(...(metering.unknown ?? []));
    attempts.push(...attemptsOf(route, metering, priceOf, atMs, cost.nanoUsd));
    costNanoUsd = addNano(costNanoUsd, cost.nanoUsd);
    estimated ||= metering.estimated;
    const { supplierCostPicoUsd: claimedPicoUsd } = metering;
    if (claimedPicoUsd !== undefined && !metering.estimated)
      claims.push({
        supplier: route.supplier.name,
        model: route.model,
        claimedPicoUsd,
        bookedNanoUsd: cost.nanoUsd,
      });
    if (!isCharged) continue;
    for (const part of metering.parts) tokens += totalTokens(part.usage);
    const charge = chargeOf({ metering, cost, basis, model, atMs });
    chargeNanoUsd = addNano(chargeNanoUsd, charge.nanoUsd);
    if (basis.kind === 'rates')
      for (const each of charge.unpriced) unpriced.push(`in the tariff: ${describeUnpriced(each)}`);
  }
  const { outcome, upstreamMs } = how;
  const actual = { tokens, costNanoUsd, chargeNanoUsd };
  const measurement = { attempts, actual, estimated, outcome, upstreamMs };
  return { measurement, unpriced, unknown, claims };
}

/** One line for each part. The parts' costs add up to the cost of the whole, which is rounded once. */
function attemptsOf(
  route: ModelRoute,
  metering: Metering,
  priceOf: PriceOf,
  atMs: number,
  whole: NanoUsd,
): AttemptUsage[] {
  const { parts } = metering;
  let before: NanoUsd = nanoUsd(0);
  return parts.map((part, index) => {
    const end = index + 1;
    const upTo =
      end === parts.length
        ? whole
        : costOf({ metering: { ...metering, parts: parts.slice(0, end) }, priceOf, atMs }).nanoUsd;
    const costNanoUsd = subtractNano(upTo, before);
    before = upTo;
    const resolved = priceOf(part.model, part.serviceTier);
    return {
      supplier: route.supplier.name,
      model: part.model ?? route.model,
      serviceTier: resolved?.serviceTier ?? 'standard',
      usage: part.usage,
      costNanoUsd,
      priceVersionId: (resolved?.price ?? requirePrice(route)).id,
    };
  });
}

function withRoutePrice(route: ModelRoute, unpriced: string[]): PriceOf {
  return (model, serviceTier) => {
    const resolved = route.priceOf(model, serviceTier);
    if (resolved && Object.hasOwn(resolved.price.serviceTiers, resolved.serviceTier))
      return resolved;
    const text = describeUnpriced({ model, serviceTier, unit: undefined });
    if (!unpriced.includes(text)) unpriced.push(text);
    return { price: resolved?.price ?? requirePrice(route), serviceTier: 'standard' };
  };
}

function requirePrice(route: ModelRoute): ModelRoute['prices'][number] {
  const [price] = route.prices;
  if (price === undefined)
    throw new Error(`invariant broken: route ${route.id} was quoted without a price`);
  return price;
}
