import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { Subscription } from './subscription.ts';

/** The channel on which every process hears that a customer's subscription changed; the payload is the customer's UUID. */
export const SUBSCRIPTION_CHANNEL = 'breakeven_subscription';

interface SubscriptionRow {
  book: Book;
  id: string;
  customer_id: string;
  plan_version_id: string;
  time_zone: string;
  anchor_at: Date;
  period_start: Date;
  period_end: Date;
}

const COLUMNS =
  'book, id, customer_id, plan_version_id, time_zone, anchor_at, period_start, period_end';

/** Stores a new subscription. The unique index refuses a second one in force. */
export async function insertSubscription(
  db: Pool | PoolClient,
  subscription: Subscription,
): Promise<void> {
  await db.query(`INSERT INTO subscription (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, [
    subscription.book,
    uuidOf(subscription.id),
    uuidOf(subscription.customerId),
    uuidOf(subscription.planVersionId),
    subscription.timeZone,
    new Date(subscription.anchorMs),
    new Date(subscription.periodStartMs),
    new Date(subscription.periodEndMs),
  ]);
}

/** A customer's subscription that has not ended. */
export async function subscriptionInForce(
  db: Pool | PoolClient,
  book: Book,
  customerId: Id<'customer'>,
): Promise<Subscription | undefined> {
  const { rows } = await db.query<SubscriptionRow>(
    `SELECT ${COLUMNS} FROM subscription WHERE book = $1 AND customer_id = $2 AND ended_at IS NULL`,
    [book, uuidOf(customerId)],
  );
  return rows[0] && subscriptionOf(rows[0]);
}

/** A page of a list of subscriptions, which goes on behind the last one of the page before. */
export interface SubscriptionPage {
  readonly limit: number;
  readonly after: Subscription | undefined;
}

/** The plan versions that customers are on now, by their uuids. */
export async function readPlansOfCustomers(
  pool: Pool,
  book: Book,
  customers: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ customer_id: string; plan_version_id: string }>(
    `SELECT customer_id, plan_version_id FROM subscription
      WHERE book = $1 AND customer_id = ANY($2::uuid[]) AND ended_at IS NULL`,
    [book, customers],
  );
  return new Map(rows.map((row) => [row.customer_id, row.plan_version_id]));
}

/** The plan version that an account's requests are decided by; `undefined` where there is no account. */
export async function versionInBooks(
  db: Pool | PoolClient,
  book: Book,
  customerId: Id<'customer'>,
): Promise<Id<'planVersion'> | undefined> {
  const { rows } = await db.query<{ plan_version: string }>(
    'SELECT plan_version FROM account WHERE book = $1 AND customer = $2',
    [book, uuidOf(customerId)],
  );
  return rows[0] && idFromUuid('planVersion', rows[0].plan_version);
}

/** Subscriptions whose period has ended, the longest overdue first. */
export async function subscriptionsDue(
  pool: Pool,
  options: SubscriptionPage & { readonly nowMs: number },
): Promise<readonly Subscription[]> {
  const { nowMs, limit, after } = options;
  const { rows } = await pool.query<SubscriptionRow>(
    `SELECT ${COLUMNS} FROM subscription WHERE ended_at IS NULL AND period_end <= $1 AND book <> 'demo'
        AND ($3::timestamptz IS NULL OR (period_end, id) > ($3, $4::uuid))
      ORDER BY period_end, id LIMIT $2`,
    [
      new Date(nowMs),
      limit,
      after === undefined ? null : new Date(after.periodEndMs),
      after === undefined ? null : uuidOf(after.id),
    ],
  );
  return rows.map(subscriptionOf);
}

/**
 * Subscriptions without an account: whoever stored them stopped before it opened one. Never the
 * demo's, whose accounts its load opens in simulated time.
 */
export async function subscriptionsUnopened(
  pool: Pool,
  { limit, after }: SubscriptionPage,
): Promise<readonly Subscription[]> {
  const { rows } = await pool.query<SubscriptionRow>(
    `SELECT ${COLUMNS} FROM subscription s WHERE ended_at IS NULL AND book <> 'demo'
        AND ($2::uuid IS NULL OR id > $2)
        AND NOT EXISTS (SELECT FROM account a WHERE a.book = s.book AND a.customer = s.customer_id)
      ORDER BY id LIMIT $1`,
    [limit, after === undefined ? null : uuidOf(after.id)],
  );
  return rows.map(subscriptionOf);
}

/**
 * Says of every subscription what its account says: a change of plan is in the books first, and
 * whoever made it may have stopped before it was written here. @returns how many were behind
 */
export async function followBooks(pool: Pool): Promise<number> {
  const { rows } = await pool.query(
    `UPDATE subscription s SET plan_version_id = a.plan_version FROM account a
      WHERE a.book = s.book AND a.customer = s.customer_id AND a.subscription = s.id
        AND s.ended_at IS NULL AND s.book <> 'demo' AND a.plan_version <> s.plan_version_id
      RETURNING pg_notify($1, s.customer_id::text)`,
    [SUBSCRIPTION_CHANNEL],
  );
  return rows.length;
}

/** Writes a new plan version or period of a subscription, and tells every process. */
export async function updateSubscription(
  db: Pool | PoolClient,
  subscription: Subscription,
): Promise<void> {
  await db.query(
    `UPDATE subscription SET plan_version_id = $3, period_start = $4, period_end = $5, anchor_at = $6
      WHERE book = $1 AND id = $2`,
    [
      subscription.book,
      uuidOf(subscription.id),
      uuidOf(subscription.planVersionId),
      new Date(subscription.periodStartMs),
      new Date(subscription.periodEndMs),
      new Date(subscription.anchorMs),
    ],
  );
  await db.query('SELECT pg_notify($1, $2)', [
    SUBSCRIPTION_CHANNEL,
    uuidOf(subscription.customerId),
  ]);
}

function subscriptionOf(row: SubscriptionRow): Subscription {
  return {
    book: row.book,
    id: idFromUuid('subscription', row.id),
    customerId: idFromUuid('customer', row.customer_id),
    planVersionId: idFromUuid('planVersion', row.plan_version_id),
    timeZone: row.time_zone,
    anchorMs: row.anchor_at.getTime(),
    periodStartMs: row.period_start.getTime(),
    periodEndMs: row.period_end.getTime(),
  };
}
