import type { Pool } from 'pg';

/** Books that have a decision on record. */
export async function booksInUse(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ book: string }>(
    `SELECT b.book FROM (VALUES ('live'), ('test'), ('demo')) AS b (book)
      WHERE EXISTS (SELECT FROM usage_rollup r WHERE r.book = b.book::book)`,
  );
  return rows.map(({ book }) => book);
}
