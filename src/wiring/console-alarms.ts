import { openIncidents } from '#admission/decisions.store.ts';
import type { Book } from '#base/book.ts';
import { utcDay } from '#base/utc-day.ts';
import type { PlanResult } from '#economics/plan-results.ts';
import { isApart } from '#economics/supplier-claims.ts';
import { readClaims } from '#economics/supplier-claims.store.ts';
import type { Alarm } from '#http/shapes/overview.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { type ConsoleParts, nano } from './console-parts.ts';
import { type ConsoleResults, DAY_MS } from './console-results.ts';

/** Of a month's claims: a hundredth and a cent apart, a price is wrong or a unit is miscounted. */
const ALARMING = { nanoUsd: 10_000_000n, perMille: 10n };
const TRAILING_DAYS = 30;
const PACE_DAYS = 7;

/** Alarms look at the trailing 30 days, whatever period is shown. */
export async function alarmsOf(
  parts: ConsoleParts,
  read: ConsoleResults,
  book: Book,
): Promise<Alarm[]> {
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
  const weekOf = (name: string): bigint =>
    days
      .filter(({ day }) => day >= lastWeek.fromDay && day < lastWeek.toDay)
      .filter(({ planVersion }) => read.planOf(planVersion) === name)
      .reduce((sum, { revenue, cost }) => sum + revenue - cost, 0n);
  const alarms: Alarm[] = [];
  for (const [name, result] of results) {
    const plan = parts.plans.all().findLast((version) => version.plan === name);
    if (plan === undefined || result.subscribers === 0) continue;
    const isFree = plan.priceNanoUsd === 0 && plan.billing === 'included';
    const alarm = isFree
      ? budgetAlarm(plan, result)
      : waterAlarm(plan, result, { fromDay: trailing.fromDay, weekNanoUsd: weekOf(name) });
    if (alarm) alarms.push(alarm);
  }
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

/** Of a free plan: it costs more a head than it may. */
function budgetAlarm(plan: PlanVersion, result: PlanResult): Alarm | undefined {
  const budget = plan.acquisitionBudgetNanoUsd;
  if (budget === undefined) return undefined;
  const each = result.totals.cost / BigInt(result.subscribers);
  if (each <= BigInt(budget)) return undefined;
  return {
    kind: 'acquisition_budget',
    plan: plan.plan,
    displayName: plan.displayName,
    budgetNanoUsd: nano(budget),
    costPerSubscriberNanoUsd: nano(each),
    overBudgetCount: result.countDearerThan(budget),
  };
}

/** Of a plan that is paid: it loses, or will at the pace of last week. */
function waterAlarm(
  { plan, displayName }: PlanVersion,
  result: PlanResult,
  { fromDay, weekNanoUsd }: { readonly fromDay: string; readonly weekNanoUsd: bigint },
): Alarm | undefined {
  const marginNanoUsd = nano(result.margin);
  if (result.margin < 0n) {
    const belowShare = result.waterline().belowCount / result.subscribers;
    return { kind: 'under_water', plan, displayName, fromDay, marginNanoUsd, belowShare };
  }
  const projected = (weekNanoUsd * BigInt(TRAILING_DAYS)) / BigInt(PACE_DAYS);
  if (projected >= 0n) return undefined;
  const projectedMarginNanoUsd = nano(projected);
  return { kind: 'heading_under_water', plan, displayName, marginNanoUsd, projectedMarginNanoUsd };
}
