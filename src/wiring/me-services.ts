import { createApiKey } from '#accounts/api-keys.ts';
import { type ApiKey, listApiKeys, revokeApiKey } from '#accounts/api-keys.store.ts';
import { listPeopleOf } from '#accounts/customer-list.store.ts';
import {
  changeMember,
  readAlerts,
  renameCustomer,
  saveAlerts,
} from '#accounts/customer-settings.store.ts';
import { readStanding } from '#accounts/people.store.ts';
import {
  decidePlanRequest,
  insertPlanRequest,
  listPlanRequests,
  readPlanRequest,
  type StoredPlanRequest,
} from '#accounts/plan-requests.store.ts';
import { readAccount } from '#admission/account.store.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, newId, uuidOf } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';
import { readWhoUsed } from '#economics/customer-use.store.ts';
import type { Membership } from '#http/caller.ts';
import { pagesOf } from '#http/table-pages.ts';
import type { MeServices, PlanRequestServices } from '#http/me-services.ts';
import type { MyKey, MyPlans, OfferedPlan } from '#http/shapes/me.ts';
import type { PlanRequestRow } from '#http/shapes/plans.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { changeSubscription } from '#subscriptions/subscriptions.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import { planChangeOf } from './console-account.ts';
import { type ConsoleParts, gateTerms } from './console-parts.ts';
import { meUsage } from './me-usage.ts';
import { ownNotices } from './plan-notices.ts';
import { hideCost } from './plan-difference.ts';
import { planFitOf } from './plan-fit.ts';

const DAY_MS = 86_400_000;
const TYPICAL_DAYS = 30;
/** Fewer say nothing of how somebody works. */
const TYPICAL_REQUESTS_MIN = 10;
const EXPORT_DAYS = 400;
const EXPORT_PAGE = 5_000;

/** What a customer's people see and change of their own: never what anything cost us. */
export function meServices(parts: ConsoleParts): MeServices {
  const { pool, clock } = parts;
  const usage = meUsage(parts);
  return {
    ...usage,
    ...ownPlans(parts),
    ...ownKeys(parts),
    ...ownNotices(parts),
    planFit: planFitOf(parts),
    async members(member) {
      const rows = await listPeopleOf(pool, whoOf(member));
      return {
        rows: rows.map((row) => ({
          id: idFromUuid('member', row.id),
          name: row.name,
          email: row.email,
          role: row.role,
          signsIn: row.signs_in,
          me: row.id === uuidOf(member.memberId),
        })),
      };
    },
    async changeMember(member, id, role) {
      await changeMember(pool, { ...whoOf(member), member: uuidOf(id) }, role);
      if (role !== undefined) return;
      for (const key of await listApiKeys(pool, member.book, member.customerId))
        if (key.memberId === id) await revokeApiKey(pool, key.id, { at: new Date(clock.nowMs()) });
    },
    settings: (member, personId) => settingsOf(parts, member, personId),
    async changeSettings(member, { customerName, spendingCapNanoUsd, alertAt }) {
      const who = whoOf(member);
      if (customerName !== undefined) await renameCustomer(pool, who, customerName);
      if (alertAt !== undefined) await saveAlerts(pool, who, alertAt);
      if (spendingCapNanoUsd !== undefined) {
        await parts.books.admission.change(
          { book: member.book, customerId: member.customerId },
          { kind: 'cap', capNanoUsd: spendingCapNanoUsd ?? undefined },
        );
      }
    },
    async exportAll(member, personId) {
      const nowMs = clock.nowMs();
      const days = {
        fromDay: utcDay(nowMs - (EXPORT_DAYS - 1) * DAY_MS),
        toDay: utcDay(nowMs + DAY_MS),
      };
      const receipts = pagesOf(({ after }) =>
        usage.receipts(
          member,
          {},
          { sort: 'at', order: undefined, q: undefined, limit: EXPORT_PAGE, after },
        ),
      );
      return {
        madeAt: new Date(nowMs).toISOString(),
        settings: await settingsOf(parts, member, personId),
        members: await listPeopleOf(pool, whoOf(member)).then((rows) =>
          rows.map(({ name, email, role }) => ({ name, email, role })),
        ),
        keys: (await ownKeys(parts).keys(member)).rows,
        usage: await usage.usage(member, days),
        notices: (await ownNotices(parts).notices(member)).rows,
        receipts,
      };
    },
  };
}

function whoOf({ book, customerId }: Membership) {
  return { book, customer: uuidOf(customerId) };
}

async function settingsOf({ pool }: ConsoleParts, member: Membership, personId: Id<'person'>) {
  const [standing, account, alertAt] = await Promise.all([
    readStanding(pool, personId),
    readAccount(pool, member),
    readAlerts(pool, whoOf(member)),
  ]);
  if (!standing) throw new DomainError('unauthenticated', 'Sign in first.');
  const { person } = standing;
  return {
    name: person.name,
    email: person.email,
    language: person.language ?? null,
    twoFactor: person.twoFactor,
    customerName: standing.member?.customerName ?? '',
    spendingCapNanoUsd: account?.capNanoUsd ?? null,
    alertAt: [...alertAt],
  };
}

function ownKeys(parts: ConsoleParts): Pick<MeServices, 'keys' | 'createKey' | 'revokeKey'> {
  const { pool, clock, random } = parts;
  const visible = async (member: Membership): Promise<readonly ApiKey[]> => {
    const keys = await listApiKeys(pool, member.book, member.customerId);
    return member.role === 'admin'
      ? keys
      : keys.filter(({ memberId }) => memberId === member.memberId);
  };
  return {
    keys: async (member) => ({ rows: (await visible(member)).map(keyRow) }),
    async createKey({ book, customerId, memberId }, key) {
      const issued = await createApiKey(
        { pool, clock, random },
        { ...key, book, customerId, memberId },
      );
      return { key: keyRow(issued.key), secret: issued.secret };
    },
    async revokeKey(member, id) {
      if (!(await visible(member)).some((key) => key.id === id))
        throw new DomainError('not_found', `You have no key ${id}.`);
      await revokeApiKey(pool, id, { at: new Date(clock.nowMs()) });
    },
  };
}

function keyRow(key: ApiKey): MyKey {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    memberId: key.memberId ?? null,
    capNanoUsd: key.capNanoUsd ?? null,
    expiresAtMs: key.expiresAt?.getTime() ?? null,
    revokedAtMs: key.revokedAt?.getTime() ?? null,
  };
}

function ownPlans(
  parts: ConsoleParts,
): Pick<MeServices, 'plans' | 'planChange' | 'askForPlan' | 'planRequests'> {
  const { pool, clock, random, plans } = parts;
  return {
    async plans(member) {
      const subscription = await subscriptionInForce(pool, member.book, member.customerId);
      const own = subscription && plans.plan(subscription.planVersionId);
      const listed = plans.current().filter((plan) => plan.listed);
      // A plan that is not offered any more is still theirs.
      const shown = own && !listed.some(({ id }) => id === own.id) ? [own, ...listed] : listed;
      return {
        rows: shown
          .toSorted((a, b) => a.priceNanoUsd - b.priceNanoUsd)
          .map((plan) => offered(plan, plan.id === own?.id)),
        canChange: member.role === 'admin',
        typical: await typicalUse(parts, member),
      };
    },
    async planChange(member, plan) {
      const preview = await planChangeOf(parts, member, plan);
      return { ...preview, gates: preview.gates.map(hideCost) };
    },
    async askForPlan(member, plan) {
      const to = plans.current().find((each) => each.plan === plan && each.listed);
      if (!to) {
        throw new DomainError('not_found', `There is no plan ${plan} on offer.`, { field: 'plan' });
      }
      const id = uuidOf(newId('planRequest', clock, random));
      await insertPlanRequest(pool, { id, ...whoOf(member), plan, at: new Date(clock.nowMs()) });
      return requestRow(await readPlanRequest(pool, id));
    },
    async planRequests(member) {
      return { rows: (await listPlanRequests(pool, whoOf(member))).map(requestRow) };
    },
  };
}

function offered(plan: PlanVersion, current: boolean): OfferedPlan {
  return {
    plan: plan.plan,
    version: plan.version,
    displayName: plan.displayName,
    priceNanoUsd: plan.priceNanoUsd,
    seats: plan.seatsMax,
    billing: plan.billing,
    classes: plan.classes.map(({ name, weightMilli }) => ({ name, weightMilli })),
    gates: plan.gates
      .filter(({ scope }) => scope !== 'everyone')
      .map((gate) => ({ ...gateTerms(gate), limit: gate.unit === 'cost' ? null : gate.limit })),
    creditsNanoUsd: plan.credits.perPeriodNanoUsd,
    overageCapNanoUsd: plan.overageCapNanoUsd,
    fareCapNanoUsd: plan.fareCapNanoUsd ?? null,
    current,
  };
}

async function typicalUse(
  { pool, clock }: ConsoleParts,
  member: Membership,
): Promise<MyPlans['typical']> {
  const nowMs = clock.nowMs();
  const rows = await readWhoUsed(pool, {
    ...whoOf(member),
    fromDay: utcDay(nowMs - TYPICAL_DAYS * DAY_MS),
    toDay: utcDay(nowMs + DAY_MS),
  });
  const requests = rows.reduce((sum, row) => sum + row.requests, 0);
  if (requests < TYPICAL_REQUESTS_MIN) return null;
  const tokens = rows.reduce((sum, row) => sum + row.tokens_in + row.tokens_out, 0);
  return {
    messagesPerDay: Math.round((requests * 10) / TYPICAL_DAYS) / 10,
    tokensPerMessage: Math.round(tokens / requests),
  };
}

function requestRow(row: StoredPlanRequest): PlanRequestRow {
  return {
    id: idFromUuid('planRequest', row.id),
    customerId: idFromUuid('customer', row.customer_id),
    customerName: row.customer_name,
    plan: row.plan,
    askedAtMs: row.asked_at.getTime(),
    state: row.state,
    decidedBy: row.decided_by,
  };
}

/** Customers' wishes for another plan, as operators answer them. */
export function planRequestServices({
  pool,
  clock,
  subscriptions,
}: ConsoleParts): PlanRequestServices {
  return {
    async list({ book, open }) {
      const rows = (await listPlanRequests(pool, { book, open })).map(requestRow);
      return { rows, total: rows.length, next: null };
    },
    async answer(id, { approve, by }) {
      const uuid = uuidOf(id);
      const asked = await readPlanRequest(pool, uuid);
      const state = approve ? 'approved' : 'declined';
      const decided = await decidePlanRequest(pool, uuid, {
        state,
        by,
        at: new Date(clock.nowMs()),
      });
      if (!decided) throw new DomainError('conflict', `This was ${asked.state} already.`);
      if (approve) {
        await changeSubscription(subscriptions, {
          book: asked.book,
          customerId: idFromUuid('customer', asked.customer_id),
          plan: asked.plan,
        });
      }
      return requestRow(await readPlanRequest(pool, uuid));
    },
  };
}
