import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';

/** A customer as a table shows them. */
export interface ListedCustomer {
  /** uuid */
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly created_at: Date;
  readonly suspended: boolean;
}

const COLUMNS = 'id, name, email, created_at, suspended_at IS NOT NULL AS suspended';

/** Customers by their uuids. */
export async function readCustomersById(
  pool: Pool,
  book: Book,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ListedCustomer>> {
  const { rows } = await pool.query<ListedCustomer>(
    `SELECT ${COLUMNS} FROM customer WHERE book = $1 AND id = ANY($2::uuid[])`,
    [book, ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Customers whose name or address holds a text, or all; newest first, or by name. `rows` are their uuids, all
 * of them where there is no `limit`; `total` counts all.
 */
export async function searchCustomers(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly text: string | undefined;
    readonly sort: 'joined' | 'name';
    readonly order: 'asc' | 'desc';
    readonly offset?: number | undefined;
    readonly limit?: number | undefined;
  },
): Promise<{ readonly rows: readonly string[]; readonly total: number }> {
  const pattern =
    query.text === undefined ? null : `%${query.text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const values = [query.book, pattern];
  const where = 'book = $1 AND ($2::text IS NULL OR name ILIKE $2 OR email ILIKE $2)';
  const column = query.sort === 'name' ? 'name' : 'id';
  const order = query.order === 'asc' ? 'ASC' : 'DESC';
  const [page, count] = await Promise.all([
    pool.query<{ id: string }>(
      `SELECT id FROM customer WHERE ${where} ORDER BY ${column} ${order}, id LIMIT $3 OFFSET $4`,
      [...values, query.limit ?? null, query.offset ?? 0],
    ),
    pool.query<{ count: number }>(`SELECT count(*) AS count FROM customer WHERE ${where}`, values),
  ]);
  return { rows: page.rows.map(({ id }) => id), total: count.rows[0]?.count ?? 0 };
}

/** How many customers joined on each of some UTC days. */
export async function countJoined(
  pool: Pool,
  book: Book,
  days: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ day: string; count: number }>(
    `SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS count FROM customer
      WHERE book = $1 AND (created_at AT TIME ZONE 'UTC')::date = ANY($2::date[]) GROUP BY 1`,
    [book, days],
  );
  return new Map(rows.map(({ day, count }) => [day, count]));
}

/** Subscribers on each plan version now, by its uuid. */
export async function countSubscribers(
  pool: Pool,
  book: Book,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ plan_version: string; count: number }>(
    `SELECT plan_version_id AS plan_version, count(*) AS count FROM subscription
      WHERE book = $1 AND ended_at IS NULL GROUP BY 1`,
    [book],
  );
  return new Map(rows.map(({ plan_version, count }) => [plan_version, count]));
}

export interface StoredNote {
  readonly id: string;
  readonly at: Date;
  readonly author: string;
  readonly body: string;
}

export async function listNotes(
  pool: Pool,
  who: { readonly book: Book; readonly customer: string },
): Promise<readonly StoredNote[]> {
  const { rows } = await pool.query<StoredNote>(
    'SELECT id, at, author, body FROM customer_note WHERE book = $1 AND customer_id = $2 ORDER BY id DESC',
    [who.book, who.customer],
  );
  return rows;
}

export async function insertNote(
  pool: Pool,
  who: { readonly book: Book; readonly customer: string },
  note: StoredNote,
): Promise<void> {
  await pool.query(
    'INSERT INTO customer_note (id, book, customer_id, at, author, body) VALUES ($1, $2, $3, $4, $5, $6)',
    [note.id, who.book, who.customer, note.at, note.author, note.body],
  );
}

/** Members with whether a person signs in behind each. */
export async function listPeopleOf(
  pool: Pool,
  who: { readonly book: Book; readonly customer: string },
): Promise<
  readonly {
    id: string;
    name: string;
    email: string | null;
    role: 'admin' | 'member';
    signs_in: boolean;
  }[]
> {
  const { rows } = await pool.query(
    `SELECT id, name, email, role, person_id IS NOT NULL AS signs_in FROM member
      WHERE book = $1 AND customer_id = $2 AND removed_at IS NULL ORDER BY id`,
    [who.book, who.customer],
  );
  return rows as Awaited<ReturnType<typeof listPeopleOf>>;
}
