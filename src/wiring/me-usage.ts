import { listApiKeys } from '#accounts/api-keys.store.ts';
import { listPeopleOf } from '#accounts/customer-list.store.ts';
import { listDecisions } from '#admission/decisions.store.ts';
import { readReceipt } from '#admission/receipt.store.ts';
import { decodeHoldVector } from '#admission/record-bytes.ts';
import { readWhy } from '#admission/why.store.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';
import { modelTitle, publicModel } from '#catalog/public-model.ts';
import { readWhoUsed, type WhoUse } from '#economics/customer-use.store.ts';
import type { Membership } from '#http/caller.ts';
import type { MeServices } from '#http/me-services.ts';
import type { Meter } from '#http/shapes/customers.ts';
import type { MyMeter, MyReceipt, MyUsage } from '#http/shapes/me.ts';
import { balancesOf, metersOf } from './console-account.ts';
import { decisionCursor } from './console-books.ts';
import { compilePlan } from '#plans/compile.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Pool } from 'pg';
import { type ConsoleParts, gateTerms, nano, periodOf, planLabel } from './console-parts.ts';

const DAY_MS = 86_400_000;

interface Used {
  requests: number;
  tokensIn: number;
  tokensOut: number;
  chargeNanoUsd: MyUsage['totals']['chargeNanoUsd'];
}

/** What a customer used, down to one receipt. A member sees their own, an admin everybody's. */
export function meUsage(parts: ConsoleParts): Pick<MeServices, 'usage' | 'receipts' | 'receipt'> {
  const { pool, clock, plans } = parts;
  return {
    async usage(member, days) {
      const { fromDay, toDay } = await periodOfUsage(parts, member, days);
      const who = { book: member.book, customer: uuidOf(member.customerId) };
      const [rows, people, keys, balances, meters] = await Promise.all([
        readWhoUsed(pool, { ...who, fromDay, toDay, member: ownOnly(member) }),
        listPeopleOf(pool, who),
        listApiKeys(pool, member.book, member.customerId),
        balancesOf(parts, member),
        metersOf(parts, member),
      ]);
      const nameOf = new Map(people.map(({ id, name }) => [id, name]));
      const keyName = new Map(keys.map(({ id, name }) => [uuidOf(id), name]));
      const catalog = parts.catalog();
      const modelOf = (row: WhoUse): string =>
        publicModel(catalog, {
          modelAsked: row.model_asked,
          classAsked: row.class_asked,
          classServed: row.class,
          supplier: row.supplier,
          upstreamModel: row.model,
        });
      const by = <Key>(of: (row: WhoUse) => Key) => [...Map.groupBy(rows, of)];
      return {
        fromDay,
        toDay,
        totals: sumOf(rows),
        byDay: by(({ day }) => day)
          .map(([day, part]) => ({ ...sumOf(part), day }))
          .toSorted((a, b) => (a.day < b.day ? -1 : 1)),
        byModel: by(modelOf).map(([model, part]) => ({
          ...sumOf(part),
          model,
          modelName: modelTitle(catalog, model),
        })),
        byMember: by((row) => row.member).map(([uuid, part]) => ({
          ...sumOf(part),
          memberId: uuid && idFromUuid('member', uuid),
          name: uuid === null ? '' : (nameOf.get(uuid) ?? '(removed)'),
        })),
        byKey: by((row) => row.api_key).map(([uuid, part]) => ({
          ...sumOf(part),
          keyId: uuid && idFromUuid('apiKey', uuid),
          name: uuid === null ? '' : (keyName.get(uuid) ?? ''),
        })),
        meters: meters.map(myMeter),
        balances,
        forecast: forecastOf(rows, balances, meters, clock.nowMs()),
      };
    },
    async receipts(member, { day, model }, table) {
      const nowMs = clock.nowMs();
      const days =
        day === undefined
          ? { fromDay: utcDay(nowMs - 400 * DAY_MS), toDay: utcDay(nowMs + DAY_MS) }
          : { fromDay: day, toDay: utcDay(Date.parse(day) + DAY_MS) };
      const found = await listDecisions(pool, {
        book: member.book,
        customer: uuidOf(member.customerId),
        member: ownOnly(member),
        verdict: 'admitted',
        model,
        ...days,
        order: table.order,
        after: decisionCursor(table.after),
        limit: table.limit,
      });
      const last = found.at(-1);
      const catalog = parts.catalog();
      const modelOf = (row: (typeof found)[number]): string =>
        publicModel(catalog, {
          modelAsked: row.model_asked,
          classAsked: row.class_asked,
          classServed: row.class_served ?? row.class_asked,
          supplier: row.supplier,
          upstreamModel: row.model,
        });
      return {
        rows: found.map((row) => ({
          requestId: idFromUuid('request', row.request),
          atMs: row.at_ms,
          model: modelOf(row),
          modelName: modelTitle(catalog, modelOf(row)),
          className: row.class_served ?? row.class_asked,
          outcome: row.outcome ?? 'running',
          estimated: row.estimated ?? false,
          tokensIn: row.tokens_in ?? 0,
          tokensOut: row.tokens_out ?? 0,
          chargeNanoUsd: row.charge ?? 0,
          refundedNanoUsd: row.refunded ?? 0,
          memberId: row.member && idFromUuid('member', row.member),
          keyId: row.api_key && idFromUuid('apiKey', row.api_key),
        })),
        total: null,
        next:
          last && found.length === table.limit
            ? `${last.at_ms}.${idFromUuid('request', last.request)}`
            : null,
      };
    },
    async receipt(member, id) {
      const ofMember = member.role === 'admin' ? undefined : member.memberId;
      const catalog = parts.catalog();
      const receipt = await readReceipt(pool, { ...member, ofMember }, id, (answered) =>
        publicModel(catalog, answered),
      );
      if (receipt === undefined) throw new DomainError('not_found', `You have no request ${id}.`);
      if (receipt === 'running') {
        throw new DomainError('conflict', 'This request has not ended yet.', { retryAfterMs: 500 });
      }
      const plan = plans.plan(receipt.planVersion);
      const price = [...catalog.prices].find((each) => each.id === receipt.priceVersion);
      return {
        id: receipt.id,
        ...(await limitsBehind(pool, id, plan)),
        planName: plan?.displayName ?? '',
        planVersion: plan?.version ?? null,
        price: receipt.priceVersion && {
          id: receipt.priceVersion,
          fromMs: price?.effectiveFromMs ?? null,
        },
        model: receipt.model,
        modelName: modelTitle(catalog, receipt.model),
        modelAsked: receipt.modelAsked,
        modelAskedName: modelTitle(catalog, receipt.modelAsked),
        className: receipt.class,
        outcome: receipt.outcome,
        estimated: receipt.estimated,
        admittedAtMs: receipt.admittedAtMs,
        settledAtMs: receipt.settledAtMs,
        plan: planLabel(plans, uuidOf(receipt.planVersion)),
        usage: Object.fromEntries(
          Object.entries(receipt.usage).map(([unit, count]) => [unit, count ?? 0]),
        ),
        chargeNanoUsd: receipt.chargeNanoUsd,
        refundedNanoUsd: receipt.refundedNanoUsd,
        paidBy: { ...receipt.paidBy },
      };
    },
  };
}

/** The gates that a request counted in, and the full one that decided who pays or who answers. */
async function limitsBehind(
  pool: Pool,
  id: Id<'request'>,
  plan: PlanVersion | undefined,
): Promise<Pick<MyReceipt, 'classAsked' | 'fallback' | 'fullGate' | 'countedBy'>> {
  const { decision } = await readWhy(pool, uuidOf(id));
  const amounts = decision === undefined ? [] : decodeHoldVector(decision.hold).gates;
  const terms = (name: string | null) => {
    const gate = plan?.gates.find((each) => name === each.id || name?.startsWith(`${each.id}/`));
    // What is over everyone is the operator's own safety; what is on our cost shows no amount.
    if (gate === undefined || gate.scope === 'everyone') return [];
    return [{ ...gateTerms(gate), limit: gate.unit === 'cost' ? null : gate.limit }];
  };
  const names = plan === undefined ? [] : compilePlan(plan).gates.map(({ name }) => name);
  return {
    classAsked: decision?.class_asked ?? '',
    fallback: decision?.fallback ?? 'none',
    fullGate: terms(decision?.gate ?? null)[0] ?? null,
    countedBy: names.flatMap((name, index) => (amounts[index] === undefined ? [] : terms(name))),
  };
}

/** uuid of the member where they may see their own alone. */
function ownOnly({ role, memberId }: Membership): string | undefined {
  return role === 'admin' ? undefined : uuidOf(memberId);
}

/** The days that were asked for; those of the running period where none were. */
async function periodOfUsage(
  parts: ConsoleParts,
  member: Membership,
  {
    fromDay,
    toDay,
  }: { readonly fromDay?: string | undefined; readonly toDay?: string | undefined },
) {
  const nowMs = parts.clock.nowMs();
  const account = fromDay === undefined ? await balancesOf(parts, member) : undefined;
  return periodOf(
    {
      fromDay: fromDay ?? utcDay(account?.periodStartMs ?? nowMs),
      toDay: toDay ?? utcDay(nowMs + DAY_MS),
    },
    nowMs,
  );
}

function sumOf(rows: readonly WhoUse[]): Used {
  return {
    requests: rows.reduce((sum, row) => sum + row.requests, 0),
    tokensIn: rows.reduce((sum, row) => sum + row.tokens_in, 0),
    tokensOut: rows.reduce((sum, row) => sum + row.tokens_out, 0),
    chargeNanoUsd: nano(rows.reduce((sum, row) => sum + BigInt(row.charge), 0n)),
  };
}

/** What a gate on our cost counts is ours to know: its owner sees how full it is. */
export function myMeter(meter: Meter): MyMeter {
  return meter.unit === 'cost' ? { ...meter, used: null, limit: null } : meter;
}

/** At the pace of the period so far. Silent before a day has passed: one hour says nothing of a month. */
function forecastOf(
  rows: readonly WhoUse[],
  balances: MyUsage['balances'],
  meters: readonly Meter[],
  nowMs: number,
): MyUsage['forecast'] {
  if (balances === null || nowMs - balances.periodStartMs < DAY_MS || nowMs >= balances.periodEndMs)
    return null;
  const firstDay = utcDay(balances.periodStartMs);
  const ofPeriod = rows.filter(({ day }) => day >= firstDay);
  const factor = (balances.periodEndMs - balances.periodStartMs) / (nowMs - balances.periodStartMs);
  const charge = ofPeriod.reduce((sum, row) => sum + row.charge, 0);
  const filling = meters.flatMap(({ gate, window, fill }) => {
    // Windows that open again within the period fill and empty by themselves.
    if (window !== 'cycle' || fill <= 0 || fill >= 1) return [];
    const atMs = balances.periodStartMs + (nowMs - balances.periodStartMs) / fill;
    return atMs < balances.periodEndMs ? [{ gate, atMs: Math.round(atMs) }] : [];
  });
  return {
    periodEndsAtMs: balances.periodEndMs,
    requests: Math.round(ofPeriod.reduce((sum, row) => sum + row.requests, 0) * factor),
    chargeNanoUsd: Math.round(charge * factor),
    fullGate: filling.toSorted((a, b) => a.atMs - b.atMs)[0] ?? null,
  };
}
