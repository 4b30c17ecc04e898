import type { Pool } from 'pg';
import { uuidOf } from '#base/id.ts';
import { transaction, withStore } from '#db/pool.ts';
import type { Subscription } from '#subscriptions/subscription.ts';

/** Whether the demo book holds anything. @throws DomainError `store_unavailable` */
export function isDemoLoaded(pool: Pool): Promise<boolean> {
  return withStore(async () => {
    const { rows } = await pool.query<{ loaded: boolean }>(
      `SELECT EXISTS (SELECT FROM customer WHERE book = 'demo') OR EXISTS (SELECT FROM account WHERE book = 'demo') AS loaded`,
    );
    return rows[0]?.loaded ?? false;
  });
}

/** Stores the demo's customers and subscriptions, in two statements. */
export async function insertDemoSubscribers(
  pool: Pool,
  subscribers: readonly { readonly name: string; readonly subscription: Subscription }[],
): Promise<void> {
  const column = (of: (subscription: Subscription) => string | Date): (string | Date)[] =>
    subscribers.map(({ subscription }) => of(subscription));
  await transaction(pool, async (client) => {
    await client.query(
      `INSERT INTO customer (book, id, name) SELECT 'demo', id, name FROM unnest($1::uuid[], $2::text[]) AS t (id, name)`,
      [column(({ customerId }) => uuidOf(customerId)), subscribers.map(({ name }) => name)],
    );
    await client.query(
      `INSERT INTO subscription (book, id, customer_id, plan_version_id, time_zone, anchor_at, period_start, period_end)
       SELECT 'demo', * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[])`,
      [
        column(({ id }) => uuidOf(id)),
        column(({ customerId }) => uuidOf(customerId)),
        column(({ planVersionId }) => uuidOf(planVersionId)),
        column(({ timeZone }) => timeZone),
        column(({ anchorMs }) => new Date(anchorMs)),
        column(({ periodStartMs }) => new Date(periodStartMs)),
        column(({ periodEndMs }) => new Date(periodEndMs)),
      ],
    );
  });
}

/**
 * Removes every row of the demo book, and nothing else, in one transaction. Which tables have books is
 * read from the schema, so that a new table cannot be forgotten; the parent of a partitioned table
 * speaks for its partitions.
 * @returns how many rows went.
 */
export async function deleteDemoBook(pool: Pool): Promise<number> {
  return transaction(pool, async (client) => {
    await client.query(`SET LOCAL statement_timeout = 0`);
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(c.relname) AS name
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'book' AND NOT a.attisdropped
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname = 'customer', c.relname = 'member'`,
    );
    let removed = 0;
    for (const { name } of rows) {
      const { rowCount } = await client.query(`DELETE FROM ${name} WHERE book = 'demo'`);
      removed += rowCount ?? 0;
    }
    return removed;
  });
}
