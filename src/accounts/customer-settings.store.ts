import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { transaction } from '#db/pool.ts';

interface InBook {
  readonly book: Book;
  /** uuid */
  readonly customer: string;
}

/** At which shares of a limit people are told, where they never said otherwise. */
const ALERT_AT = [0.8];

export async function readAlerts(pool: Pool, who: InBook): Promise<readonly number[]> {
  const { rows } = await pool.query<{ alert_at: number[] }>(
    'SELECT alert_at FROM customer_setting WHERE book = $1 AND customer_id = $2',
    [who.book, who.customer],
  );
  return rows[0]?.alert_at.map((share) => Math.round(share * 1000) / 1000) ?? ALERT_AT;
}

export async function saveAlerts(
  pool: Pool,
  who: InBook,
  alertAt: readonly number[],
): Promise<void> {
  await pool.query(
    `INSERT INTO customer_setting (book, customer_id, alert_at) VALUES ($1, $2, $3)
     ON CONFLICT (book, customer_id) DO UPDATE SET alert_at = excluded.alert_at`,
    [who.book, who.customer, alertAt],
  );
}

export async function renameCustomer(pool: Pool, who: InBook, name: string): Promise<void> {
  await pool.query('UPDATE customer SET name = $3 WHERE book = $1 AND id = $2', [
    who.book,
    who.customer,
    name,
  ]);
}

/**
 * Changes a member's role, or takes them off the account.
 * @throws DomainError `not_found`, `conflict` where no admin would be left
 */
export function changeMember(
  pool: Pool,
  who: InBook & { readonly member: string },
  role: 'admin' | 'member' | undefined,
): Promise<void> {
  return transaction(pool, async (client) => {
    await client.query('SELECT FROM customer WHERE book = $1 AND id = $2 FOR UPDATE', [
      who.book,
      who.customer,
    ]);
    const { rowCount } = await client.query(
      role === undefined
        ? `UPDATE member SET removed_at = now(), person_id = NULL
            WHERE book = $1 AND customer_id = $2 AND id = $3 AND removed_at IS NULL`
        : `UPDATE member SET role = $4
            WHERE book = $1 AND customer_id = $2 AND id = $3 AND removed_at IS NULL`,
      role === undefined
        ? [who.book, who.customer, who.member]
        : [who.book, who.customer, who.member, role],
    );
    if (rowCount === 0) throw new DomainError('not_found', 'There is no such member.');
    const { rows } = await client.query<{ led: boolean }>(
      `SELECT EXISTS (SELECT FROM member WHERE book = $1 AND customer_id = $2 AND removed_at IS NULL
                         AND role = 'admin' AND person_id IS NOT NULL) AS led`,
      [who.book, who.customer],
    );
    if (rows[0]?.led !== true)
      throw new DomainError('conflict', 'No admin would be left: make somebody else one first.');
  });
}
