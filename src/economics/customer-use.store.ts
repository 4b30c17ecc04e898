import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';

/** Sums of one customer's use, by day and model. Money in nano-dollars, of what credits and overage paid. */
export interface DayModelUse {
  readonly day: string;
  readonly model: string;
  readonly requests: number;
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly charge: number;
  readonly cost: number;
}

export async function readCustomerUse(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly customer: string;
    readonly fromDay: string;
    readonly toDay: string;
  },
): Promise<readonly DayModelUse[]> {
  const { rows } = await pool.query<DayModelUse>(
    `SELECT day, model, sum(requests)::bigint AS requests, sum(tokens_in)::bigint AS tokens_in,
            sum(tokens_out)::bigint AS tokens_out, sum(charge)::bigint AS charge, sum(cost)::bigint AS cost
       FROM usage_rollup WHERE book = $1 AND customer = $2 AND day >= $3 AND day < $4
      GROUP BY day, model ORDER BY day, model`,
    [query.book, query.customer, query.fromDay, query.toDay],
  );
  return rows;
}

export interface WhoUse {
  readonly member: string | null;
  readonly api_key: string | null;
  readonly day: string;
  readonly model_asked: string;
  readonly class_asked: string;
  readonly class: string;
  readonly supplier: string | null;
  /** The supplier's own name. */
  readonly model: string;
  readonly requests: number;
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly charge: number;
}

/** Use by member and key: from the events, since rollups do not tell who it was. */
export async function readWhoUsed(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly customer: string;
    readonly fromDay: string;
    readonly toDay: string;
    /** uuid: this member's alone. */
    readonly member?: string | undefined;
  },
): Promise<readonly WhoUse[]> {
  const { rows } = await pool.query<WhoUse>(
    `SELECT d.member, d.api_key, e.day, d.model_asked, d.class_asked, e.class, e.supplier, e.model, count(*) AS requests, sum(e.tokens_in)::bigint AS tokens_in,
            sum(e.tokens_out)::bigint AS tokens_out, sum(e.charge)::bigint AS charge
       FROM usage_event e
       JOIN decision d ON d.book = e.book AND d.customer = e.customer AND d.seq = e.decision_seq AND d.day = e.day
      WHERE e.book = $1 AND e.customer = $2 AND e.day >= $3 AND e.day < $4
        AND ($5::uuid IS NULL OR d.member = $5)
      GROUP BY d.member, d.api_key, e.day, d.model_asked, d.class_asked, e.class, e.supplier, e.model`,
    [query.book, query.customer, query.fromDay, query.toDay, query.member ?? null],
  );
  return rows;
}
