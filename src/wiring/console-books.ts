import { insertNote, listNotes, readCustomersById } from '#accounts/customer-list.store.ts';
import { readCustomer } from '#accounts/customers.store.ts';
import {
  readInstallationSettings,
  saveInstallationSettings,
} from '#accounts/installation-settings.store.ts';
import { listOperatorActions } from '#accounts/operator-actions.store.ts';
import { readRefundable } from '#admission/account-look.store.ts';
import {
  listDecisions,
  type ListedDecision,
  listIncidents,
  listOperations,
  resolveIncident,
} from '#admission/decisions.store.ts';
import type { Why } from '#admission/why.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, mintedAtMs, newId, parseId, uuidOf } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';
import type { ConsoleServices } from '#http/console-services.ts';
import type { DecisionRow, PostingRow } from '#http/shapes/customers.ts';
import { planOfLedgerAccount } from '#ledger/ledger-account.ts';
import {
  type ListedPosting,
  listPostings,
  type PostingPlace,
  readLedgerBalances,
} from '#ledger/postings.store.ts';
import {
  badAfter,
  type ConsoleParts,
  nano,
  periodOf,
  planLabel,
  versionsOf,
} from './console-parts.ts';
import type { PlanBook } from './plan-book.ts';

type Books = Omit<
  ConsoleServices,
  | 'overview'
  | 'plans'
  | 'plan'
  | 'subscribers'
  | 'customers'
  | 'customer'
  | 'planChange'
  | 'models'
  | 'suppliers'
  | 'claims'
  | 'prices'
>;

const DAY_MS = 86_400_000;

/** Decisions, journal, incidents and notes, down to one request. */
export function consoleBooks(parts: ConsoleParts): Books {
  const { pool, clock, random, plans, books } = parts;
  return {
    async decisions(who, input, filter, table) {
      const { fromDay, toDay } = periodOf(input, clock.nowMs());
      const request = table.q === undefined ? undefined : parseId('request', table.q);
      // A search that is no id of a request finds none.
      if (table.q !== undefined && request === undefined) return { rows: [], total: 0, next: null };
      const planVersions =
        filter.plan === undefined
          ? undefined
          : versionsOf(plans, filter.plan).map(({ id }) => uuidOf(id));
      const found = await listDecisions(pool, {
        book: who.book,
        customer: who.customerId && uuidOf(who.customerId),
        fromDay,
        toDay,
        verdict: filter.verdict,
        gate: filter.gate,
        model: filter.model,
        planVersions,
        request: request && uuidOf(request),
        order: table.order,
        after: decisionCursor(table.after),
        limit: table.limit,
      });
      const last = found.at(-1);
      return {
        rows: found.map((row) => decisionRow(plans, row)),
        total: null,
        next:
          last && found.length === table.limit
            ? `${last.at_ms}.${idFromUuid('request', last.request)}`
            : null,
      };
    },
    async postings(who, input, filter, table) {
      const { fromDay, toDay } = periodOf(input, clock.nowMs());
      const event = table.q === undefined ? undefined : parseId('request', table.q);
      if (table.q !== undefined && event === undefined) return { rows: [], total: 0, next: null };
      const found = await listPostings(pool, {
        book: who.book,
        customer: who.customerId && uuidOf(who.customerId),
        event: event && uuidOf(event),
        kind: filter.kind,
        account: filter.account,
        fromDay,
        toDay,
        order: table.order,
        after: postingCursor(table.after),
        limit: table.limit,
      });
      const last = found.at(-1);
      return {
        rows: found.map((row) => postingRow(plans, row)),
        total: null,
        next:
          last && found.length === table.limit
            ? `${last.at_ms}.${last.seq}.${last.line}.${idFromUuid('customer', last.customer)}`
            : null,
      };
    },
    async operations({ book, customerId }, table) {
      const rows = await listOperations(pool, {
        book,
        customer: uuidOf(customerId),
        order: table.order,
        afterSeq: numberOf(table.after),
        limit: table.limit,
      });
      const last = rows.at(-1);
      return {
        rows: rows.map((row) => ({
          seq: row.seq,
          atMs: row.at_ms,
          kind: row.kind,
          requestId: row.request && idFromUuid('request', row.request),
          plan: planLabel(plans, row.plan_version),
          facts: row.facts,
        })),
        total: null,
        next: last && rows.length === table.limit ? String(last.seq) : null,
      };
    },
    async notes({ book, customerId }) {
      const rows = await listNotes(pool, { book, customer: uuidOf(customerId) });
      return { rows: rows.map(noteRow), total: rows.length, next: null };
    },
    async addNote({ book, customerId }, { author, text }) {
      await readCustomer(pool, book, customerId);
      const id = uuidOf(newId('note', clock, random));
      const note = { id, at: new Date(clock.nowMs()), author, body: text };
      await insertNote(pool, { book, customer: uuidOf(customerId) }, note);
      return noteRow(note);
    },
    async refund({ book, customerId }, { requestId, amountNanoUsd, confirm }) {
      const found = await readRefundable(pool, { book, customerId, requestId });
      if (!found)
        throw new DomainError('not_found', `${customerId} has no usage event ${requestId}.`);
      const { admittedAtMs, refundableNanoUsd } = found;
      const amount = amountNanoUsd ?? refundableNanoUsd;
      if (amount > refundableNanoUsd || amount === 0) {
        throw new DomainError(
          'invalid_request',
          `amountUsd: of ${requestId}, ${refundableNanoUsd} nano-dollars can be refunded.`,
          { field: 'amountUsd' },
        );
      }
      const about = { requestId, refundableNanoUsd, confirmed: confirm };
      if (!confirm) return { ...about, refundedNanoUsd: amount };
      const done = await books.admission.change(
        { book, customerId },
        {
          kind: 'refund',
          requestId,
          admittedAtMs,
          ...(amountNanoUsd !== undefined && { amountNanoUsd }),
        },
      );
      return { ...about, refundedNanoUsd: done.refundedNanoUsd };
    },
    event: (requestId) => eventOf(parts, requestId),
    async incidents(book, { open }, table) {
      const rows = await listIncidents(pool, {
        book,
        open,
        order: table.order,
        afterId: numberOf(table.after),
        limit: table.limit,
      });
      const last = rows.at(-1);
      return {
        rows: rows.map((row) => ({
          id: String(row.id),
          atMs: row.at_ms,
          kind: row.kind,
          customerId: row.customer && idFromUuid('customer', row.customer),
          requestId: row.request && idFromUuid('request', row.request),
          facts: row.facts,
          resolvedAtMs: row.resolved_at?.getTime() ?? null,
        })),
        total: null,
        next: last && rows.length === table.limit ? String(last.id) : null,
      };
    },
    async resolveIncident(id) {
      if (!Number.isSafeInteger(id) || !(await resolveIncident(pool, id)))
        throw new DomainError('not_found', 'There is no such incident.');
    },
    async balances(book) {
      const rows = await readLedgerBalances(pool, book);
      return {
        rows: rows.map(({ account, balance }) => ({
          account,
          plan: planOfAccounts(plans, account),
          balanceNanoUsd: nano(BigInt(balance)),
        })),
        total: rows.length,
        next: null,
      };
    },
    async actions(table) {
      const rows = await listOperatorActions(pool, {
        text: table.q,
        order: table.order,
        afterId: numberOf(table.after),
        limit: table.limit,
      });
      const last = rows.at(-1);
      return {
        rows: rows.map(({ id, at, actor, action, subject }) => ({
          id: String(id),
          atMs: at.getTime(),
          actor,
          action,
          subject,
        })),
        total: null,
        next: last && rows.length === table.limit ? String(last.id) : null,
      };
    },
    settings: () => settingsOf(parts),
    async changeSettings(change) {
      const { newcomerPlan } = change;
      if (
        newcomerPlan !== undefined &&
        !plans.current().some(({ plan }) => plan === newcomerPlan)
      ) {
        throw new DomainError('not_found', `There is no plan ${newcomerPlan} on offer.`, {
          field: 'newcomerPlan',
        });
      }
      await saveInstallationSettings(pool, change);
      return settingsOf(parts);
    },
  };
}

async function settingsOf({ pool, publicUrl }: ConsoleParts) {
  return { ...(await readInstallationSettings(pool)), publicUrl: publicUrl() };
}

function noteRow({ id, at, author, body }: Awaited<ReturnType<typeof listNotes>>[number]) {
  return { id: idFromUuid('note', id), atMs: at.getTime(), author, text: body };
}

export function decisionRow(plans: PlanBook, row: ListedDecision): DecisionRow {
  return {
    requestId: idFromUuid('request', row.request),
    seq: row.seq,
    atMs: row.at_ms,
    plan: planLabel(plans, row.plan_version),
    modelAsked: row.model_asked,
    classAsked: row.class_asked,
    classServed: row.class_served,
    reason: row.reason,
    gate: row.gate,
    fallback: row.fallback,
    slow: row.slow,
    memberId: row.member && idFromUuid('member', row.member),
    keyId: row.api_key && idFromUuid('apiKey', row.api_key),
    outcome: row.outcome,
    supplier: row.supplier,
    model: row.model,
    estimated: row.estimated,
    tokensIn: row.tokens_in,
    tokensOut: row.tokens_out,
    chargeNanoUsd: row.charge,
    refundedNanoUsd: row.refunded,
    costNanoUsd: row.cost,
  };
}

/** As people call the plan version that an account, or one of two, is of. */
function planOfAccounts(plans: PlanBook, ...accounts: readonly string[]): string | null {
  const version = accounts.map(planOfLedgerAccount).find((plan) => plan !== undefined);
  return version === undefined ? null : planLabel(plans, uuidOf(version));
}

function postingRow(plans: PlanBook, row: ListedPosting): PostingRow {
  return {
    customerId: idFromUuid('customer', row.customer),
    seq: row.seq,
    line: row.line,
    day: row.day,
    atMs: row.at_ms,
    kind: row.kind,
    requestId: row.event && idFromUuid('request', row.event),
    debit: row.debit,
    credit: row.credit,
    plan: planOfAccounts(plans, row.debit, row.credit),
    amountNanoUsd: row.amount,
  };
}

/** @throws DomainError `invalid_request` */
export function decisionCursor(after: string | undefined) {
  if (after === undefined) return undefined;
  const [atMs = '', id = ''] = after.split('.');
  const request = parseId('request', id);
  if (!request || !Number.isSafeInteger(Number(atMs))) throw badAfter();
  return { atMs: Number(atMs), request: uuidOf(request) };
}

function postingCursor(after: string | undefined): PostingPlace | undefined {
  if (after === undefined) return undefined;
  const [atMs, seq, line, id = ''] = after.split('.');
  const customer = parseId('customer', id);
  const place = { atMs: Number(atMs), seq: Number(seq), line: Number(line) };
  if (!customer || !Object.values(place).every(Number.isSafeInteger)) throw badAfter();
  return { ...place, customer: uuidOf(customer) };
}

function numberOf(after: string | undefined): number | undefined {
  if (after === undefined) return undefined;
  const number = Number(after);
  if (!Number.isSafeInteger(number)) throw badAfter();
  return number;
}

async function eventOf(parts: ConsoleParts, requestId: Id<'request'>) {
  const { pool, plans, books } = parts;
  const told = (await books.why(requestId)) as Why;
  const { book, customerId, decision, event } = told;
  const mintedMs = mintedAtMs(uuidOf(requestId));
  const days = { fromDay: utcDay(mintedMs - DAY_MS), toDay: utcDay(mintedMs + 2 * DAY_MS) };
  const customer = uuidOf(customerId);
  const one = { book, customer, limit: 1000 };
  const [listed, names, postings] = await Promise.all([
    listDecisions(pool, { ...one, ...days, request: uuidOf(requestId), limit: 1 }),
    readCustomersById(pool, book, [customer]),
    listPostings(pool, {
      ...one,
      fromDay: days.fromDay,
      toDay: utcDay(parts.clock.nowMs() + DAY_MS),
      event: uuidOf(requestId),
    }),
  ]);
  const [row] = listed;
  if (!row) throw new DomainError('not_found', `No decision about ${requestId} is recorded.`);
  const gates = plans.planOf(decision.planVersionId)?.gates ?? [];
  return {
    book,
    requestId,
    customerId,
    customerName: names.get(customer)?.name ?? null,
    decision: decisionRow(plans, row),
    candidates: decision.candidates.map(({ className, available, quote, priceVersionId }) => ({
      className,
      available,
      tokens: quote.tokens,
      costNanoUsd: quote.costNanoUsd,
      chargeNanoUsd: quote.chargeNanoUsd,
      priceVersionId: priceVersionId ?? null,
    })),
    held: {
      nanoUsd: decision.hold.payments.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0),
      gates: decision.hold.gates.flatMap((amount, index) => {
        const gate = gates[index];
        return amount === undefined || !gate ? [] : [{ gate: gate.name, unit: gate.unit, amount }];
      }),
    },
    attempts: (event?.attempts ?? []).map((attempt) => ({
      supplier: attempt.supplier,
      model: attempt.model,
      tier: attempt.serviceTier,
      priceVersionId: attempt.priceVersionId || null,
      costNanoUsd: attempt.costNanoUsd,
      usage: Object.fromEntries(Object.entries(attempt.usage).filter(([, count]) => count > 0)),
    })),
    payments: (event?.payments ?? []).map(({ payer, amountNanoUsd }) => ({ payer, amountNanoUsd })),
    overrunNanoUsd: event?.overrunNanoUsd ?? 0,
    settledAtMs: event?.settledAtMs ?? null,
    incidents: [...told.incidents],
    postings: postings.map(({ line, kind, debit, credit, amount }) => ({
      line,
      kind,
      debit,
      credit,
      plan: planOfAccounts(plans, debit, credit),
      amountNanoUsd: amount,
    })),
    why: told.text,
  };
}
