import { parsePicoUsd } from '#base/money.ts';
import { recordOf, type JsonRecord } from './json-value.ts';

/** xAI: one tick is 1e-10 USD (docs.x.ai, "Cost tracking"). */
const PICO_PER_TICK = 100n;

/**
 * What the supplier says that it charged, in pico-dollars: xAI's `cost_in_usd_ticks`, Perplexity's
 * `cost.total_cost`, OpenRouter's `cost`. Their floats are read to twelve decimals. Where OpenRouter
 * calls with a key of the operator's own (`is_byok`), its `cost` is its fee, and what the vendor asks
 * stands beside it.
 * @returns `undefined` where nothing is said, or nothing that is an amount.
 */
export function supplierCostPicoUsd(usage: JsonRecord | undefined): bigint | undefined {
  const ticks = usage?.['cost_in_usd_ticks'];
  if (typeof ticks === 'number' && Number.isSafeInteger(ticks) && ticks >= 0)
    return BigInt(ticks) * PICO_PER_TICK;
  const cost = usage?.['cost'];
  const own = picoOf(recordOf(cost)?.['total_cost'] ?? cost);
  if (usage?.['is_byok'] !== true) return own;
  const vendors = picoOf(recordOf(usage['cost_details'])?.['upstream_inference_cost']);
  return vendors === undefined ? own : vendors + (own ?? 0n);
}

/** A cost that one of the supplier's own cost fields states as above zero. */
export function isCharged(usage: JsonRecord | undefined, field: string): boolean {
  const cost = recordOf(usage?.['cost'])?.[field];
  return typeof cost === 'number' && cost > 0;
}

function picoOf(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0)
    return parsePicoUsd(value.toFixed(12));
  if (typeof value === 'string') {
    const picos = parsePicoUsd(value);
    return picos !== undefined && picos >= 0n ? picos : undefined;
  }
  return undefined;
}
