import { countSubscribers } from '#accounts/customer-list.store.ts';
import { readGateHits } from '#admission/decisions.store.ts';
import { uuidOf } from '#base/id.ts';
import type { ConsoleServices } from '#http/console-services.ts';
import type { PlanVersionRow } from '#http/shapes/plans.ts';
import { readPlanVersionDates } from '#subscriptions/plans.store.ts';
import { overviewOf } from './console-overview.ts';
import {
  type Accrual,
  type ConsoleParts,
  gateTerms,
  periodOf,
  tariffText,
  versionsOf,
} from './console-parts.ts';
import { customerPage, subscriberPage } from './console-people.ts';
import { ConsoleResults, emptyLine, NOTHING } from './console-results.ts';

type Money = Pick<ConsoleServices, 'overview' | 'plans' | 'plan' | 'subscribers' | 'customers'>;

/** Where money is made and lost: all plans, one plan, its subscribers, all customers. */
export function consoleMoney(parts: ConsoleParts, accrual: Accrual): Money {
  const { clock, pool, plans } = parts;
  const read = new ConsoleResults(parts);
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
