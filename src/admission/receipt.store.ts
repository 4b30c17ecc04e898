import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, idFromUuid, mintedAtMs, uuidOf } from '#base/id.ts';
import { nanoUsd, type NanoUsd } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import type { AnsweredBy } from '#catalog/public-model.ts';
import { withStore } from '#db/pool.ts';
import { addUsage, NO_USAGE, USAGE_UNITS, type Usage } from '#metering/usage.ts';
import { decodeAttempts } from './record-bytes.ts';

/** What a customer may know of one of their requests: what it took and what paid for it, never our cost. */
export interface Receipt {
  readonly id: Id<'request'>;
  readonly object: 'receipt';
  /** What answered, by its public name. */
  readonly model: string;
  /** As the client named it. */
  readonly modelAsked: string;
  readonly class: string;
  readonly outcome: string;
  readonly admittedAtMs: number;
  readonly settledAtMs: number;
  readonly planVersion: Id<'planVersion'>;
  readonly priceVersion: Id<'priceVersion'> | null;
  /** Units that are not zero. */
  readonly usage: Partial<Usage>;
  /** True where the supplier reported nothing and the delivered text was counted. */
  readonly estimated: boolean;
  readonly chargeNanoUsd: NanoUsd;
  readonly refundedNanoUsd: NanoUsd;
  /** Which bucket paid how much; an included request is paid by the plan. */
  readonly paidBy: Readonly<Record<'allowance' | 'promotional' | 'bought' | 'overage', NanoUsd>>;
}

interface ReceiptRow {
  model: string;
  supplier: string | null;
  model_asked: string;
  class_asked: string;
  class: string;
  outcome: string;
  admitted_ms: number;
  settled_ms: number;
  plan_version: string;
  price_version: string | null;
  estimated: boolean;
  attempts: Buffer;
  charge: number;
  refunded: number;
  paid_allowance: number;
  paid_promotional: number;
  paid_bought: number;
  paid_overage: number;
}

/**
 * The receipt of a customer's own request.
 * @param publicModel names what answered as customers know it
 * @returns `running` where it has not ended yet: the last byte of a stream leaves before its settlement
 *   is durable, so a quick client asks too early. `undefined` where the customer has no such request, or
 *   it was refused.
 * @throws DomainError `store_unavailable`
 */
export function readReceipt(
  pool: Pool,
  owner: {
    readonly book: Book;
    readonly customerId: Id<'customer'>;
    /** Only what this member asked for. */
    readonly ofMember?: Id<'member'> | undefined;
  },
  requestId: Id<'request'>,
  publicModel: (answered: AnsweredBy) => string,
): Promise<Receipt | 'running' | undefined> {
  return withStore(async () => {
    const uuid = uuidOf(requestId);
    // The id carries the time of its making, which is a day or less from the admission's.
    const mintedDay = utcDay(mintedAtMs(uuid));
    const member = owner.ofMember === undefined ? null : uuidOf(owner.ofMember);
    const values = [owner.book, uuidOf(owner.customerId), uuid, mintedDay, member];
    const { rows } = await pool.query<ReceiptRow>(
      `SELECT e.model, e.supplier, e.class, e.outcome, e.admitted_ms, e.settled_ms, e.plan_version,
              e.price_version, e.estimated, e.attempts, e.charge, e.refunded,
              e.paid_allowance, e.paid_promotional, e.paid_bought, e.paid_overage,
              d.model_asked, d.class_asked
         FROM usage_event e
         JOIN decision d ON d.book = e.book AND d.customer = e.customer AND d.seq = e.decision_seq AND d.day = e.day
        WHERE e.book = $1 AND e.customer = $2 AND e.id = $3 AND e.day BETWEEN $4::date - 1 AND $4::date + 1
          AND ($5::uuid IS NULL OR d.member = $5)`,
      values,
    );
    if (rows[0]) return receiptOf(requestId, rows[0], publicModel);
    const open = await pool.query(
      `SELECT FROM decision
        WHERE book = $1 AND customer = $2 AND request = $3 AND day BETWEEN $4::date - 1 AND $4::date + 1
          AND class_served IS NOT NULL AND ($5::uuid IS NULL OR member = $5)`,
      values,
    );
    return open.rows.length > 0 ? 'running' : undefined;
  });
}

function receiptOf(
  id: Id<'request'>,
  row: ReceiptRow,
  publicModel: (answered: AnsweredBy) => string,
): Receipt {
  const usage = decodeAttempts(row.attempts).reduce(
    (sum, attempt) => addUsage(sum, attempt.usage),
    NO_USAGE,
  );
  return {
    id,
    object: 'receipt',
    model: publicModel({
      modelAsked: row.model_asked,
      classAsked: row.class_asked,
      classServed: row.class,
      supplier: row.supplier,
      upstreamModel: row.model,
    }),
    modelAsked: row.model_asked,
    class: row.class,
    outcome: row.outcome,
    admittedAtMs: row.admitted_ms,
    settledAtMs: row.settled_ms,
    planVersion: idFromUuid('planVersion', row.plan_version),
    priceVersion: row.price_version ? idFromUuid('priceVersion', row.price_version) : null,
    usage: Object.fromEntries(
      USAGE_UNITS.filter((unit) => usage[unit] > 0).map((unit) => [unit, usage[unit]]),
    ),
    estimated: row.estimated,
    chargeNanoUsd: nanoUsd(row.charge),
    refundedNanoUsd: nanoUsd(row.refunded),
    paidBy: {
      allowance: nanoUsd(row.paid_allowance),
      promotional: nanoUsd(row.paid_promotional),
      bought: nanoUsd(row.paid_bought),
      overage: nanoUsd(row.paid_overage),
    },
  };
}
