import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';

/** A customer's wish for another plan. */
export interface StoredPlanRequest {
  readonly id: string;
  readonly book: Book;
  readonly customer_id: string;
  readonly customer_name: string;
  readonly plan: string;
  readonly asked_at: Date;
  readonly state: 'open' | 'approved' | 'declined';
  readonly decided_by: string | null;
}

const SELECT = `SELECT r.id, r.book, r.customer_id, c.name AS customer_name, r.plan, r.asked_at, r.state, r.decided_by
  FROM plan_request r JOIN customer c ON c.book = r.book AND c.id = r.customer_id`;

/** @throws DomainError `conflict` where one is open already */
export async function insertPlanRequest(
  pool: Pool,
  request: {
    readonly id: string;
    readonly book: Book;
    readonly customer: string;
    readonly plan: string;
    readonly at: Date;
  },
): Promise<void> {
  const { rowCount } = await pool.query(
    `INSERT INTO plan_request (id, book, customer_id, plan, asked_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (book, customer_id) WHERE state = 'open' DO NOTHING`,
    [request.id, request.book, request.customer, request.plan, request.at],
  );
  if (rowCount === 0)
    throw new DomainError('conflict', 'You have asked for a plan already; the answer is to come.');
}

/** Newest first. */
export async function listPlanRequests(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly customer?: string | undefined;
    readonly open?: boolean | undefined;
  },
): Promise<readonly StoredPlanRequest[]> {
  const { rows } = await pool.query<StoredPlanRequest>(
    `${SELECT} WHERE r.book = $1 AND ($2::uuid IS NULL OR r.customer_id = $2)
        AND (NOT $3 OR r.state = 'open') ORDER BY r.id DESC LIMIT 500`,
    [query.book, query.customer ?? null, query.open ?? false],
  );
  return rows;
}

/** @throws DomainError `not_found` */
export async function readPlanRequest(pool: Pool, id: string): Promise<StoredPlanRequest> {
  const { rows } = await pool.query<StoredPlanRequest>(`${SELECT} WHERE r.id = $1`, [id]);
  if (!rows[0]) throw new DomainError('not_found', 'There is no such request.');
  return rows[0];
}

/** @returns false where it was answered before. */
export async function decidePlanRequest(
  pool: Pool,
  id: string,
  answer: { readonly state: 'approved' | 'declined'; readonly by: string; readonly at: Date },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE plan_request SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'open'`,
    [id, answer.state, answer.by, answer.at],
  );
  return rowCount === 1;
}
