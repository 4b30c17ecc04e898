import {
  readCustomersById,
  searchCustomers,
  countJoined,
  countSubscribers,
} from '#accounts/customer-list.store.ts';
import { isApart } from '#economics/supplier-claims.ts';
import { readClaims } from '#economics/supplier-claims.store.ts';
import { countRefusals, openIncidents, readGateHits } from '#admission/decisions.store.ts';
import type { Book } from '#base/book.ts';
import { idFromUuid, uuidOf } from '#base/id.ts';
import { divideHalfEven } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import { PlanResult, planResults, share, type SubscriberResult } from '#economics/plan-results.ts';
import type { DaySums, Days, SubscriberColumns } from '#economics/subscriber-sums.store.ts';
import type { ConsoleServices, PeriodInput, TableInput } from '#http/console-services.ts';
import type { CustomerRow } from '#http/shapes/customers.ts';
import type { Alarm, DayFigures, Overview, PlanLine } from '#http/shapes/overview.ts';
import type { PlanVersionRow, SubscriberRow } from '#http/shapes/plans.ts';
import type { Period } from '#http/shapes/wire.ts';
import { readPlanVersionDates } from '#subscriptions/plans.store.ts';
import { readPlansOfCustomers } from '#subscriptions/subscriptions.store.ts';
import {
  type Accrual,
  type ConsoleParts,
  gateTerms,
  nano,
  offsetOf,
  periodOf,
  planLabel,
  tariffText,
  versionsOf,
} from './console-parts.ts';

type Money = Pick<ConsoleServices, 'overview' | 'plans' | 'plan' | 'subscribers' | 'customers'>;

const DAY_MS = 86_400_000;
/** Of a month's claims: a hundredth and a cent apart, a price is wrong or a unit is miscounted. */
const ALARMING = { nanoUsd: 10_000_000n, perMille: 10n };
const TRAILING_DAYS = 30;
const PACE_DAYS = 7;
const RESULTS_KEPT = 6;
const NOTHING = new PlanResult();

/** Where money is made and lost: all plans, one plan, its subscribers, all customers. */
export function consoleMoney(parts: ConsoleParts, accrual: Accrual): Money {
  const { clock, pool, plans } = parts;
  const read = new Reader(parts);
  return {
    async overview(input) {
      const period = periodOf(input, clock.nowMs());
      await accrual.freshen(input.book);
      return overviewOf(parts, read, input.book, period);
    },
    async plans(input) {
      const period = periodOf(input, clock.nowMs());
      await accrual.freshen(input.book);
      return { book: input.book, period, rows: [...(await read.lines(input.book, period)).lines] };
    },
    async plan(input, name) {
      const versions = versionsOf(plans, name);
      const period = periodOf(input, clock.nowMs());
      const { book } = input;
      await accrual.freshen(book);
      const [{ lines, results }, hits, counts, dates] = await Promise.all([
        read.lines(book, period),
        readGateHits(pool, {
          book,
          planVersions: versions.map(({ id }) => uuidOf(id)),
          fromDay: period.fromDay,
          toDay: period.toDay,
        }),
        countSubscribers(pool, book),
        readPlanVersionDates(pool),
      ]);
      const result = results.get(name) ?? NOTHING;
      const line = lines.find((each) => each.plan === name) ?? emptyLine(parts, name);
      const { sorted } = result;
      return {
        book,
        period,
        line,
        versions: versions.map((version) => ({
          ...versionRow(version),
          publishedAtMs: dates.get(uuidOf(version.id)) ?? 0,
          current: plans.current().some(({ id }) => id === version.id),
          subscribers: counts.get(uuidOf(version.id)) ?? 0,
        })),
        gates: hits.map((hit) => ({
          gate: hit.gate,
          refused: hit.refused,
          fellBack: hit.fell_back,
          passed: hit.passed,
          subscribers: hit.subscribers,
        })),
        curve: {
          marginNanoUsd: sorted.map(({ revenue, cost }) => revenue - cost),
          revenueNanoUsd: sorted.map(({ revenue }) => revenue),
          costNanoUsd: sorted.map(({ cost }) => cost),
          belowCount: line.waterline.belowCount,
        },
      };
    },
    async subscribers(input, name, table) {
      versionsOf(plans, name);
      const period = periodOf(input, clock.nowMs());
      const result = (await read.results(input.book, period)).get(name) ?? NOTHING;
      return subscriberPage(parts, input.book, result, name, table);
    },
    customers: (input, filter, table) => customerPage(parts, read, { ...input, ...filter }, table),
  };
}

/** Reads and shapes what plans earned and cost in a period and in the one before. */
class Reader {
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

function emptyLine(parts: ConsoleParts, name: string): PlanLine {
  return planLine(parts, name, { now: NOTHING, before: NOTHING, lossOfAll: 0n, days: [] });
}

/** One row a day of the period, also where nothing happened. */
function daysOf(sums: readonly DaySums[], { fromDay, toDay }: Days): DayFigures[] {
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

async function overviewOf(
  parts: ConsoleParts,
  read: Reader,
  book: Book,
  period: Period,
): Promise<Overview> {
  const { pool, clock, sums } = parts;
  const nowMs = clock.nowMs();
  const [today, yesterday] = [utcDay(nowMs), utcDay(nowMs - DAY_MS)];
  const lately = { fromDay: yesterday, toDay: utcDay(nowMs + DAY_MS) };
  const [found, recent, refusals, joined, alarms] = await Promise.all([
    read.lines(book, period),
    sums.days(book, lately),
    countRefusals(pool, book, [today, yesterday]),
    countJoined(pool, book, [today, yesterday]),
    alarmsOf(parts, read, book),
  ]);
  const { lines, results, earlier, days } = found;
  const pair = (of: readonly DaySums[]): { yesterday: DayFigures; today: DayFigures } => {
    const [first, second] = daysOf(of, lately);
    return { yesterday: first ?? emptyDay(yesterday), today: second ?? emptyDay(today) };
  };
  return {
    book,
    period,
    madeAtMs: nowMs,
    totals: totalsOf([...results.values()], [...earlier.values()]),
    plans: lines,
    days: daysOf(days, period),
    sinceYesterday: {
      ...pair(recent),
      refusals: { today: refusals.get(today) ?? 0, yesterday: refusals.get(yesterday) ?? 0 },
      newSubscribers: { today: joined.get(today) ?? 0, yesterday: joined.get(yesterday) ?? 0 },
      plans: lines.flatMap(({ plan, displayName }) => {
        const own = recent.filter(({ planVersion }) => read.planOf(planVersion) === plan);
        return own.length === 0 ? [] : [{ plan, displayName, ...pair(own) }];
      }),
    },
    alarms,
  };
}

function emptyDay(day: string): DayFigures {
  return { day, requests: 0, revenueNanoUsd: 0, costNanoUsd: 0, marginNanoUsd: 0 };
}

function totalsOf(now: readonly PlanResult[], before: readonly PlanResult[]): Overview['totals'] {
  const add = (of: (result: PlanResult) => bigint) => ({
    now: nano(now.reduce((sum, each) => sum + of(each), 0n)),
    before: nano(before.reduce((sum, each) => sum + of(each), 0n)),
  });
  const count = (of: (result: PlanResult) => number) => ({
    now: now.reduce((sum, each) => sum + of(each), 0),
    before: before.reduce((sum, each) => sum + of(each), 0),
  });
  return {
    subscribers: count(({ subscribers }) => subscribers),
    requests: count(({ totals }) => totals.requests),
    revenueNanoUsd: add(({ revenue }) => revenue),
    costNanoUsd: add(({ totals }) => totals.cost),
    marginNanoUsd: add(({ margin }) => margin),
    promotionalNanoUsd: add(({ totals }) => totals.promotional),
    runningLossNanoUsd: add((result) => result.waterline().loss),
    belowCount: count((result) => result.waterline().belowCount),
  };
}

/** Alarms look at the trailing 30 days, whatever period is shown. */
async function alarmsOf(parts: ConsoleParts, read: Reader, book: Book): Promise<Alarm[]> {
  const nowMs = parts.clock.nowMs();
  const trailing = {
    fromDay: utcDay(nowMs - (TRAILING_DAYS - 1) * DAY_MS),
    toDay: utcDay(nowMs + DAY_MS),
  };
  // Today is not over: the pace is that of whole days.
  const lastWeek = { fromDay: utcDay(nowMs - PACE_DAYS * DAY_MS), toDay: utcDay(nowMs) };
  const [results, days, incidents, claims] = await Promise.all([
    read.results(book, trailing),
    parts.sums.days(book, trailing),
    openIncidents(parts.pool, book),
    readClaims(parts.pool, { book, ...trailing }),
  ]);
  const alarms = [...results].flatMap(([name, result]): Alarm[] => {
    const plan = parts.plans.all().findLast((version) => version.plan === name);
    if (!plan || result.subscribers === 0) return [];
    const { displayName } = plan;
    const about = { plan: name, displayName };
    const isFree = plan.priceNanoUsd === 0 && plan.billing === 'included';
    if (isFree) {
      const budget = plan.acquisitionBudgetNanoUsd;
      if (budget === undefined) return [];
      const each = result.totals.cost / BigInt(result.subscribers);
      if (each <= BigInt(budget)) return [];
      return [
        {
          kind: 'acquisition_budget',
          ...about,
          budgetNanoUsd: nano(budget),
          costPerSubscriberNanoUsd: nano(each),
          overBudgetCount: result.countDearerThan(budget),
        },
      ];
    }
    const { margin } = result;
    if (margin < 0n) {
      return [
        {
          kind: 'under_water',
          ...about,
          fromDay: trailing.fromDay,
          marginNanoUsd: nano(margin),
          belowShare: result.waterline().belowCount / result.subscribers,
        },
      ];
    }
    const pace = days
      .filter(({ day }) => day >= lastWeek.fromDay && day < lastWeek.toDay)
      .filter(({ planVersion }) => read.planOf(planVersion) === name)
      .reduce((sum, { revenue, cost }) => sum + revenue - cost, 0n);
    const projected = (pace * BigInt(TRAILING_DAYS)) / BigInt(PACE_DAYS);
    if (projected >= 0n) return [];
    return [
      {
        kind: 'heading_under_water',
        ...about,
        marginNanoUsd: nano(margin),
        projectedMarginNanoUsd: nano(projected),
      },
    ];
  });
  for (const { supplier, model, claimed, booked } of claims)
    if (isApart({ claimed, booked }, ALARMING))
      alarms.push({
        kind: 'supplier_disagrees',
        supplier,
        model,
        claimedNanoUsd: nano(claimed),
        bookedNanoUsd: nano(booked),
      });
  if (incidents.count > 0)
    alarms.push({ kind: 'incidents', open: incidents.count, latestAtMs: incidents.latestMs });
  return alarms;
}

function versionRow(
  version: ReturnType<typeof versionsOf>[number],
): Omit<PlanVersionRow, 'publishedAtMs' | 'current' | 'subscribers'> {
  return {
    id: version.id,
    version: version.version,
    displayName: version.displayName,
    priceNanoUsd: version.priceNanoUsd,
    billing: version.billing,
    tariff: tariffText(version.tariff),
    classes: version.classes.map(({ name, weightMilli }) => ({ name, weightMilli })),
    gates: version.gates.map(gateTerms),
    creditsNanoUsd: version.credits.perPeriodNanoUsd,
    overageCapNanoUsd: version.overageCapNanoUsd,
    fareCapNanoUsd: version.fareCapNanoUsd ?? null,
    acquisitionBudgetNanoUsd: version.acquisitionBudgetNanoUsd ?? null,
  };
}

/** By the columns that money is sorted by; margin first where people look for losses. */
function sortResults(
  results: readonly SubscriberResult[],
  { sort, order }: TableInput,
): readonly SubscriberResult[] {
  if (sort === 'margin') return order === 'desc' ? results.toReversed() : results;
  const value = ({ revenue, cost, requests }: SubscriberResult): number =>
    sort === 'revenue' ? revenue : sort === 'cost' ? cost : requests;
  const sign = order === 'asc' ? 1 : -1;
  return results.toSorted((a, b) => sign * (value(a) - value(b)));
}

async function subscriberPage(
  { pool }: ConsoleParts,
  book: Book,
  result: PlanResult,
  plan: string,
  table: TableInput,
) {
  let chosen = sortResults(
    result.sorted,
    table.sort === 'name' ? { ...table, sort: 'margin' } : table,
  );
  if (table.q !== undefined || table.sort === 'name') {
    const found = await searchCustomers(pool, {
      book,
      text: table.q,
      sort: 'name',
      order: table.order ?? 'asc',
      offset: 0,
      limit: SEARCHED_MAX,
    });
    const order = new Map(found.rows.map(({ id }, index) => [id.replaceAll('-', ''), index]));
    chosen = chosen.filter(({ customer }) => order.has(customer));
    if (table.sort === 'name')
      chosen = chosen.toSorted(
        (a, b) => (order.get(a.customer) ?? 0) - (order.get(b.customer) ?? 0),
      );
  }
  const offset = offsetOf(table.after);
  const rows = chosen.slice(offset, offset + table.limit);
  const names = await readCustomersById(
    pool,
    book,
    rows.map(({ customer }) => uuidOfHex(customer)),
  );
  const end = offset + rows.length;
  return {
    rows: rows.map((row): SubscriberRow => ({
      customerId: idFromUuid('customer', row.customer),
      name: names.get(uuidOfHex(row.customer))?.name ?? '(erased)',
      plan,
      requests: row.requests,
      tokensIn: row.tokensIn,
      tokensOut: row.tokensOut,
      revenueNanoUsd: nano(row.revenue),
      costNanoUsd: nano(row.cost),
      marginNanoUsd: nano(row.revenue - row.cost),
    })),
    total: chosen.length,
    next: end < chosen.length ? String(end) : null,
  };
}

/** More customers than this under one search, and the search says too little. */
const SEARCHED_MAX = 100_000;

function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

async function customerPage(
  parts: ConsoleParts,
  read: Reader,
  input: PeriodInput & { readonly plan?: string | undefined },
  table: TableInput,
) {
  const { pool, plans } = parts;
  const { book } = input;
  const results = await read.results(book, periodOf(input, parts.clock.nowMs()));
  const byCustomer = mergeResults(results, input.plan);
  const offset = offsetOf(table.after);
  const byList = table.sort === 'name' || table.sort === 'joined';
  const listed =
    byList || table.q !== undefined
      ? await searchCustomers(pool, {
          book,
          text: table.q,
          sort: table.sort === 'name' ? 'name' : 'joined',
          order: table.order ?? (table.sort === 'name' ? 'asc' : 'desc'),
          offset: byList && input.plan === undefined ? offset : 0,
          limit: byList && input.plan === undefined ? table.limit : SEARCHED_MAX,
        })
      : undefined;
  let ids: readonly string[];
  let total: number;
  if (byList && listed && input.plan === undefined) {
    ids = listed.rows.map(({ id }) => id);
    total = listed.total;
  } else {
    const among = listed && new Set(listed.rows.map(({ id }) => id.replaceAll('-', '')));
    let chosen = [...byCustomer.values()].filter(
      ({ customer }) => among === undefined || among.has(customer),
    );
    if (!byList) {
      chosen.sort((a, b) => a.revenue - a.cost - (b.revenue - b.cost));
      chosen = [...sortResults(chosen, table)];
    }
    total = chosen.length;
    ids = chosen.slice(offset, offset + table.limit).map(({ customer }) => uuidOfHex(customer));
  }
  const [people, subscribed] = await Promise.all([
    readCustomersById(pool, book, ids),
    readPlansOfCustomers(pool, book, ids),
  ]);
  const end = offset + ids.length;
  return {
    rows: ids.map((id): CustomerRow => {
      const person = people.get(id);
      const sums = byCustomer.get(id.replaceAll('-', ''));
      const version = subscribed.get(id);
      const { revenue = 0, cost = 0 } = sums ?? {};
      return {
        id: idFromUuid('customer', id),
        name: person?.name ?? '(erased)',
        email: person?.email ?? null,
        plan: version === undefined ? null : planLabel(plans, version),
        joinedAtMs: person?.created_at.getTime() ?? 0,
        suspended: person?.suspended ?? false,
        requests: sums?.requests ?? 0,
        revenueNanoUsd: nano(revenue),
        costNanoUsd: nano(cost),
        marginNanoUsd: nano(revenue - cost),
      };
    }),
    total,
    next: end < total ? String(end) : null,
  };
}

/** Customers over all plans that they were on. */
function mergeResults(
  results: ReadonlyMap<string, PlanResult>,
  only: string | undefined,
): ReadonlyMap<string, SubscriberResult> {
  const merged = new Map<string, SubscriberResult>();
  for (const [plan, result] of results) {
    if (only !== undefined && plan !== only) continue;
    for (const row of result.all()) {
      const known = merged.get(row.customer);
      if (known === undefined) merged.set(row.customer, { ...row });
      else {
        known.requests += row.requests;
        known.revenue += row.revenue;
        known.cost += row.cost;
      }
    }
  }
  return merged;
}
