import type { Pool } from 'pg';

/** Books in which anything was used; with `paid`, by subscribers of a plan that costs something. */
export async function booksInUse(
  pool: Pool,
  { paid }: { readonly paid: boolean },
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ book: string }>(
    `SELECT b.book FROM (VALUES ('live'), ('test'), ('demo')) AS b (book)
      WHERE EXISTS (SELECT FROM usage_rollup r WHERE r.book = b.book::book AND (NOT $1 OR r.plan_version IN
        (SELECT id FROM plan_version WHERE (body ->> 'priceNanoUsd')::numeric > 0 OR body ->> 'billing' = 'metered')))`,
    [paid],
  );
  return rows.map(({ book }) => book);
}
