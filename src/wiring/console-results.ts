import type { Book } from '#base/book.ts';
import { idFromUuid } from '#base/id.ts';
import { divideHalfEven } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import { PlanResult, planResults, share } from '#economics/plan-results.ts';
import type { DaySums, Days, SubscriberColumns } from '#economics/subscriber-sums.store.ts';
import type { DayFigures, PlanLine } from '#http/shapes/overview.ts';
import type { Period } from '#http/shapes/wire.ts';
import { type ConsoleParts, nano } from './console-parts.ts';

export const DAY_MS = 86_400_000;
const RESULTS_KEPT = 6;
/** Of a plan that nobody is on. */
export const NOTHING = new PlanResult();

/** Reads and shapes what plans earned and cost in a period and in the one before. */
export class ConsoleResults {
  readonly #parts: ConsoleParts;

  readonly #results = new Map<
    string,
    {
      readonly columns: readonly SubscriberColumns[];
      readonly results: ReadonlyMap<string, PlanResult>;
    }
  >();

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
  }

  /** A page asks for the same results several times at once: they are added up once. */
  async results(book: Book, { fromDay, toDay }: Days): Promise<ReadonlyMap<string, PlanResult>> {
    const key = `${book} ${fromDay} ${toDay}`;
    const columns = await this.#parts.sums.subscribers(book, { fromDay, toDay });
    const known = this.#results.get(key);
    const isSame =
      known?.columns.length === columns.length &&
      known.columns.every((each, index) => each === columns[index]);
    if (known !== undefined && isSame) return known.results;
    const results = planResults(columns, (uuid) => this.planOf(uuid));
    this.#results.set(key, { columns, results });
    const [oldest] = this.#results.keys();
    if (this.#results.size > RESULTS_KEPT && oldest !== undefined) this.#results.delete(oldest);
    return results;
  }

  planOf(uuid: string): string {
    return this.#parts.plans.plan(idFromUuid('planVersion', uuid))?.plan ?? uuid;
  }

  async lines(book: Book, period: Period) {
    const before = { fromDay: period.beforeFromDay, toDay: period.beforeToDay };
    const [results, earlier, days] = await Promise.all([
      this.results(book, period),
      this.results(book, before),
      this.#parts.sums.days(book, period),
    ]);
    const lossOfAll = [...results.values()].reduce((sum, each) => sum + each.waterline().loss, 0n);
    const current = this.#parts.plans.current();
    const names = [...new Set([...current.map(({ plan }) => plan), ...results.keys()])];
    const lines = names.map((name) =>
      planLine(this.#parts, name, {
        now: results.get(name) ?? NOTHING,
        before: earlier.get(name) ?? NOTHING,
        lossOfAll,
        days: daysOf(
          days.filter(({ planVersion }) => this.planOf(planVersion) === name),
          period,
        ),
      }),
    );
    lines.sort((a, b) => Number(a.priceNanoUsd) - Number(b.priceNanoUsd));
    return { lines, results, earlier, days };
  }
}

function planLine(
  { plans }: ConsoleParts,
  name: string,
  {
    now,
    before,
    lossOfAll,
    days,
  }: {
    readonly now: PlanResult;
    readonly before: PlanResult;
    readonly lossOfAll: bigint;
    readonly days: DayFigures[];
  },
): PlanLine {
  const versions = plans.all().filter(({ plan }) => plan === name);
  const current = plans.current().find(({ plan }) => plan === name);
  const shown = current ?? versions.at(-1);
  const water = now.waterline();
  const compare = (of: (result: PlanResult) => bigint) => ({
    now: nano(of(now)),
    before: nano(of(before)),
  });
  return {
    plan: name,
    displayName: shown?.displayName ?? name,
    listed: current?.listed ?? false,
    priceNanoUsd: shown?.priceNanoUsd ?? 0,
    billing: shown?.billing ?? 'included',
    subscribers: { now: now.subscribers, before: before.subscribers },
    requests: { now: now.totals.requests, before: before.totals.requests },
    tokensIn: now.totals.tokensIn,
    tokensOut: now.totals.tokensOut,
    subscriptionNanoUsd: compare(({ totals }) => totals.subscription),
    usageNanoUsd: compare(({ totals }) => totals.usage),
    breakageNanoUsd: compare(({ totals }) => totals.breakage),
    revenueNanoUsd: compare(({ revenue }) => revenue),
    promotionalNanoUsd: compare(({ totals }) => totals.promotional),
    costNanoUsd: compare(({ totals }) => totals.cost),
    marginNanoUsd: compare(({ margin }) => margin),
    marginPerSubscriberNanoUsd: compare(({ margin, subscribers }) =>
      subscribers === 0 ? 0n : divideHalfEven(margin, BigInt(subscribers)),
    ),
    waterline: {
      belowCount: water.belowCount,
      belowShare: now.subscribers === 0 ? 0 : water.belowCount / now.subscribers,
      lossNanoUsd: nano(water.loss),
      lossShareOfAll: share(water.loss, lossOfAll),
      costShare: share(water.belowCost, now.totals.cost),
      topTenthLossShare: water.topTenthLossShare,
    },
    days,
  };
}

/** The line of a plan that nobody is on. */
export function emptyLine(parts: ConsoleParts, name: string): PlanLine {
  return planLine(parts, name, { now: NOTHING, before: NOTHING, lossOfAll: 0n, days: [] });
}

/** One row a day of the period, also where nothing happened. */
export function daysOf(sums: readonly DaySums[], { fromDay, toDay }: Days): DayFigures[] {
  const byDay = new Map<string, { requests: number; revenue: bigint; cost: bigint }>();
  for (const { day, requests, revenue, cost } of sums) {
    const known = byDay.get(day) ?? { requests: 0, revenue: 0n, cost: 0n };
    known.requests += requests;
    known.revenue += revenue;
    known.cost += cost;
    byDay.set(day, known);
  }
  const days: DayFigures[] = [];
  for (let atMs = Date.parse(fromDay); atMs < Date.parse(toDay); atMs += DAY_MS) {
    const day = utcDay(atMs);
    const { requests, revenue, cost } = byDay.get(day) ?? { requests: 0, revenue: 0n, cost: 0n };
    days.push({
      day,
      requests,
      revenueNanoUsd: nano(revenue),
      costNanoUsd: nano(cost),
      marginNanoUsd: nano(revenue - cost),
    });
  }
  return days;
}
