import { type NanoUsd, scaleHalfEven } from '#base/money.ts';
import type { Metering } from '#metering/metering.ts';
import { type Cost, costOf, type PriceOf, type Unpriced } from './cost.ts';

/**
 * What turns usage into what the customer pays.
 * - `markup`: the booked cost times so many thousandths (1,000 = at cost, 1,250 = a quarter on top).
 * - `rates`: the operator's own price list, found by model and service tier like a supplier's.
 */
export type ChargeBasis =
  | { readonly kind: 'markup'; readonly perMille: number }
  | { readonly kind: 'rates'; readonly priceOf: PriceOf };

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
  readonly atMs: number;
}): Charge {
  const { metering, cost, basis, atMs } = input;
  if (basis.kind === 'markup') {
    return { nanoUsd: markUp(cost.nanoUsd, basis.perMille), unpriced: cost.unpriced };
  }
  const { nanoUsd, unpriced } = costOf({ metering, priceOf: basis.priceOf, atMs });
  return { nanoUsd, unpriced };
}

/** An amount times thousandths, half to even. @throws RangeError where `perMille` is negative or no integer. */
export function markUp(amount: NanoUsd, perMille: number): NanoUsd {
  if (!Number.isSafeInteger(perMille) || perMille < 0)
    throw new RangeError(`not a mark-up in thousandths: ${perMille}`);
  return scaleHalfEven(amount, { numerator: perMille, denominator: 1000 });
}
