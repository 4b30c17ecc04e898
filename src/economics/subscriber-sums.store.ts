import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { transaction } from '#db/pool.ts';

/** UTC days; `toDay` is exclusive. */
export interface Days {
  readonly fromDay: string;
  readonly toDay: string;
}

/** Sums of many subscribers of one plan version, in columns; money in nano-dollars. */
export interface SubscriberColumns {
  /** uuid */
  readonly planVersion: string;
  /** Hexadecimal, 32 digits each, one after the other. */
  readonly customers: string;
  readonly requests: Float64Array;
  readonly tokensIn: Float64Array;
  readonly tokensOut: Float64Array;
  readonly subscription: Float64Array;
  /** Paid by bought credits and overage, less refunds. */
  readonly usage: Float64Array;
  readonly breakage: Float64Array;
  readonly promotional: Float64Array;
  readonly cost: Float64Array;
}

const COLUMNS = [
  'requests',
  'tokens_in',
  'tokens_out',
  'subscription',
  'usage',
  'breakage',
  'promotional',
  'cost',
] as const;

const INT8_BYTES = 8;
/** Enough to add 50,000 subscribers up without sorting millions of rows on disk. */
const WORK_MEM = '96MB';
const STATEMENT_MS_MAX = 120_000;

/**
 * Sums of every subscriber over some days, one row for each plan version: numbers travel as packed
 * columns, since parsing millions of texts would hold up every request of this process.
 * @param present also those who are on a plan now and stand in no rollup of the days
 */
export function readSubscriberColumns(
  pool: Pool,
  book: Book,
  { fromDay, toDay }: Days,
  present: boolean,
): Promise<readonly SubscriberColumns[]> {
  return transaction(pool, async (client) => {
    // The key leads with the customer, which serves one customer's days; all customers' days are better
    // read as they lie.
    await client.query(
      `SET LOCAL work_mem = '${WORK_MEM}'; SET LOCAL enable_indexscan = off; SET LOCAL enable_sort = off;
       SET LOCAL jit = off; SET LOCAL statement_timeout = ${STATEMENT_MS_MAX}`,
    );
    const { rows } = await client.query<Record<(typeof COLUMNS)[number], Buffer> & Named>({
      text: `SELECT plan_version, encode(string_agg(uuid_send(customer), ''::bytea), 'hex') AS customers,
              ${COLUMNS.map((name) => `string_agg(int8send(${name}), ''::bytea) AS ${name}`).join(', ')}
         FROM (SELECT plan_version, customer,
                 ${COLUMNS.map((name) => `sum(${name})::bigint AS ${name}`).join(', ')}
            FROM (SELECT plan_version, customer, requests, tokens_in, tokens_out, 0 AS subscription,
                    paid_bought + paid_overage AS usage, 0 AS breakage, paid_promotional AS promotional, cost
                    FROM usage_rollup WHERE book = $1 AND day >= $2 AND day < $3
                  UNION ALL
                  SELECT plan_version, customer, 0, 0, 0, subscription, -refunded, breakage, 0, 0
                    FROM revenue_rollup WHERE book = $1 AND day >= $2 AND day < $3
                  ${present ? PRESENT : ''}) AS parts
           GROUP BY plan_version, customer) AS sums
        GROUP BY plan_version ORDER BY plan_version`,
      values: [book, fromDay, toDay],
      query_timeout: STATEMENT_MS_MAX,
    } as { text: string; values: unknown[] });
    return rows.map((row) => ({
      planVersion: row.plan_version,
      customers: row.customers,
      requests: numbersOf(row.requests),
      tokensIn: numbersOf(row.tokens_in),
      tokensOut: numbersOf(row.tokens_out),
      subscription: numbersOf(row.subscription),
      usage: numbersOf(row.usage),
      breakage: numbersOf(row.breakage),
      promotional: numbersOf(row.promotional),
      cost: numbersOf(row.cost),
    }));
  });
}

interface Named {
  readonly plan_version: string;
  readonly customers: string;
}

/** Who is on a plan of price zero and used nothing stands in no rollup. */
const PRESENT = `UNION ALL SELECT plan_version, customer, 0, 0, 0, 0, 0, 0, 0, 0 FROM account
  WHERE book = $1 AND period_start_ms < extract(epoch FROM $3::date) * 1000`;

function numbersOf(bytes: Buffer): Float64Array {
  const numbers = new Float64Array(bytes.length / INT8_BYTES);
  for (let i = 0; i < numbers.length; i++) {
    // Two halves are several times as fast as a bigint; sums of one subscriber are safe integers.
    const at = i * INT8_BYTES;
    numbers[i] = bytes.readInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4);
  }
  return numbers;
}

/** What one day of one plan version earned and cost. */
export interface DaySums {
  readonly day: string;
  readonly planVersion: string;
  readonly requests: number;
  readonly revenue: bigint;
  readonly cost: bigint;
}

/** Day by day, of the whole book or of one customer. */
export async function readDaySums(
  pool: Pool,
  who: { readonly book: Book; readonly customer?: string | undefined },
  { fromDay, toDay }: Days,
): Promise<readonly DaySums[]> {
  return transaction(pool, async (client) => {
    if (who.customer === undefined) {
      await client.query(
        `SET LOCAL work_mem = '${WORK_MEM}'; SET LOCAL enable_indexscan = off; SET LOCAL jit = off;
         SET LOCAL statement_timeout = ${STATEMENT_MS_MAX}`,
      );
    }
    const { rows } = await client.query<{
      day: string;
      plan_version: string;
      requests: string;
      revenue: string;
      cost: string;
    }>({
      text: `SELECT day, plan_version, sum(requests) AS requests, sum(revenue) AS revenue, sum(cost) AS cost
         FROM (SELECT day, plan_version, requests, paid_bought + paid_overage AS revenue, cost
                 FROM usage_rollup
                WHERE book = $1 AND day >= $2 AND day < $3 AND ($4::uuid IS NULL OR customer = $4)
               UNION ALL
               SELECT day, plan_version, 0, subscription + breakage - refunded, 0 FROM revenue_rollup
                WHERE book = $1 AND day >= $2 AND day < $3 AND ($4::uuid IS NULL OR customer = $4)) AS parts
        GROUP BY day, plan_version ORDER BY day`,
      values: [who.book, fromDay, toDay, who.customer ?? null],
      query_timeout: STATEMENT_MS_MAX,
    } as { text: string; values: unknown[] });
    return rows.map((row) => ({
      day: row.day,
      planVersion: row.plan_version,
      requests: Number(row.requests),
      revenue: BigInt(row.revenue),
      cost: BigInt(row.cost),
    }));
  });
}
