import { listPeopleOf, readCustomersById } from '#accounts/customer-list.store.ts';
import { listApiKeys } from '#accounts/api-keys.store.ts';
import { readAccount } from '#admission/account.store.ts';
import { previewPlanChange, readOpenHolds } from '#admission/account-look.store.ts';
import { readStandings } from '#admission/standings.store.ts';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { readCustomerUse } from '#economics/customer-use.store.ts';
import { readDaySums } from '#economics/subscriber-sums.store.ts';
import { utcDay } from '#base/utc-day.ts';
import type { ConsoleServices } from '#http/console-services.ts';
import type { Balances, Meter } from '#http/shapes/customers.ts';
import type { PlanChangePreview } from '#http/shapes/plans.ts';
import type { DayFigures } from '#http/shapes/overview.ts';
import type { Days } from '#economics/subscriber-sums.store.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import { type Accrual, type ConsoleParts, nano, periodOf, windowText } from './console-parts.ts';
import { planDifference } from './plan-difference.ts';

type InBook = { readonly book: Book; readonly customerId: Id<'customer'> };
const DAY_MS = 86_400_000;
/** Stands for no member: gates that count members then stand at nothing. */
const NOBODY = idFromUuid('member', '00000000-0000-0000-0000-000000000000');

/** One customer's page. */
export function consoleCustomer(
  parts: ConsoleParts,
  accrual: Accrual,
): Pick<ConsoleServices, 'customer' | 'planChange'> {
  const { pool, clock, plans } = parts;
  return {
    async customer(input, customerId) {
      const { book } = input;
      const who = { book, customerId };
      const uuid = uuidOf(customerId);
      const person = (await readCustomersById(pool, book, [uuid])).get(uuid);
      if (!person)
        throw new DomainError(
          'not_found',
          `There is no customer ${customerId} in the ${book} book.`,
        );
      await accrual.freshen(book);
      const period = periodOf(input, clock.nowMs());
      const before = { fromDay: period.beforeFromDay, toDay: period.beforeToDay };
      const [now, earlier, use, subscription, members, keys, holds] = await Promise.all([
        daysOfCustomer(parts, who, period),
        daysOfCustomer(parts, who, before),
        readCustomerUse(pool, { book, customer: uuid, ...period }),
        subscriptionInForce(pool, book, customerId),
        listPeopleOf(pool, { book, customer: uuid }),
        listApiKeys(pool, book, customerId),
        readOpenHolds(pool, who),
      ]);
      const plan = subscription && plans.plan(subscription.planVersionId);
      const sum = (days: readonly DayFigures[], of: (day: DayFigures) => number | string) =>
        nano(days.reduce((total, day) => total + BigInt(of(day)), 0n));
      const compare = (of: (day: DayFigures) => number | string) => ({
        now: sum(now, of),
        before: sum(earlier, of),
      });
      const requests = compare((day) => day.requests);
      return {
        book,
        period,
        id: customerId,
        name: person.name,
        email: person.email,
        joinedAtMs: person.created_at.getTime(),
        suspended: person.suspended,
        plan: plan
          ? { id: plan.id, name: plan.plan, version: plan.version, displayName: plan.displayName }
          : null,
        totals: {
          requests: { now: Number(requests.now), before: Number(requests.before) },
          revenueNanoUsd: compare((day) => day.revenueNanoUsd),
          costNanoUsd: compare((day) => day.costNanoUsd),
          marginNanoUsd: compare((day) => day.marginNanoUsd),
        },
        days: [...now],
        models: byModel(use),
        balances: await balancesOf(parts, who),
        meters: await metersOf(parts, { ...who, memberId: NOBODY }),
        holds: holds.map(({ requestId, admittedAtMs, heldNanoUsd, note }) => ({
          requestId,
          admittedAtMs,
          heldNanoUsd,
          supplier: note.supplier,
          model: note.model,
        })),
        members: members.map((member) => ({
          id: idFromUuid('member', member.id),
          name: member.name,
          email: member.email,
          role: member.role,
          signsIn: member.signs_in,
        })),
        keys: keys.map((key) => ({
          id: key.id,
          name: key.name,
          prefix: key.prefix,
          capNanoUsd: key.capNanoUsd ?? null,
          expiresAtMs: key.expiresAt?.getTime() ?? null,
          revokedAtMs: key.revokedAt?.getTime() ?? null,
        })),
      };
    },
    planChange: (who, plan) => planChangeOf(parts, who, plan),
  };
}

function byModel(use: Awaited<ReturnType<typeof readCustomerUse>>) {
  return [...Map.groupBy(use, ({ model }) => model)].map(([model, rows]) => ({
    model,
    requests: rows.reduce((sum, row) => sum + row.requests, 0),
    tokensIn: rows.reduce((sum, row) => sum + row.tokens_in, 0),
    tokensOut: rows.reduce((sum, row) => sum + row.tokens_out, 0),
    chargeNanoUsd: nano(rows.reduce((sum, row) => sum + BigInt(row.charge), 0n)),
    costNanoUsd: nano(rows.reduce((sum, row) => sum + BigInt(row.cost), 0n)),
  }));
}

/** Every day of a period, also those without anything. */
async function daysOfCustomer(
  { pool }: ConsoleParts,
  { book, customerId }: InBook,
  days: Days,
): Promise<readonly DayFigures[]> {
  const sums = await readDaySums(pool, { book, customer: uuidOf(customerId) }, days);
  const byDay = Map.groupBy(sums, ({ day }) => day);
  const count = (Date.parse(days.toDay) - Date.parse(days.fromDay)) / DAY_MS;
  return Array.from({ length: count }, (_, index) => {
    const day = utcDay(Date.parse(days.fromDay) + index * DAY_MS);
    const rows = byDay.get(day) ?? [];
    const revenue = rows.reduce((sum, row) => sum + row.revenue, 0n);
    const cost = rows.reduce((sum, row) => sum + row.cost, 0n);
    return {
      day,
      requests: rows.reduce((sum, row) => sum + row.requests, 0),
      revenueNanoUsd: nano(revenue),
      costNanoUsd: nano(cost),
      marginNanoUsd: nano(revenue - cost),
    };
  });
}

/** Balances as the customer may know them too. */
export async function balancesOf({ pool }: ConsoleParts, who: InBook): Promise<Balances | null> {
  const account = await readAccount(pool, who);
  if (!account) return null;
  return {
    allowanceNanoUsd: account.allowanceNanoUsd,
    promotionalNanoUsd: account.promotionalNanoUsd,
    boughtNanoUsd: account.boughtNanoUsd,
    heldNanoUsd: account.heldNanoUsd,
    remainingNanoUsd: account.remainingNanoUsd,
    overageUsedNanoUsd: account.overageUsedNanoUsd,
    overageOwedNanoUsd: account.overageOwedNanoUsd,
    capNanoUsd: account.capNanoUsd ?? null,
    periodStartMs: account.periodStartMs,
    periodEndMs: account.periodEndMs,
    timeZone: account.timeZone,
    lots: account.lots.map(({ kind, amountNanoUsd, expiresAtMs }) => ({
      kind,
      amountNanoUsd,
      expiresAtMs: expiresAtMs ?? null,
    })),
  };
}

/** Every gate's fill and reset, as they stand now. */
export async function metersOf(
  { pool, plans, clock }: ConsoleParts,
  who: InBook & { readonly memberId: Id<'member'> },
): Promise<Meter[]> {
  const standings = await readStandings(pool, plans, { ...who, nowMs: clock.nowMs() });
  const plan = standings && plans.plan(standings.planVersionId);
  if (!standings || !plan) return [];
  return standings.gates.flatMap(({ gateId, limit, used, resetAtMs }) => {
    const gate = plan.gates.find(({ id }) => gateId === id || gateId.startsWith(`${id}/`));
    if (!gate || gate.scope === 'everyone') return [];
    return [
      {
        gate: gateId,
        unit: gate.unit,
        used,
        limit,
        fill: limit === 0 ? 0 : Math.min(1, Math.max(0, used / limit)),
        resetsAtMs: used > 0 ? resetAtMs : null,
        window: windowText(gate.window),
        scope: gate.scope,
        whenFull: gate.whenFull.do,
      },
    ];
  });
}

/** What a change to the current version of a plan would do. @throws DomainError `not_found`, `no_subscription` */
export async function planChangeOf(
  { pool, plans, clock }: ConsoleParts,
  who: InBook,
  name: string,
): Promise<PlanChangePreview> {
  const to = plans.current().find(({ plan }) => plan === name);
  if (!to)
    throw new DomainError('not_found', `There is no plan ${name} on offer.`, { field: 'plan' });
  const effect = await previewPlanChange(pool, plans, {
    ...who,
    planVersionId: to.id,
    priceNanoUsd: to.priceNanoUsd,
    nowMs: clock.nowMs(),
  });
  const from = plans.plan(effect.fromVersion) ?? to;
  const about = (plan: typeof to) => ({
    plan: plan.plan,
    version: plan.version,
    displayName: plan.displayName,
    priceNanoUsd: plan.priceNanoUsd,
  });
  const isSame = from.id === to.id;
  return {
    from: about(from),
    to: about(to),
    periodEndsAtMs: effect.periodEndMs,
    unearnedNanoUsd: effect.unearnedNanoUsd,
    restOfPeriodNanoUsd: isSame ? effect.unearnedNanoUsd : effect.restNanoUsd,
    dueNowNanoUsd: isSame ? 0 : effect.restNanoUsd - effect.unearnedNanoUsd,
    allowanceNow: effect.allowanceNowNanoUsd,
    allowanceAfter: effect.allowanceAfterNanoUsd,
    ...planDifference(from, to),
  };
}
