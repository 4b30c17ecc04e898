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

/** Subscriptions whose period has ended, the longest overdue first. */
export async function subscriptionsDue(
  pool: Pool,
  options: { nowMs: number; limit: number },
): Promise<readonly Subscription[]> {
  const { rows } = await pool.query<SubscriptionRow>(
    `SELECT ${COLUMNS} FROM subscription WHERE ended_at IS NULL AND period_end <= $1 AND book <> 'demo'
      ORDER BY period_end LIMIT $2`,
    [new Date(options.nowMs), options.limit],
  );
  return rows.map(subscriptionOf);
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
