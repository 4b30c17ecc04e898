import { countText } from '#base/count-text.ts';
import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { formatUsd } from '#base/money.ts';
import { withStore } from '#db/pool.ts';
import type { AttemptUsage } from './admission.ts';
import { decodePayments, type Payment } from './payment-record.ts';
import {
  decodeAttempts,
  decodeCandidates,
  decodeHoldVector,
  type HoldVector,
  type RecordedCandidate,
} from './record-bytes.ts';
import { type DecisionRow, type EventRow, readWhy } from './why.store.ts';

/** Everything that the books know of one request: what was asked, decided, held, used and paid. */
export interface Why {
  readonly requestId: Id<'request'>;
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly decision: WhyDecision;
  /** Absent while the hold is open, and for a refusal. */
  readonly event: WhyEvent | undefined;
  readonly incidents: readonly string[];
  /** Ten lines for people. */
  readonly text: string;
}

export interface WhyDecision {
  readonly seq: number;
  readonly atMs: number;
  readonly planVersionId: Id<'planVersion'>;
  readonly modelAsked: string;
  readonly classAsked: string;
  /** `undefined`: refused. */
  readonly classServed: string | undefined;
  readonly reason: string | undefined;
  readonly gate: string | undefined;
  readonly fallback: string;
  readonly slow: boolean;
  readonly candidates: readonly RecordedCandidate[];
  readonly hold: HoldVector;
}

export interface WhyEvent {
  readonly seq: number;
  readonly outcome: string;
  readonly estimated: boolean;
  readonly settledAtMs: number;
  readonly attempts: readonly AttemptUsage[];
  readonly costNanoUsd: number;
  readonly chargeNanoUsd: number;
  readonly payments: readonly Payment[];
  readonly overrunNanoUsd: number;
}

/**
 * Why a request was admitted or refused, as what, and what it came to.
 * @throws DomainError `not_found` where no decision about it is recorded, `store_unavailable`
 */
export async function why(pool: Pool, requestId: Id<'request'>): Promise<Why> {
  const { decision, event, incidents } = await withStore(() => readWhy(pool, uuidOf(requestId)));
  if (decision === undefined) {
    throw new DomainError('not_found', `No decision about ${requestId} is recorded.`);
  }
  const told = {
    requestId,
    book: decision.book,
    customerId: idFromUuid('customer', decision.customer),
    decision: decisionOf(decision),
    event: event && eventOf(event),
    incidents: incidents.map(({ kind, facts }) => `${kind} ${JSON.stringify(facts)}`),
  };
  return Object.freeze({ ...told, text: textOf(told, decision) });
}

function decisionOf(row: DecisionRow): WhyDecision {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    planVersionId: idFromUuid('planVersion', row.plan_version),
    modelAsked: row.model_asked,
    classAsked: row.class_asked,
    classServed: row.class_served ?? undefined,
    reason: row.reason ?? undefined,
    gate: row.gate ?? undefined,
    fallback: row.fallback,
    slow: row.slow,
    candidates: decodeCandidates(row.candidates),
    hold: decodeHoldVector(row.hold),
  };
}

function eventOf(row: EventRow): WhyEvent {
  return {
    seq: row.seq,
    outcome: row.outcome,
    estimated: row.estimated,
    settledAtMs: row.settled_ms,
    attempts: decodeAttempts(row.attempts),
    costNanoUsd: row.cost,
    chargeNanoUsd: row.charge,
    payments: decodePayments(row.payments),
    overrunNanoUsd: row.overrun,
  };
}

const usd = (nanos: number): string => formatUsd(BigInt(nanos));
const instant = (ms: number): string => new Date(ms).toISOString();

function textOf(told: Omit<Why, 'text'>, row: DecisionRow): string {
  const { decision, event } = told;
  const held = decision.hold.payments.reduce((sum, part) => sum + part.amountNanoUsd, 0);
  const gates = decision.hold.gates.filter((amount) => amount !== undefined).length;
  return [
    `request   ${told.requestId} of ${told.customerId} (${told.book} book)`,
    `when      ${instant(row.at_ms)}, number ${row.seq} of the account, by process ${row.process} at ${instant(row.clock_ms)}`,
    `plan      ${row.plan ?? decision.planVersionId}, period from ${instant(row.period_start_ms)}`,
    `asked     ${row.model_asked} (${row.class_asked}) over ${row.surface}${row.streamed ? ', streamed' : ''}; ` +
      `input at most ${row.input_tokens} tokens, output asked ${row.output_asked ?? 'without limit'}, sent ${row.output_sent ?? 'without limit'}`,
    `quotes    ${decision.candidates.map(quoteText).join('; ') || 'none'}`,
    `verdict   ${verdictText(decision)}`,
    decision.classServed === undefined
      ? 'held      nothing'
      : `held      ${usd(held)} of credits, and its share of ${countText(gates, 'gate')}`,
    usedText(decision, event),
    event === undefined
      ? 'paid      nothing'
      : `paid      ${usd(event.chargeNanoUsd)}${paidText(event.payments)}; it cost ${usd(event.costNanoUsd)}`,
    `incidents ${told.incidents.join('; ') || 'none'}`,
  ].join('\n');
}

function quoteText({ className, available, quote, priceVersionId }: RecordedCandidate): string {
  return (
    `${className}${available ? '' : ' (no healthy route)'} at most ${quote.tokens} tokens, ` +
    `${usd(quote.costNanoUsd)} cost, ${usd(quote.chargeNanoUsd)} tariff` +
    (priceVersionId === undefined ? '' : ` by ${priceVersionId}`)
  );
}

function verdictText({ classServed, reason, gate, fallback, slow }: WhyDecision): string {
  const by = gate === undefined ? '' : `, gate ${gate}`;
  if (classServed === undefined) return `refused: ${reason ?? 'unknown'}${by}`;
  const instead = fallback === 'none' ? '' : `, fallback because of ${fallback}`;
  return `admitted as ${classServed}${instead}${by}${slow ? ', slow lane' : ''}`;
}

function usedText(decision: WhyDecision, event: WhyEvent | undefined): string {
  if (decision.classServed === undefined) return 'used      nothing: it was not sent';
  if (event === undefined) return 'used      not known yet: the hold is open';
  const attempts = event.attempts.map(({ supplier, model, usage }) => {
    const units = Object.entries(usage).filter(([, count]) => count > 0);
    return `${supplier} ${model} (${units.map(([unit, count]) => (unit === 'requests' ? countText(count, 'request') : `${count} ${unit}`)).join(', ')})`;
  });
  const how = `${event.outcome}${event.estimated ? ', estimated' : ''}`;
  return `used      ${attempts.join('; ') || 'nothing'}: ${how}`;
}

function paidText(payments: readonly Payment[]): string {
  const parts = payments.map(({ payer, amountNanoUsd }) => `${payer} ${usd(amountNanoUsd)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
