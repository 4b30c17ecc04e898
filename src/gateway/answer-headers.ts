import type { ChargeAhead } from '#admission/charge-ahead.ts';
import type { Clock } from '#base/clock.ts';
import { NANO_PER_USD, type NanoUsd } from '#base/money.ts';
import type { Admission } from './admit-request.ts';
import type { Exchange } from './exchange.ts';
import { rateHeadersOf } from './rate-state.ts';

/**
 * The headers that an answer carries beside its content: how long it took, the standing of the limits,
 * which class served it where another was asked for, and, where it is known, its charge.
 */
export function answerHeaders(
  exchange: Exchange,
  admission: Admission,
  { clock, charge }: { readonly clock: Clock; readonly charge?: ChargeAhead | undefined },
): Record<string, string> {
  const nowMs = clock.nowMs();
  const { admitted, terms, quote, outputTokensLowered } = admission;
  const headers = rateHeadersOf(admitted.gates, terms.gates, { nowMs, format: exchange.format });
  if (exchange.format === 'openai')
    headers['openai-processing-ms'] = String(Math.max(0, nowMs - exchange.startedAtMs));
  if (admitted.candidate > 0) headers['x-breakeven-model'] = quote.model.name;
  if (outputTokensLowered !== undefined)
    headers['x-breakeven-output-limit'] = String(outputTokensLowered);
  if (charge) {
    headers['x-breakeven-charge'] = plainUsd(charge.chargeNanoUsd);
    headers['x-breakeven-remaining'] = plainUsd(charge.remainingNanoUsd);
  }
  return headers;
}

/** An amount for machines: `0.00042`, `-1.50`, `1234.00`. As `formatUsd`, without sign and separators. */
export function plainUsd(amount: NanoUsd): string {
  const magnitude = Math.abs(amount);
  const nanos = magnitude % NANO_PER_USD;
  const dollars = (magnitude - nanos) / NANO_PER_USD;
  let fraction = String(nanos).padStart(9, '0');
  let length = 9;
  while (length > 2 && fraction.charCodeAt(length - 1) === 48) length -= 1;
  fraction = fraction.slice(0, length);
  return `${amount < 0 ? '-' : ''}${dollars}.${fraction}`;
}
