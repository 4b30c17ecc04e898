import { countRefusals } from '#admission/decisions.store.ts';
import { countJoined } from '#accounts/customer-list.store.ts';
import type { Book } from '#base/book.ts';
import { utcDay } from '#base/utc-day.ts';
import type { PlanResult } from '#economics/plan-results.ts';
import type { DaySums } from '#economics/subscriber-sums.store.ts';
import type { DayFigures, Overview } from '#http/shapes/overview.ts';
import type { Period } from '#http/shapes/wire.ts';
import { alarmsOf } from './console-alarms.ts';
import { type ConsoleParts, nano } from './console-parts.ts';
import { type ConsoleResults, DAY_MS, daysOf } from './console-results.ts';

/** What the first page shows. */
export async function overviewOf(
  parts: ConsoleParts,
  read: ConsoleResults,
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
