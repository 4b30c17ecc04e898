import type { Pool } from 'pg';
import type { HoldColumns } from './account-record.ts';

const PAGE_ROWS = 500;

/** Accounts with open holds, in pages, so that a scan of all accounts stays small in memory. */
export async function* readHoldColumns(pool: Pool): AsyncGenerator<HoldColumns> {
  let after: { book: string; customer: string } | undefined;
  for (;;) {
    const { rows }: { rows: HoldColumns[] } = await pool.query<HoldColumns>(
      `SELECT book, customer, holds, hold_notes FROM account
        WHERE octet_length(holds) > 0 AND (book, customer) > ($1, $2)
        ORDER BY book, customer LIMIT ${PAGE_ROWS}`,
      [after?.book ?? 'live', after?.customer ?? '00000000-0000-0000-0000-000000000000'],
    );
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1);
  }
}
