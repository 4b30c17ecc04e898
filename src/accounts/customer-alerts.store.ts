import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';

/** What an alert says of a limit. Amounts are the gate's own integers; `null` where they are nobody's business. */
export interface AlertFacts {
  readonly unit: string;
  readonly window: string;
  readonly classes: readonly string[];
  readonly used: number | null;
  readonly limit: number | null;
  readonly resetsAtMs: number;
}

export interface NewAlert {
  /** uuid */
  readonly id: string;
  readonly book: Book;
  /** uuid */
  readonly customer: string;
  readonly gate: string;
  /** uuid; all zeros where the limit is the account's */
  readonly member: string;
  readonly perMille: number;
  readonly windowKey: number;
  readonly told: boolean;
  readonly facts: AlertFacts;
}

/**
 * Notes that a share was reached in a window.
 * @param quietSince for windows that roll: nothing is noted where it was already since then
 * @returns false where that stands already: another process, or an earlier look, has told it
 */
export async function insertAlert(
  client: PoolClient,
  alert: NewAlert,
  { at, quietSince }: { readonly at: Date; readonly quietSince: Date | undefined },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO customer_alert (id, book, customer_id, gate, member_id, per_mille, window_key, at, told, facts)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
      WHERE $11::timestamptz IS NULL OR NOT EXISTS (
        SELECT FROM customer_alert a WHERE a.book = $2 AND a.customer_id = $3 AND a.gate = $4
           AND a.member_id = $5 AND a.per_mille = $6 AND a.at > $11)
     ON CONFLICT (book, customer_id, gate, member_id, per_mille, window_key) DO NOTHING`,
    [
      alert.id,
      alert.book,
      alert.customer,
      alert.gate,
      alert.member,
      alert.perMille,
      alert.windowKey,
      at,
      alert.told,
      JSON.stringify(alert.facts),
      quietSince ?? null,
    ],
  );
  return rowCount === 1;
}

/** Somebody who signs in for a customer, and how they want to be written to. */
export interface AlertReader {
  /** uuid */
  readonly person: string;
  /** uuid */
  readonly member: string;
  readonly role: 'admin' | 'member';
  readonly language: 'en' | 'zh' | null;
}

export async function readAlertReaders(
  pool: Pool,
  { book, customer }: { readonly book: Book; readonly customer: string },
): Promise<readonly AlertReader[]> {
  const { rows } = await pool.query<AlertReader>(
    `SELECT p.id AS person, m.id AS member, m.role, p.language
       FROM member m JOIN person p ON p.id = m.person_id
      WHERE m.book = $1 AND m.customer_id = $2 AND m.removed_at IS NULL`,
    [book, customer],
  );
  return rows;
}

/** Customers that somebody signs in for and whose account has moved since an instant, the first to move first. */
export async function customersWhoMoved(
  pool: Pool,
  { afterMs, limit }: { readonly afterMs: number; readonly limit: number },
): Promise<readonly { readonly book: Book; readonly customer: string; readonly seenMs: number }[]> {
  const { rows } = await pool.query<{ book: Book; customer: string; seenMs: number }>(
    `SELECT a.book, a.customer, a.last_seen_ms AS "seenMs" FROM account a
      WHERE a.last_seen_ms > $1 AND EXISTS (
        SELECT FROM member m WHERE m.book = a.book AND m.customer_id = a.customer
           AND m.person_id IS NOT NULL AND m.removed_at IS NULL)
      ORDER BY a.last_seen_ms LIMIT $2`,
    [afterMs, limit],
  );
  return rows;
}

export interface StoredAlert {
  readonly id: string;
  readonly gate: string;
  readonly per_mille: number;
  readonly at: Date;
  readonly facts: AlertFacts;
}

/** Alerts that a person has not put away and whose window is not over. */
export async function listOpenAlerts(
  pool: Pool,
  who: {
    readonly book: Book;
    readonly customer: string;
    readonly member: string;
    readonly isAdmin: boolean;
    readonly person: string;
    readonly nowMs: number;
  },
): Promise<readonly StoredAlert[]> {
  const { rows } = await pool.query<StoredAlert>(
    `SELECT id, gate, per_mille, at, facts FROM customer_alert a
      WHERE book = $1 AND customer_id = $2 AND told
        AND (member_id = $3 OR (member_id = '00000000-0000-0000-0000-000000000000' AND $4))
        AND (facts ->> 'resetsAtMs')::bigint > $6
        AND NOT EXISTS (SELECT FROM customer_alert_seen s WHERE s.alert_id = a.id AND s.person_id = $5)
      ORDER BY at DESC LIMIT 20`,
    [who.book, who.customer, who.member, who.isAdmin, who.person, who.nowMs],
  );
  return rows;
}

/** A person puts an alert of their own customer away. @returns whether there is such an alert */
export async function markAlertSeen(
  pool: Pool,
  who: { readonly book: Book; readonly customer: string; readonly person: string },
  id: string,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO customer_alert_seen (alert_id, person_id)
     SELECT id, $4 FROM customer_alert WHERE id = $1 AND book = $2 AND customer_id = $3
     ON CONFLICT (alert_id, person_id) DO UPDATE SET person_id = excluded.person_id`,
    [id, who.book, who.customer, who.person],
  );
  return rowCount === 1;
}
