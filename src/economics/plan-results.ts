import { exactSum } from './exact-sum.ts';
import type { SubscriberColumns } from './subscriber-sums.store.ts';

/** One subscriber's sums over a period, in nano-dollars. */
export interface SubscriberResult {
  /** Hexadecimal digits of the uuid. */
  readonly customer: string;
  requests: number;
  tokensIn: number;
  tokensOut: number;
  revenue: number;
  cost: number;
}

export interface ResultTotals {
  requests: number;
  tokensIn: number;
  tokensOut: number;
  subscription: bigint;
  usage: bigint;
  breakage: bigint;
  promotional: bigint;
  cost: bigint;
}

/** How the margin spreads over subscribers: see `waterline` in the shapes. */
export interface Waterline {
  readonly belowCount: number;
  readonly loss: bigint;
  readonly belowCost: bigint;
  readonly topTenthLossShare: number;
}

const HEX_DIGITS = 32;

/** What one plan, of all its versions, earned and cost, with every subscriber. */
export class PlanResult {
  readonly totals: ResultTotals = {
    requests: 0,
    tokensIn: 0,
    tokensOut: 0,
    subscription: 0n,
    usage: 0n,
    breakage: 0n,
    promotional: 0n,
    cost: 0n,
  };
  readonly #byCustomer = new Map<string, SubscriberResult>();
  #sorted: readonly SubscriberResult[] | undefined;

  add(columns: SubscriberColumns): void {
    const { customers, cost, subscription, usage, breakage } = columns;
    const { totals } = this;
    totals.requests += sum(columns.requests);
    totals.tokensIn += sum(columns.tokensIn);
    totals.tokensOut += sum(columns.tokensOut);
    totals.subscription += exactSum(subscription);
    totals.usage += exactSum(usage);
    totals.breakage += exactSum(breakage);
    totals.promotional += exactSum(columns.promotional);
    totals.cost += exactSum(cost);
    for (let i = 0; i < cost.length; i++) {
      const customer = customers.slice(i * HEX_DIGITS, (i + 1) * HEX_DIGITS);
      const revenue = (subscription[i] ?? 0) + (usage[i] ?? 0) + (breakage[i] ?? 0);
      const known = this.#byCustomer.get(customer);
      if (known === undefined) {
        this.#byCustomer.set(customer, {
          customer,
          requests: columns.requests[i] ?? 0,
          tokensIn: columns.tokensIn[i] ?? 0,
          tokensOut: columns.tokensOut[i] ?? 0,
          revenue,
          cost: cost[i] ?? 0,
        });
        continue;
      }
      known.requests += columns.requests[i] ?? 0;
      known.tokensIn += columns.tokensIn[i] ?? 0;
      known.tokensOut += columns.tokensOut[i] ?? 0;
      known.revenue += revenue;
      known.cost += cost[i] ?? 0;
    }
  }

  get subscribers(): number {
    return this.#byCustomer.size;
  }

  get revenue(): bigint {
    return this.totals.subscription + this.totals.usage + this.totals.breakage;
  }

  get margin(): bigint {
    return this.revenue - this.totals.cost;
  }

  /** Worst margin first. */
  get sorted(): readonly SubscriberResult[] {
    return (this.#sorted ??= [...this.#byCustomer.values()].sort(
      (a, b) => a.revenue - a.cost - (b.revenue - b.cost) || (a.customer < b.customer ? -1 : 1),
    ));
  }

  /** A handful of figures, without sorting everybody by margin. */
  waterline(): Waterline {
    const costs = new Float64Array(this.#byCustomer.size);
    let at = 0;
    let belowCount = 0;
    let loss = 0n;
    let belowCost = 0n;
    for (const { revenue, cost } of this.#byCustomer.values()) {
      costs[at++] = cost;
      if (revenue >= cost) continue;
      belowCount += 1;
      loss += BigInt(cost - revenue);
      belowCost += BigInt(cost);
    }
    const border = costs.sort().at(-Math.ceil(costs.length / 10)) ?? 0;
    let topLoss = 0n;
    for (const { revenue, cost } of this.#byCustomer.values())
      if (cost >= border && revenue < cost) topLoss += BigInt(cost - revenue);
    return { belowCount, loss, belowCost, topTenthLossShare: share(topLoss, loss) };
  }

  /** Subscribers that cost more than an amount. */
  countDearerThan(amount: number): number {
    let count = 0;
    for (const { cost } of this.#byCustomer.values()) if (cost > amount) count += 1;
    return count;
  }

  /** In no order. */
  all(): IterableIterator<SubscriberResult> {
    return this.#byCustomer.values();
  }
}

/** Results by plan. @param planOf the plan of a version's uuid */
export function planResults(
  columns: readonly SubscriberColumns[],
  planOf: (planVersion: string) => string,
): ReadonlyMap<string, PlanResult> {
  const results = new Map<string, PlanResult>();
  for (const each of columns) {
    const plan = planOf(each.planVersion);
    const result = results.get(plan) ?? new PlanResult();
    results.set(plan, result);
    result.add(each);
  }
  return results;
}

/** A part of a whole, 0…1, to a millionth. */
export function share(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
