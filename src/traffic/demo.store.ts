import type { Pool, PoolClient } from 'pg';
import { uuidOf } from '#base/id.ts';
import { transaction, withStore } from '#db/pool.ts';
import type { Subscription } from '#subscriptions/subscription.ts';

/** Loading and dropping take as long as they take, not what a request of a customer may. */
const STATEMENT_MS_MAX = 3_600_000;
/** Locks out a second load while the first one settles in. */
const DEMO_LOCK = 'breakeven demo';

/**
 * Stores the demo's customers, who came when their first period began, and their subscriptions, in one
 * transaction.
 * @returns false where the book holds something already; then nothing is stored.
 * @throws DomainError `store_unavailable`
 */
export function insertDemoSubscribers(
  pool: Pool,
  subscribers: readonly { readonly name: string; readonly subscription: Subscription }[],
): Promise<boolean> {
  const column = (of: (subscription: Subscription) => string | Date): (string | Date)[] =>
    subscribers.map(({ subscription }) => of(subscription));
  return transaction(pool, async (client) => {
    await client.query(`SET LOCAL statement_timeout = ${STATEMENT_MS_MAX}`);
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [DEMO_LOCK]);
    if (await holdsDemo(client)) return false;
    await patiently(
      client,
      `INSERT INTO customer (book, id, name, created_at)
       SELECT 'demo', * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])`,
      [
        column(({ customerId }) => uuidOf(customerId)),
        subscribers.map(({ name }) => name),
        column(({ anchorMs }) => new Date(anchorMs)),
      ],
    );
    await patiently(
      client,
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
    return true;
  });
}

async function holdsDemo(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ loaded: boolean }>(
    `SELECT EXISTS (SELECT FROM customer WHERE book = 'demo') OR EXISTS (SELECT FROM account WHERE book = 'demo') AS loaded`,
  );
  return rows[0]?.loaded ?? false;
}

/**
 * Removes every row of the demo book, and nothing else, in one transaction. Which tables have books is
 * read from the schema, so that a new table cannot be forgotten; the parent of a partitioned table
 * speaks for its partitions.
 * @returns how many rows went.
 * @throws DomainError `store_unavailable`
 */
export function deleteDemoBook(pool: Pool): Promise<number> {
  return transaction(pool, async (client) => {
    await client.query(`SET LOCAL statement_timeout = ${STATEMENT_MS_MAX}`);
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [DEMO_LOCK]);
    let removed = 0;
    // What refers to customers and members goes before them.
    for (const table of await tablesWithBooks(client, { last: ['member', 'customer'] })) {
      const { rowCount } = await patiently(client, `DELETE FROM ${table} WHERE book = 'demo'`);
      removed += rowCount ?? 0;
    }
    return removed;
  });
}

/** Tells the planner how large the demo is. @throws DomainError `store_unavailable` */
export function analyseDemoTables(pool: Pool): Promise<void> {
  return withStore(async () => {
    const client = await pool.connect();
    try {
      await client.query(`SET statement_timeout = ${STATEMENT_MS_MAX}`);
      const tables = await tablesWithBooks(client, { last: [] });
      await patiently(client, `ANALYZE ${tables.join(', ')}`);
    } finally {
      // With its settings it is of no use to others.
      client.release(true);
    }
  });
}

async function tablesWithBooks(
  client: PoolClient,
  { last }: { readonly last: readonly string[] },
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(c.relname) AS name
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'book' AND NOT a.attisdropped
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY coalesce(array_position($1::text[], c.relname::text), 0), c.relname`,
    [last],
  );
  return rows.map(({ name }) => name);
}

/** A statement whose answer is waited for as long as the server may take. */
function patiently(client: PoolClient, text: string, values: readonly unknown[] = []) {
  // `query_timeout` is the driver's own, per statement; its type lags behind.
  const statement = { text, values: [...values], query_timeout: STATEMENT_MS_MAX };
  return client.query(statement);
}
