import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { idFromUuid } from '#base/id.ts';
import { type NanoUsdTotal, totalNano } from '#base/money.ts';
import { type CustomerResult, readCustomerResults, readPlanNames } from './pnl.store.ts';

export const PNL_DIMENSIONS = ['plan', 'customer', 'model'] as const;
export type PnlDimension = (typeof PNL_DIMENSIONS)[number];

export interface PnlOptions {
  readonly book: Book;
  readonly by: PnlDimension;
  /** UTC days such as `2026-11-01`; `toDay` is exclusive. */
  readonly fromDay: string;
  readonly toDay: string;
}

/** What one plan, customer or model earned and cost. Negative margins stand here like any other. */
export interface PnlRow {
  /** Printed id of the plan version or customer, or the model's name. */
  readonly key: string;
  /** What people call it, such as `pro v2`; the key where it has no name. */
  readonly label: string;
  readonly subscribers: number;
  readonly requests: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly subscription: NanoUsdTotal;
  /** Charges paid by bought credits and overage. */
  readonly usage: NanoUsdTotal;
  /** Bought credits that expired. */
  readonly breakage: NanoUsdTotal;
  readonly revenue: NanoUsdTotal;
  /** Charges paid by promotional credits: given away, so no revenue. */
  readonly promotional: NanoUsdTotal;
  readonly cost: NanoUsdTotal;
  readonly margin: NanoUsdTotal;
  /** Margin over revenue in basis points; `undefined` without revenue. */
  readonly marginBasisPoints: number | undefined;
  /** How the losses spread over subscribers. */
  readonly losses: Losses;
}

export interface Losses {
  /** Subscribers whose margin is below zero. */
  readonly subscribersBelowZero: number;
  readonly belowZeroShare: number;
  /** The sum of what those subscribers lose. */
  readonly loss: NanoUsdTotal;
  /** The part of `loss` that the costliest 1% and 10% of the subscribers (at least one) cause. */
  readonly topPercentShare: number;
  readonly topTenPercentShare: number;
}

export interface Pnl {
  readonly book: Book;
  readonly by: PnlDimension;
  readonly fromDay: string;
  readonly toDay: string;
  /** Worst margin first. */
  readonly rows: readonly PnlRow[];
  readonly total: PnlRow;
}

/**
 * Profit and loss of a book: accrued subscriptions, recognised usage charges and breakage against
 * what suppliers ask. By model, a customer's subscription is spread over the models by their cost;
 * what a customer without usage pays stands under `(no usage)`.
 * @throws DomainError `invalid_request` where the period is empty.
 */
export async function pnl(pool: Pool, options: PnlOptions): Promise<Pnl> {
  const { book, by, fromDay, toDay } = options;
  if (!(fromDay < toDay)) {
    throw new DomainError('invalid_request', `The period from ${fromDay} to ${toDay} is empty.`, {
      field: 'from',
    });
  }
  const results = await readCustomerResults(pool, options);
  const names = await readPlanNames(pool);
  const groups = new Map<string, PnlGroup>();
  const total = new PnlGroup();
  for (const result of results) {
    total.add(result);
    for (const part of by === 'model'
      ? spreadOverModels(result)
      : [[groupKey(by, result), result] as const]) {
      const [key, share] = part;
      const group = groups.get(key) ?? new PnlGroup();
      groups.set(key, group);
      group.add(share);
    }
  }
  const rows = [...groups].map(([key, group]) => group.row(key, names.get(key) ?? key));
  rows.sort((a, b) =>
    a.margin < b.margin ? -1 : a.margin > b.margin ? 1 : a.key < b.key ? -1 : 1,
  );
  return Object.freeze({ book, by, fromDay, toDay, rows, total: total.row('total', 'total') });
}

function groupKey(by: PnlDimension, result: CustomerResult): string {
  return by === 'plan'
    ? idFromUuid('planVersion', result.planVersion)
    : idFromUuid('customer', result.customer);
}

/** The models of one customer, each with its own usage and its part of what belongs to none. */
function spreadOverModels(result: CustomerResult): (readonly [string, CustomerResult])[] {
  if (result.models.length === 0) return [['(no usage)', result]];
  const weights = result.models.map(({ cost }) => cost);
  const all = result.cost > 0n ? weights : weights.map(() => 1n);
  const refunded = result.models.reduce((sum, { usage }) => sum + usage, 0n) - result.usage;
  const refunds = spread(refunded, all);
  const subscription = spread(result.subscription, all);
  const breakage = spread(result.breakage, all);
  return result.models.map((model, i) => [
    model.model,
    {
      ...result,
      ...model,
      usage: model.usage - (refunds[i] ?? 0n),
      subscription: subscription[i] ?? 0n,
      breakage: breakage[i] ?? 0n,
      models: [],
    },
  ]);
}

/** Splits an amount by weights, exactly: the differences of rounded cumulatives. */
function spread(amount: bigint, weights: readonly bigint[]): readonly bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  let weight = 0n;
  let given = 0n;
  return weights.map((own) => {
    weight += own;
    const part = (amount * weight) / whole - given;
    given += part;
    return part;
  });
}

class PnlGroup {
  readonly #customers = new Map<string, { cost: bigint; margin: bigint }>();
  #requests = 0;
  #tokensIn = 0;
  #tokensOut = 0;
  #subscription = 0n;
  #usage = 0n;
  #breakage = 0n;
  #promotional = 0n;
  #cost = 0n;

  add(result: CustomerResult): void {
    this.#requests += result.requests;
    this.#tokensIn += result.tokensIn;
    this.#tokensOut += result.tokensOut;
    this.#subscription += result.subscription;
    this.#usage += result.usage;
    this.#breakage += result.breakage;
    this.#promotional += result.promotional;
    this.#cost += result.cost;
    const margin = result.subscription + result.usage + result.breakage - result.cost;
    const known = this.#customers.get(result.customer);
    if (known === undefined) this.#customers.set(result.customer, { cost: result.cost, margin });
    else {
      known.cost += result.cost;
      known.margin += margin;
    }
  }

  row(key: string, label: string): PnlRow {
    const revenue = this.#subscription + this.#usage + this.#breakage;
    const margin = revenue - this.#cost;
    return Object.freeze({
      key,
      label,
      subscribers: this.#customers.size,
      requests: this.#requests,
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
      subscription: totalNano(this.#subscription),
      usage: totalNano(this.#usage),
      breakage: totalNano(this.#breakage),
      revenue: totalNano(revenue),
      promotional: totalNano(this.#promotional),
      cost: totalNano(this.#cost),
      margin: totalNano(margin),
      marginBasisPoints: revenue === 0n ? undefined : Number((margin * 10_000n) / revenue),
      losses: this.#losses(),
    });
  }

  #losses(): Losses {
    const customers = [...this.#customers.values()];
    customers.sort((a, b) => (a.cost > b.cost ? -1 : a.cost < b.cost ? 1 : 0));
    const lossOf = (part: readonly { margin: bigint }[]): bigint =>
      part.reduce((sum, { margin }) => (margin < 0n ? sum - margin : sum), 0n);
    const loss = lossOf(customers);
    const below = customers.filter(({ margin }) => margin < 0n).length;
    const top = (divisor: number): number =>
      ratio(lossOf(customers.slice(0, Math.ceil(customers.length / divisor))), loss);
    return Object.freeze({
      subscribersBelowZero: below,
      belowZeroShare: customers.length === 0 ? 0 : below / customers.length,
      loss: totalNano(loss),
      topPercentShare: top(100),
      topTenPercentShare: top(10),
    });
  }
}

/** A part of a whole, to a millionth. */
function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
}
