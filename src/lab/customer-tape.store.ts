import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, idFromUuid } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';
import type { PeriodTerms } from '#admission/account-change.ts';

/** Whose books are read. */
export interface CustomerRef {
  readonly book: Book;
  /** uuid */
  readonly customer: string;
}

/**
 * The part of a billing period that was on one plan, as an account's operations tell it: all of it, or
 * what followed the last change of plan within it.
 */
export interface OwnPeriod extends PeriodTerms {
  /** When the part began: `startMs`, unless the plan was changed later. */
  readonly fromMs: number;
  /** `renew`: the counts of rolling windows went on from the period before. */
  readonly begunBy: 'open' | 'renew' | 'change_plan';
  /** The account's sequence numbers of it: after the first, before the second. */
  readonly afterSeq: number;
  readonly beforeSeq: number;
  /** The plan version that the part was on. */
  readonly planVersionId: Id<'planVersion'>;
  /** What a whole period of that plan costs, as it was agreed. */
  readonly priceNanoUsd: number;
}

interface TermsRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly plan_version: string;
  readonly facts: {
    readonly priceNanoUsd: number;
    /** What a change of plan changes to. */
    readonly planVersionId?: Id<'planVersion'>;
  };
}

interface BeginRow extends TermsRow {
  readonly kind: 'open' | 'renew';
  readonly facts: TermsRow['facts'] & { readonly period: PeriodTerms };
}

/** The running period and the one before it, newest first. */
export async function readOwnPeriods(
  pool: Pool,
  { book, customer }: CustomerRef,
): Promise<readonly OwnPeriod[]> {
  const { rows } = await pool.query<BeginRow>(
    `SELECT seq, at_ms, kind, plan_version, facts FROM account_operation
      WHERE book = $1 AND customer = $2 AND kind IN ('open', 'renew') ORDER BY seq DESC LIMIT 2`,
    [book, customer],
  );
  const changes = await pool.query<TermsRow>(
    `SELECT seq, at_ms, plan_version, facts FROM account_operation
      WHERE book = $1 AND customer = $2 AND kind = 'change_plan' AND seq > $3 ORDER BY seq DESC`,
    [book, customer, rows.at(-1)?.seq ?? 0],
  );
  return rows.map((row, index) => {
    const { period } = row.facts;
    const beforeSeq = rows[index - 1]?.seq ?? Number.MAX_SAFE_INTEGER;
    const changed = changes.rows.find(({ seq }) => seq > row.seq && seq < beforeSeq);
    const terms = changed ?? row;
    return {
      ...period,
      fromMs: changed === undefined ? period.startMs : Math.max(period.startMs, changed.at_ms),
      begunBy: changed === undefined ? row.kind : 'change_plan',
      afterSeq: terms.seq,
      beforeSeq,
      planVersionId: terms.facts.planVersionId ?? idFromUuid('planVersion', terms.plan_version),
      priceNanoUsd: terms.facts.priceNanoUsd,
    };
  });
}

/** What an account began a period with: credits in nano-dollars, and the customer's own cap. */
export interface Opening {
  readonly promotionalNanoUsd: number;
  readonly boughtNanoUsd: number;
  readonly capNanoUsd: number | undefined;
}

export async function readOpening(
  pool: Pool,
  { book, customer }: CustomerRef,
  { afterSeq }: OwnPeriod,
): Promise<Opening> {
  // 2 and 3 are the customer's promotional and bought credits: see migration 0004.
  const credits = await pool.query<{ promotional: number; bought: number }>(
    `SELECT coalesce(sum(CASE WHEN debit = 2 THEN amount WHEN credit = 2 THEN -amount END), 0)::bigint AS promotional,
            coalesce(sum(CASE WHEN debit = 3 THEN amount WHEN credit = 3 THEN -amount END), 0)::bigint AS bought
       FROM transfer WHERE book = $1 AND customer = $2 AND seq <= $3 AND (debit IN (2, 3) OR credit IN (2, 3))`,
    [book, customer, afterSeq],
  );
  const cap = await pool.query<{ cap: number | null }>(
    `SELECT (facts ->> 'capNanoUsd')::bigint AS cap FROM account_operation
      WHERE book = $1 AND customer = $2 AND kind = 'cap' AND seq <= $3 ORDER BY seq DESC LIMIT 1`,
    [book, customer, afterSeq],
  );
  return {
    promotionalNanoUsd: credits.rows[0]?.promotional ?? 0,
    boughtNanoUsd: credits.rows[0]?.bought ?? 0,
    capNanoUsd: cap.rows[0]?.cap ?? undefined,
  };
}

/** A decision of a customer, with the usage event that it led to. */
export interface OwnEventRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly request: string;
  readonly class_asked: string;
  readonly class_served: string | null;
  readonly input_tokens: number;
  readonly member: string | null;
  readonly api_key: string | null;
  readonly key_cap: number | null;
  readonly reason: string | null;
  readonly fallback: string;
  readonly slow: boolean;
  readonly gate: string | null;
  readonly candidates: Buffer;
  readonly hold: Buffer;
  readonly settle_seq: number | null;
  readonly settled_ms: number | null;
  readonly model: string | null;
  readonly outcome: string | null;
  readonly estimated: boolean | null;
  readonly superseded: boolean | null;
  readonly attempts: Buffer | null;
  readonly tokens: number | null;
  readonly cost: number | null;
  readonly tariff: number | null;
  readonly charge: number | null;
  readonly paid_allowance: number | null;
  readonly paid_promotional: number | null;
  readonly paid_bought: number | null;
  readonly paid_overage: number | null;
  readonly overrun: number | null;
}

const DAY_MS = 86_400_000;

/** Decisions by their place in the account, and by when they were made. */
export interface EventSpan {
  /** Sequence numbers, both exclusive. */
  readonly afterSeq: number;
  readonly beforeSeq: number;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/** How many decisions a span has. */
export async function countOwnEvents(
  pool: Pool,
  { book, customer }: CustomerRef,
  { afterSeq, beforeSeq, fromMs, toMs }: EventSpan,
): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM decision
      WHERE book = $1 AND customer = $2 AND seq > $3 AND seq < $4 AND day >= $5
        AND at_ms >= $6 AND at_ms < $7`,
    [book, customer, afterSeq, beforeSeq, utcDay(fromMs), fromMs, toMs],
  );
  return rows[0]?.count ?? 0;
}

/**
 * Every decision of a span, in the order of the account, a day at a time: each day is a partition,
 * and whoever reads them all at once makes the planner read everybody's.
 */
export async function* readOwnEvents(
  pool: Pool,
  { book, customer }: CustomerRef,
  { afterSeq, beforeSeq, fromMs, toMs }: EventSpan,
): AsyncGenerator<readonly OwnEventRow[]> {
  const firstMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
  for (let dayMs = firstMs; dayMs < toMs; dayMs += DAY_MS) {
    const { rows } = await pool.query<OwnEventRow>(
      `SELECT d.seq, d.at_ms, d.request, d.class_asked, d.class_served, d.input_tokens, d.member, d.api_key, d.key_cap,
              d.reason, d.fallback, d.slow, d.gate, d.candidates, d.hold,
              e.seq AS settle_seq, e.settled_ms, e.model, e.outcome, e.estimated,
              e.estimate_cost IS NOT NULL AS superseded, e.attempts, e.tokens_in + e.tokens_out AS tokens, e.cost, e.tariff,
              e.charge, e.paid_allowance, e.paid_promotional, e.paid_bought, e.paid_overage, e.overrun
         FROM decision d
         LEFT JOIN usage_event e ON e.book = $1 AND e.customer = $2 AND e.day = $5 AND e.id = d.request
        WHERE d.book = $1 AND d.customer = $2 AND d.day = $5 AND d.seq > $3 AND d.seq < $4
          AND d.at_ms >= $6 AND d.at_ms < $7
        ORDER BY d.seq`,
      [book, customer, afterSeq, beforeSeq, utcDay(dayMs), fromMs, toMs],
    );
    if (rows.length > 0) yield rows;
  }
}

const span = ({ book, customer }: CustomerRef, period: OwnPeriod): readonly unknown[] => [
  book,
  customer,
  period.afterSeq,
  period.beforeSeq,
  utcDay(period.fromMs),
];

export interface OwnOperationRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly request: string | null;
  readonly facts: string;
}

/** What else happened to the account in a period, without what earns and begins it. */
export async function readOwnOperations(
  pool: Pool,
  ref: CustomerRef,
  period: OwnPeriod,
): Promise<readonly OwnOperationRow[]> {
  const { rows } = await pool.query<OwnOperationRow>(
    `SELECT seq, at_ms, kind, request, facts::text AS facts FROM account_operation
      WHERE book = $1 AND customer = $2 AND seq > $3 AND seq < $4 AND day >= $5
        AND kind NOT IN ('open', 'renew', 'change_plan', 'accrue')
      ORDER BY seq`,
    [...span(ref, period)],
  );
  return rows;
}

/** What refunds gave back of what credits and overage had paid, in nano-dollars. */
export async function readGivenBack(
  pool: Pool,
  ref: CustomerRef,
  period: OwnPeriod,
): Promise<number> {
  const { rows } = await pool.query<{ refunded: number }>(
    `SELECT coalesce(sum(least(refunded, paid_bought + paid_overage)), 0)::bigint AS refunded FROM usage_event
      WHERE book = $1 AND customer = $2 AND decision_seq > $3 AND decision_seq < $4 AND day >= $5`,
    [...span(ref, period)],
  );
  return rows[0]?.refunded ?? 0;
}
