import { type NanoUsd, scaleHalfEven } from '#base/money.ts';
import type { Metering } from '#metering/metering.ts';
import { type Cost, costOf, type PriceOf, type ResolvedPrice, type Unpriced } from './cost.ts';

/**
 * The operator's own rates for a model, by the name under which we offer it, and the service tier that
 * the response names. Whatever a supplier calls the model, and whichever route served it, the customer
 * pays these. `atMs` chooses the version; absent = now.
 * @returns `undefined` where the list has none for the model
 */
export type TariffRates = (
  model: string,
  serviceTier: string | undefined,
  atMs?: number,
) => ResolvedPrice | undefined;

/**
 * What turns usage into what the customer pays.
 * - `markup`: the booked cost times so many thousandths (1,000 = at cost, 1,250 = a quarter on top).
 * - `rates`: the operator's own price list.
 */
export type ChargeBasis =
  | { readonly kind: 'markup'; readonly perMille: number }
  | { readonly kind: 'rates'; readonly priceOf: TariffRates };

export interface Charge {
  readonly nanoUsd: NanoUsd;
  /** As {@link Cost.unpriced}: what the tariff could not price. */
  readonly unpriced: readonly Unpriced[];
}

/**
 * What a response is worth to the customer. A mark-up applies to the **booked** cost in nano-dollars,
 * so that anyone can recompute the charge from the receipt; own rates are summed exactly and rounded
 * once, like a cost. Both round half to even.
 */
export function chargeOf(input: {
  readonly metering: Metering;
  readonly cost: Cost;
  readonly basis: ChargeBasis;
  /** The name under which we offer the model. */
  readonly model: string;
  readonly atMs: number;
}): Charge {
  const { metering, cost, basis, model, atMs } = input;
  if (basis.kind === 'markup') {
    return { nanoUsd: markUp(cost.nanoUsd, basis.perMille), unpriced: cost.unpriced };
  }
  const priceOf: PriceOf = (_, serviceTier) => basis.priceOf(model, serviceTier, atMs);
  const { nanoUsd, unpriced } = costOf({ metering, priceOf, atMs });
  return { nanoUsd, unpriced };
}

/** An amount times thousandths, half to even. @throws RangeError where `perMille` is negative or no integer. */
export function markUp(amount: NanoUsd, perMille: number): NanoUsd {
  if (!Number.isSafeInteger(perMille) || perMille < 0)
    throw new RangeError(`not a mark-up in thousandths: ${perMille}`);
  return scaleHalfEven(amount, { numerator: perMille, denominator: 1000 });
}
