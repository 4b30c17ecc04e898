import type { AttemptUsage, Measurement } from '#admission/admission.ts';
import { addNano, type NanoUsd } from '#base/money.ts';
import { type ChargeBasis, markUp } from '#pricing/charge.ts';
import type { Quote } from './quote-request.ts';

/** Something bought for an answer beside its model, such as web searches: held and settled with it. */
export interface Errand {
  /** The most that it may cost. */
  readonly costNanoUsdMax: NanoUsd;
  /**
   * Runs once the hold is durable.
   * @returns the request with what was found, and what was bought. The request must not be longer than
   *   the one that was quoted: its bytes bound its tokens.
   */
  readonly run: () => Promise<Errands>;
}

export interface Errands {
  readonly body: Buffer;
  readonly bought: readonly AttemptUsage[];
}

/** The quotes of a request with its errand on top, whichever class serves it. */
export function withErrand(
  quotes: readonly Quote[],
  errand: Errand | undefined,
  basis: ChargeBasis,
): readonly Quote[] {
  if (errand === undefined) return quotes;
  const cost = errand.costNanoUsdMax;
  const charge = errandCharge(cost, basis);
  return quotes.map((quote) => ({
    ...quote,
    range() {
      const { minNanoUsd, expectedNanoUsd, maxNanoUsd } = quote.range();
      return {
        minNanoUsd: addNano(minNanoUsd, charge),
        expectedNanoUsd: addNano(expectedNanoUsd, charge),
        maxNanoUsd: addNano(maxNanoUsd, charge),
      };
    },
    amounts(outputTokens) {
      const { tokens, costNanoUsd, chargeNanoUsd } = quote.amounts(outputTokens);
      return {
        tokens,
        costNanoUsd: addNano(costNanoUsd, cost),
        chargeNanoUsd: addNano(chargeNanoUsd, charge),
      };
    },
  }));
}

/** A measurement with what was bought; where the answer failed, that is the house's own cost. */
export function withBought(
  measurement: Measurement,
  bought: readonly AttemptUsage[],
  basis: ChargeBasis,
): Measurement {
  if (bought.length === 0) return measurement;
  const isCharged = measurement.actual.tokens > 0 && measurement.outcome !== 'upstream_failed';
  let { costNanoUsd, chargeNanoUsd } = measurement.actual;
  for (const each of bought) {
    costNanoUsd = addNano(costNanoUsd, each.costNanoUsd);
    if (isCharged) chargeNanoUsd = addNano(chargeNanoUsd, errandCharge(each.costNanoUsd, basis));
  }
  return {
    ...measurement,
    // The last attempt names the model of the event.
    attempts: [...bought, ...measurement.attempts],
    actual: { ...measurement.actual, costNanoUsd, chargeNanoUsd },
  };
}

/** Own rates list models only, so errands pass at cost there. */
export function errandCharge(cost: NanoUsd, basis: ChargeBasis): NanoUsd {
  return basis.kind === 'markup' ? markUp(cost, basis.perMille) : cost;
}
