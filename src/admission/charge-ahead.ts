import { type NanoUsd, nanoUsd } from '#base/money.ts';
import type { Amounts } from '#plans/decision.ts';
import type { Admitted } from './admission.ts';

/** What may be said of a charge before it is booked. */
export interface ChargeAhead {
  readonly chargeNanoUsd: NanoUsd;
  /** What credits had left when the request was admitted, less its charge. */
  readonly remainingNanoUsd: NanoUsd;
}

/**
 * The charge of a request that is not settled yet, where it follows from its admission alone, so that
 * no other request and no second decision can change it.
 * @returns `undefined` where only settling tells: below a fare cap, which concurrent requests share,
 *   and above the hold, where it depends on who can pay by then
 */
export function chargeAhead(admitted: Admitted, actual: Amounts): ChargeAhead | undefined {
  const { mode, hasFareCap, heldChargeNanoUsd, heldCreditsNanoUsd, remainingNanoUsd } = admitted;
  const charge = mode === 'included' ? 0 : actual.chargeNanoUsd;
  if (hasFareCap || charge > heldChargeNanoUsd) return undefined;
  // The waterfall ends with overage, so what was held pays from credits first.
  const ofCredits = Math.min(charge, heldCreditsNanoUsd);
  return {
    chargeNanoUsd: nanoUsd(charge),
    remainingNanoUsd: nanoUsd(remainingNanoUsd + heldCreditsNanoUsd - ofCredits),
  };
}
