import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { formatUsd } from '#base/money.ts';
import { withStore } from '#db/pool.ts';
import { decodeCandidates, type RecordedCandidate } from './record-bytes.ts';

/** The whole decision about a request, and what became of it. */
export interface Why {
  readonly request: Id<'request'>;
  readonly book: Book;
  readonly customer: Id<'customer'>;
  readonly planVersion: Id<'planVersion'>;
  readonly plan: string;
  readonly atMs: number;
  readonly verdict: 'admitted' | 'refused';
  readonly classAsked: string;
  readonly classServed: string | null;
  readonly reason: string | null;
  readonly gate: string | null;
  readonly candidates: readonly RecordedCandidate[];
  readonly usage: WhyUsage | undefined;
  /** All of it for people, in about ten lines. */
  readonly text: string;
}

interface WhyUsage {
  readonly model: string;
  readonly supplier: string;
  readonly outcome: string;
  readonly estimated: boolean;
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly cost: number;
  readonly charge: number;
  readonly paid_allowance: number;
  readonly paid_promotional: number;
  readonly paid_bought: number;
  readonly paid_overage: number;
  readonly overrun: number;
  readonly seq: number;
  readonly price_version: string | null;
  readonly upstream_ms: number;
}

interface DecisionRow {
  book: Book;
  customer: string;
  seq: number;
  process: number;
  plan_version: string;
  plan: string | null;
  at_ms: number;
  surface: string;
  streamed: boolean;
  model_asked: string;
  input_tokens: number;
  output_asked: number | null;
  output_sent: number | null;
  class_asked: string;
  class_served: string | null;
  reason: string | null;
  gate: string | null;
  fallback: string;
  slow: boolean;
  candidates: Buffer;
}

/**
 * Why a request was admitted or refused, as what, and who paid.
 * @throws DomainError `not_found` where no decision about it was recorded, `store_unavailable`
 */
export function why(pool: Pool, request: Id<'request'>): Promise<Why> {
  return withStore(async () => {
    const uuid = uuidOf(request);
    // The id carries the time of its making, a day or less from the decision's: few partitions are read.
    const day = new Date(Number.parseInt(uuid.replace('-', '').slice(0, 12), 16))
      .toISOString()
      .slice(0, 10);
    const decisions = await pool.query<DecisionRow>(
      `SELECT d.*, p.plan || ' v' || p.version AS plan
         FROM decision d LEFT JOIN plan_version p ON p.id = d.plan_version
        WHERE d.request = $1 AND d.day BETWEEN $2::date - 1 AND $2::date + 1`,
      [uuid, day],
    );
    const [row] = decisions.rows;
    if (!row) throw new DomainError('not_found', `No decision about ${request} is recorded.`);
    const events = await pool.query<WhyUsage>(
      `SELECT model, supplier, outcome, estimated, tokens_in, tokens_out, cost, charge, paid_allowance, paid_promotional,
              paid_bought, paid_overage, overrun, seq, price_version, upstream_ms
         FROM usage_event
        WHERE book = $1 AND customer = $2 AND id = $3 AND day BETWEEN $4::date - 1 AND $4::date + 1`,
      [row.book, row.customer, uuid, day],
    );
    return whyOf(request, row, events.rows[0]);
  });
}

function whyOf(request: Id<'request'>, row: DecisionRow, usage: WhyUsage | undefined): Why {
  const facts = {
    request,
    book: row.book,
    customer: idFromUuid('customer', row.customer),
    planVersion: idFromUuid('planVersion', row.plan_version),
    plan: row.plan ?? row.plan_version,
    atMs: row.at_ms,
    verdict: row.class_served === null ? ('refused' as const) : ('admitted' as const),
    classAsked: row.class_asked,
    classServed: row.class_served,
    reason: row.reason,
    gate: row.gate,
    candidates: decodeCandidates(row.candidates),
    usage,
  };
  return { ...facts, text: [...decisionLines(facts, row), ...usageLines(usage)].join('\n') };
}

function decisionLines(facts: Omit<Why, 'text'>, row: DecisionRow): readonly string[] {
  const verdict =
    facts.verdict === 'refused'
      ? `refused (${row.reason ?? 'unknown'}${row.gate ? `, gate ${row.gate}` : ''})`
      : `admitted as ${row.class_served}${row.slow ? ', slow lane' : ''}` +
        (row.fallback === 'none' ? '' : `, fallback because of ${row.fallback}`) +
        (row.gate ? `, gate ${row.gate}` : '');
  return [
    `request    ${facts.request} (${row.book} book)`,
    `customer   ${facts.customer}, decision ${row.seq} of this account`,
    `when       ${new Date(row.at_ms).toISOString()}, by process ${row.process}`,
    `plan       ${facts.plan} (${facts.planVersion})`,
    `asked      ${row.model_asked} (${row.class_asked}) over ${row.surface}${row.streamed ? ', streamed' : ''}; ` +
      `input at most ${row.input_tokens} tokens, output asked ${row.output_asked ?? 'nothing said'}, sent ${row.output_sent ?? 'nothing said'}`,
    ...facts.candidates.map(
      ({ className, available, quote, priceVersionId }) =>
        `quote      ${className}: at most ${formatUsd(BigInt(quote.costNanoUsd))} cost, ${formatUsd(BigInt(quote.chargeNanoUsd))} tariff, ` +
        `${quote.tokens} tokens${available ? '' : '; no healthy route'}${priceVersionId ? `; price ${priceVersionId}` : ''}`,
    ),
    `verdict    ${verdict}`,
  ];
}

function usageLines(usage: WhyUsage | undefined): readonly string[] {
  if (!usage) return [];
  const paid = (
    [
      ['allowance', usage.paid_allowance],
      ['promotional', usage.paid_promotional],
      ['bought', usage.paid_bought],
      ['overage', usage.paid_overage],
    ] as const
  ).filter(([, amount]) => amount > 0);
  return [
    `used       ${usage.model} at ${usage.supplier}: ${usage.tokens_in} tokens in, ${usage.tokens_out} out` +
      `${usage.estimated ? ' (estimated)' : ''}; ${usage.outcome} in ${usage.upstream_ms} ms`,
    `cost       ${formatUsd(BigInt(usage.cost))}${usage.overrun > 0 ? `; ${formatUsd(BigInt(usage.overrun))} above the hold` : ''}`,
    `charge     ${formatUsd(BigInt(usage.charge))}, paid by ` +
      (paid.length === 0
        ? 'the plan'
        : paid.map(([payer, amount]) => `${payer} ${formatUsd(BigInt(amount))}`).join(', ')),
  ];
}
