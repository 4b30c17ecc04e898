import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { idFromUuid } from '#base/id.ts';

/** Sums of usage, in nano-dollars. */
export interface UsageSums {
  readonly requests: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly usage: bigint;
  readonly promotional: bigint;
  readonly cost: bigint;
}

/** One subscriber of one plan version over a period. */
export interface CustomerResult extends UsageSums {
  readonly planVersion: string;
  readonly customer: string;
  readonly subscription: bigint;
  readonly breakage: bigint;
  readonly models: readonly (UsageSums & { readonly model: string })[];
}

interface UsageRow {
  plan_version: string;
  customer: string;
  model: string;
  requests: string;
  tokens_in: string;
  tokens_out: string;
  usage: string;
  promotional: string;
  cost: string;
}

interface RevenueRow {
  plan_version: string;
  customer: string;
  subscription: string;
  breakage: string;
  refunded: string;
}

/** Every subscriber of the period, also those who used nothing. */
export async function readCustomerResults(
  pool: Pool,
  period: { readonly book: Book; readonly fromDay: string; readonly toDay: string },
): Promise<readonly CustomerResult[]> {
  const parameters = [period.book, period.fromDay, period.toDay];
  const [usage, revenue, subscribers] = await Promise.all([
    pool.query<UsageRow>(
      `SELECT plan_version, customer, model, sum(requests) AS requests, sum(tokens_in) AS tokens_in,
              sum(tokens_out) AS tokens_out, sum(paid_bought + paid_overage) AS usage,
              sum(paid_promotional) AS promotional, sum(cost) AS cost
         FROM usage_rollup WHERE book = $1 AND day >= $2 AND day < $3
        GROUP BY plan_version, customer, model ORDER BY plan_version, customer, model`,
      parameters,
    ),
    pool.query<RevenueRow>(
      `SELECT plan_version, customer, sum(subscription) AS subscription, sum(breakage) AS breakage,
              sum(refunded) AS refunded
         FROM revenue_rollup WHERE book = $1 AND day >= $2 AND day < $3
        GROUP BY plan_version, customer`,
      parameters,
    ),
    // Who is on a plan of price zero and used nothing stands in neither.
    pool.query<{ plan_version: string; customer: string }>(
      `SELECT plan_version, customer FROM account
        WHERE book = $1 AND period_start_ms < extract(epoch FROM $2::date) * 1000`,
      [period.book, period.toDay],
    ),
  ]);
  const results = new Map<string, Mutable<CustomerResult>>();
  const resultOf = (row: { plan_version: string; customer: string }): Mutable<CustomerResult> => {
    const key = `${row.plan_version} ${row.customer}`;
    const known = results.get(key);
    if (known !== undefined) return known;
    const fresh: Mutable<CustomerResult> = {
      planVersion: row.plan_version,
      customer: row.customer,
      requests: 0,
      tokensIn: 0,
      tokensOut: 0,
      subscription: 0n,
      usage: 0n,
      breakage: 0n,
      promotional: 0n,
      cost: 0n,
      models: [],
    };
    results.set(key, fresh);
    return fresh;
  };
  for (const row of subscribers.rows) resultOf(row);
  for (const row of revenue.rows) {
    const result = resultOf(row);
    result.subscription = BigInt(row.subscription);
    result.breakage = BigInt(row.breakage);
    result.usage = -BigInt(row.refunded);
  }
  for (const row of usage.rows) {
    const result = resultOf(row);
    const model = {
      model: row.model,
      requests: Number(row.requests),
      tokensIn: Number(row.tokens_in),
      tokensOut: Number(row.tokens_out),
      usage: BigInt(row.usage),
      promotional: BigInt(row.promotional),
      cost: BigInt(row.cost),
    };
    result.models = [...result.models, model];
    result.requests += model.requests;
    result.tokensIn += model.tokensIn;
    result.tokensOut += model.tokensOut;
    result.usage += model.usage;
    result.promotional += model.promotional;
    result.cost += model.cost;
  }
  return [...results.values()];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What people call plan versions and customers, by their printed ids. */
export async function readPlanNames(pool: Pool): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ id: string; plan: string; version: number }>(
    'SELECT id, plan, version FROM plan_version',
  );
  return new Map(
    rows.map(({ id, plan, version }) => [idFromUuid('planVersion', id), `${plan} v${version}`]),
  );
}
