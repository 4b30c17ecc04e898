import { assert } from '#base/assert.ts';
import { type NanoUsd, scaleHalfEven } from '#base/money.ts';
import { outputTokens, type Usage } from '#metering/usage.ts';
import { costOf } from '#pricing/cost.ts';
import { type PriceVersion, STANDARD_TIER } from '#pricing/price.ts';

/** Machines that are paid for by the hour, whatever they do. */
export interface OwnHardware {
  /** On average over the hours; may be a fraction. */
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly gpuHourNanoUsd: NanoUsd;
  readonly hours: number;
}

export interface OwnHardwareResult {
  readonly costNanoUsd: NanoUsd;
  /** What the tokens are worth at the price list, all of them sold. */
  readonly revenueNanoUsd: NanoUsd;
  /** Revenue less cost, over the revenue. */
  readonly marginShare: number;
  /** Revenue less cost, over the cost. */
  readonly profitOnCost: number;
  /** Of the tokens, the share that must be sold at the price list to pay for the hours. */
  readonly breakEvenShare: number;
  readonly costNanoUsdPerMillionOutput: number;
}

/** Hours are counted to their thousandth. */
const PER_HOUR = 1000;

/** What machines cost, idle or not: node hours, rounded once. */
export function hardwareCost({ nodes, gpusPerNode, gpuHourNanoUsd, hours }: OwnHardware): NanoUsd {
  const gpuHours = Math.round(nodes * gpusPerNode * hours * PER_HOUR);
  return scaleHalfEven(gpuHourNanoUsd, { numerator: gpuHours, denominator: PER_HOUR });
}

/**
 * Own machines beside the tokens that they served, at a price list: by the code that prices requests.
 * @throws RangeError where the price has no rate for a unit that was used
 */
export function ownHardware(
  hardware: OwnHardware,
  usage: Usage,
  price: PriceVersion,
): OwnHardwareResult {
  const costNanoUsd = hardwareCost(hardware);
  const { nanoUsd: revenueNanoUsd, unpriced } = costOf({
    metering: { parts: [{ model: price.model, serviceTier: undefined, usage }], estimated: false },
    priceOf: () => ({ price, serviceTier: STANDARD_TIER }),
    atMs: price.effectiveFromMs,
  });
  assert(unpriced.length === 0, 'every unit that was used has a rate');
  const profit = revenueNanoUsd - costNanoUsd;
  return {
    costNanoUsd,
    revenueNanoUsd,
    marginShare: profit / revenueNanoUsd,
    profitOnCost: profit / costNanoUsd,
    breakEvenShare: costNanoUsd / revenueNanoUsd,
    costNanoUsdPerMillionOutput: (costNanoUsd * 1e6) / outputTokens(usage),
  };
}
