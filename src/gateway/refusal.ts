import { unreachable } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { formatUsd, nanoUsd } from '#base/money.ts';
import type { Refused } from '#admission/admission.ts';
import type { Gate, GateWindow } from '#plans/plan-version.ts';

/** What the words of a refusal need beside the verdict. */
export interface RefusalContext {
  readonly gates: ReadonlyMap<string, Gate>;
  readonly model: string;
  readonly nowMs: number;
}

/**
 * Tells a refusal whole: what is full, when it opens, what is open now. "160 of 160 messages in 3 h;
 * next opens 14:32 UTC; fast is available now."
 */
export function refusalError(refused: Refused, context: RefusalContext): DomainError {
  switch (refused.reason) {
    case 'gate':
      return gateFull(refused, context);
    case 'funds':
      return new DomainError(
        'insufficient_funds',
        `The remaining ${formatUsd(refused.remainingNanoUsd)} does not cover this request at its worst.${available(refused)}`,
        { retryable: false, facts: { gate: null, remainingNanoUsd: refused.remainingNanoUsd } },
      );
    case 'class':
      return new DomainError(
        'model_not_in_plan',
        `${context.model} is not part of this plan.${available(refused)}`,
        { field: 'model' },
      );
    case 'capacity':
      return new DomainError(
        'no_capacity',
        `No supplier of ${context.model} answers at the moment.${available(refused)}`,
        { retryAfterMs: 5_000 },
      );
    case 'subscription':
      return new DomainError('no_subscription', 'The subscription has ended.');
    default:
      return unreachable(refused.reason);
  }
}

function gateFull(refused: Refused, { gates, nowMs }: RefusalContext): DomainError {
  const { gate: standing } = refused;
  if (standing === undefined)
    return new DomainError('gate_full', `A limit of this plan is reached.${available(refused)}`);
  const gate = gates.get(standing.gateId);
  const { gateId, limit, used, resetAtMs } = standing;
  const text = gate
    ? `${amount(gate, used)} of ${amount(gate, limit)}${unitName(gate)}${windowText(gate.window)}`
    : `The limit ${gateId} is reached`;
  return new DomainError(
    'gate_full',
    `${text}; next opens ${timeText(resetAtMs, nowMs)}.${available(refused)}`,
    {
      retryAfterMs: Math.max(0, resetAtMs - nowMs),
      facts: { gate: gateId, limit, used, resetAtMs },
    },
  );
}

function available({ availableClasses }: Refused): string {
  if (availableClasses.length === 0) return '';
  return ` ${availableClasses.join(', ')} ${availableClasses.length === 1 ? 'is' : 'are'} available now.`;
}

/** Messages are counted in thousandths; money in nano-dollars. */
function amount({ unit }: Gate, value: number): string {
  if (unit === 'messages') return String(Math.round(value) / 1_000);
  if (unit === 'tokens') return String(value);
  return formatUsd(nanoUsd(Math.round(value)));
}

function unitName({ unit }: Gate): string {
  return unit === 'messages' || unit === 'tokens' ? ` ${unit}` : '';
}

function windowText(window: GateWindow): string {
  switch (window.kind) {
    case 'rolling':
    case 'session':
      return ` in ${durationText(window.seconds)}`;
    case 'calendar':
      return ` this ${window.unit}`;
    case 'cycle':
      return ' in this billing period';
    default:
      return unreachable(window);
  }
}

function durationText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function timeText(atMs: number, nowMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return 'never';
  const text = new Date(atMs).toISOString();
  const day = atMs - nowMs < 86_400_000 ? '' : `${text.slice(0, 10)} `;
  return `${day}${text.slice(11, 16)} UTC`;
}
