import type { Book } from '#base/book.ts';
import type { AccountRecord } from './account-record.ts';
import { kernelColumns } from './account-record.ts';
import { type Column, columnsOf, type ColumnValue } from './column.ts';
import { RowBatch } from './row-batch.ts';
import { RowCopy } from './row-copy.ts';
import type { Statement } from './statement.ts';
import { utcDay } from '#base/utc-day.ts';

/** A line of the journal: `amountNanoUsd` leaves `credit` and enters `debit`. */
export interface Posting {
  readonly kind: string;
  readonly debit: number;
  readonly credit: number;
  readonly amountNanoUsd: number;
}

/** What one event adds to its rollup row. */
export interface UsageSums {
  readonly requests: number;
  readonly estimated: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly cost: number;
  readonly charge: number;
  readonly allowance: number;
  readonly promotional: number;
  readonly bought: number;
  readonly overage: number;
  readonly overrun: number;
}

const OWNER = 'book book, customer uuid';
const STATE =
  'ring bytea, version, seq, last_seen_ms, held, allowance, promotional, bought, overage_used, fare_charged, overage_owed, holds bytea, hold_notes bytea, sub bytea';
const TERMS =
  'subscription uuid, plan_version uuid, period_start_ms, period_end_ms, price, accrued, accrual_from_ms, accrued_to_ms';
const DECISION = `${OWNER}, seq, day date, request uuid, clock_ms, at_ms, period_start_ms, process integer, ordinal integer, subscription uuid, plan_version uuid, member uuid, api_key uuid, key_cap, surface text, streamed boolean, model_asked text, input_tokens, output_asked, output_sent, class_asked text, class_served text, reason text, gate text, fallback text, slow boolean, candidates bytea, hold bytea`;
const EVENT = `${OWNER}, id uuid, day date, decision_seq, seq, ordinal integer, admitted_ms, settled_ms, plan_version uuid, class text, model text, supplier text, price_version uuid, outcome text, estimated boolean, tokens_in, tokens_out, cost, tariff, charge, paid_allowance, paid_promotional, paid_bought, paid_overage, overrun, upstream_ms integer, reason text, payments bytea, attempts bytea`;
const TRANSFER = `${OWNER}, seq, line integer, day date, at_ms, kind text, event uuid, debit integer, credit integer, amount`;
const OPERATION = `${OWNER}, seq, day date, clock_ms, at_ms, ordinal integer, kind text, request uuid, plan_version uuid, facts jsonb`;
const INCIDENT = `${OWNER}, request uuid, at_ms, kind text, facts jsonb`;
const USAGE = `requests, estimated, tokens_in, tokens_out, cost, charge, paid_allowance, paid_promotional, paid_bought, paid_overage, overrun`;
const REVENUE = 'subscription, breakage, refunded';
const MEASURED =
  'model text, supplier text, price_version uuid, outcome text, estimated boolean, tokens_in, tokens_out, cost, tariff, charge, paid_allowance, paid_promotional, paid_bought, paid_overage, payments bytea, attempts bytea, estimate_cost, estimate_charge';

function insert(table: string, spec: string): RowCopy {
  return new RowCopy(table, columnsOf(spec));
}

function update(name: string, table: string, key: string, spec: string): RowBatch {
  const keys = columnsOf(key);
  const changed = columnsOf(spec);
  return new RowBatch(name, [...keys, ...changed], ({ source, values }) =>
    updateOf(table, { keys, changed, source, values }),
  );
}

function updateOf(
  table: string,
  parts: {
    readonly keys: readonly Column[];
    readonly changed: readonly Column[];
    readonly source: string;
    readonly values: string;
  },
): string {
  const { keys, changed, source, values } = parts;
  const expressions = values.split(', ').slice(keys.length);
  const assignments = changed.map((column, i) => `${column.name} = ${expressions[i]}`);
  const match = keys.map((column) => `t.${column.name} = r.${column.name}`);
  return `UPDATE ${table} t SET ${assignments.join(', ')} FROM ${source} WHERE ${match.join(' AND ')}`;
}

/**
 * As {@link update}, of rows that carry a `version`: it raises an error unless each of them still had
 * the version before.
 */
function guardedUpdate(name: string, table: string, key: string, spec: string): RowBatch {
  const [first] = columnsOf(key);
  return new RowBatch(name, [...columnsOf(key), ...columnsOf(spec)], ({ source, values }) => {
    const rows = updateOf(table, {
      keys: columnsOf(key),
      changed: columnsOf(spec),
      source,
      values,
    });
    return `WITH written AS (${rows} AND t.version = r.version - 1 RETURNING 1)
      SELECT require_rows(count(*), cardinality($1::${first?.type}[])) FROM written`;
  });
}

/** Adds to rows that may exist. Both tables' rows are guarded by the lock on their account. */
function add(table: string, key: string, sums: string): RowBatch {
  const keys = columnsOf(key).map((column) => column.name);
  const sumNames = columnsOf(sums).map((column) => column.name);
  return new RowBatch(
    `add_${table}`,
    columnsOf(`${key}, ${sums}`),
    ({
      source,
      names,
      values,
    }) => `INSERT INTO ${table} AS t (${names}) SELECT ${values} FROM ${source}
      ON CONFLICT (${keys.join(', ')}) DO UPDATE SET
      ${sumNames.map((name) => `${name} = t.${name} + excluded.${name}`).join(', ')}`,
  );
}

/**
 * Everything that one batch writes, gathered while its operations are decided: one statement for
 * each table that has rows. Sums of one rollup row are added up here first.
 */
export class WriteSet {
  readonly #accounts = guardedUpdate('update_account', 'account', OWNER, STATE);
  readonly #terms = update('update_account_terms', 'account', OWNER, TERMS);
  readonly #newAccounts = insert('account', `${OWNER}, ${TERMS}, ${STATE}`);
  readonly #scopes = new RowBatch(
    'put_account_scope',
    columnsOf(`${OWNER}, scope uuid, version, ring bytea`),
    ({
      source,
      names,
      values,
    }) => `INSERT INTO account_scope (${names}) SELECT ${values} FROM ${source}
      ON CONFLICT (book, customer, scope) DO UPDATE SET version = excluded.version, ring = excluded.ring`,
  );
  readonly #decisions = insert('decision', DECISION);
  readonly #events = insert('usage_event', EVENT);
  readonly #measured = update(
    'measure_usage_event',
    'usage_event',
    `${OWNER}, id uuid, day date`,
    MEASURED,
  );
  readonly #refunds = new RowBatch(
    'refund_usage_event',
    columnsOf(`${OWNER}, id uuid, day date, amount`),
    ({ source }) => `UPDATE usage_event t SET refunded = t.refunded + r.amount FROM ${source}
      WHERE t.book = r.book AND t.customer = r.customer AND t.id = r.id AND t.day = r.day`,
  );
  readonly #references = insert('grant_reference', `${OWNER}, reference text, seq`);
  readonly #transfers = insert('transfer', TRANSFER);
  readonly #operations = insert('account_operation', OPERATION);
  readonly #incidents = insert('incident', INCIDENT);
  readonly #usage = add('usage_rollup', `${OWNER}, day date, plan_version uuid, model text`, USAGE);
  readonly #revenue = add('revenue_rollup', `${OWNER}, day date, plan_version uuid`, REVENUE);
  readonly #all = [
    this.#newAccounts,
    this.#accounts,
    this.#terms,
    this.#scopes,
    this.#decisions,
    this.#events,
    this.#measured,
    this.#refunds,
    this.#references,
    this.#transfers,
    this.#operations,
    this.#incidents,
    this.#usage,
    this.#revenue,
  ];
  // Replaced, never cleared: see Bag for what a cleared table costs.
  #usageSums = new Map<string, RollupRow>();
  #revenueSums = new Map<string, RollupRow>();

  /** The state of an account after the batch. */
  account(record: AccountRecord, change: 'new' | 'terms' | 'state'): void {
    const row = kernelColumns(record);
    const owner = [record.book, record.customer];
    const state = [
      row.ring,
      row.version,
      row.seq,
      row.lastSeenMs,
      row.heldNanoUsd,
      row.allowanceNanoUsd,
      row.promotionalNanoUsd,
      row.boughtNanoUsd,
      row.overageUsedNanoUsd,
      row.fareChargedNanoUsd,
      record.overageOwedNanoUsd,
      row.holds,
      record.encodeNotes(),
      row.sub,
    ];
    if (change === 'new') this.#newAccounts.push([...owner, ...termsOf(record), ...state]);
    else this.#accounts.push([...owner, ...state]);
    if (change === 'terms') this.#terms.push([...owner, ...termsOf(record)]);
  }

  scope(record: AccountRecord, scope: string, version: number, ring: Buffer): void {
    this.#scopes.push([record.book, record.customer, scope, version, ring]);
  }

  decision(values: readonly ColumnValue[]): void {
    this.#decisions.push(values);
  }

  event(values: readonly ColumnValue[]): void {
    this.#events.push(values);
  }

  measured(values: readonly ColumnValue[]): void {
    this.#measured.push(values);
  }

  refunded(
    book: Book,
    customer: string,
    refund: { readonly id: string; readonly day: string; readonly amount: number },
  ): void {
    this.#refunds.push([book, customer, refund.id, refund.day, refund.amount]);
  }

  /** Fails the batch where the reference was used before. */
  reference(record: AccountRecord, reference: string, seq: number): void {
    this.#references.push([record.book, record.customer, reference, seq]);
  }

  operation(values: readonly ColumnValue[]): void {
    this.#operations.push(values);
  }

  /** Facts carry no money of the customer, keys or prompts beyond what the row itself needs. */
  incident(
    record: AccountRecord,
    incident: {
      request: string | null;
      atMs: number;
      kind: string;
      facts: Record<string, unknown>;
    },
  ): void {
    const { request, atMs, kind, facts } = incident;
    this.#incidents.push([
      record.book,
      record.customer,
      request,
      atMs,
      kind,
      JSON.stringify(facts),
    ]);
  }

  /** Postings of one entry of the account's sequence; those of nothing are left out. */
  transfers(
    record: AccountRecord,
    entry: { seq: number; atMs: number; event: string | null },
    postings: readonly Posting[],
  ): void {
    let line = 0;
    const day = utcDay(entry.atMs);
    for (const { kind, debit, credit, amountNanoUsd } of postings) {
      if (amountNanoUsd === 0) continue;
      this.#transfers.push([
        record.book,
        record.customer,
        entry.seq,
        line++,
        day,
        entry.atMs,
        kind,
        entry.event,
        debit,
        credit,
        amountNanoUsd,
      ]);
    }
  }

  usage(
    key: { book: Book; customer: string; day: string; planVersion: string; model: string },
    sums: UsageSums,
  ): void {
    const values = [
      sums.requests,
      sums.estimated,
      sums.tokensIn,
      sums.tokensOut,
      sums.cost,
      sums.charge,
      sums.allowance,
      sums.promotional,
      sums.bought,
      sums.overage,
      sums.overrun,
    ];
    addTo(this.#usageSums, [key.book, key.customer, key.day, key.planVersion, key.model], values);
  }

  revenue(
    key: { book: Book; customer: string; day: string; planVersion: string },
    sums: { subscription: number; breakage: number; refunded: number },
  ): void {
    const values = [sums.subscription, sums.breakage, sums.refunded];
    addTo(this.#revenueSums, [key.book, key.customer, key.day, key.planVersion], values);
  }

  /** What the batch has to say to the store, accounts first. */
  statements(): readonly Statement[] {
    for (const { key, sums } of this.#usageSums.values()) this.#usage.push([...key, ...sums]);
    for (const { key, sums } of this.#revenueSums.values()) this.#revenue.push([...key, ...sums]);
    this.#forgetSums();
    return this.#all.filter((rows) => rows.rows > 0).map((rows) => rows.statement());
  }

  /** Every statement there is, with what rows it has. */
  allStatements(): readonly Statement[] {
    return this.#all.map((rows) => rows.statement());
  }

  clear(): void {
    this.#forgetSums();
    for (const rows of this.#all) if (rows.rows > 0) rows.clear();
  }

  #forgetSums(): void {
    if (this.#usageSums.size > 0) this.#usageSums = new Map();
    if (this.#revenueSums.size > 0) this.#revenueSums = new Map();
  }
}

interface RollupRow {
  readonly key: readonly ColumnValue[];
  readonly sums: number[];
}

function termsOf(record: AccountRecord): readonly ColumnValue[] {
  const { terms, state } = record;
  return [
    terms.subscription,
    record.planVersion,
    state.periodStartMs,
    state.periodEndMs,
    terms.priceNanoUsd,
    terms.accruedNanoUsd,
    terms.accrualFromMs,
    terms.accruedToMs,
  ];
}

function addTo(
  rows: Map<string, RollupRow>,
  key: readonly ColumnValue[],
  sums: readonly number[],
): void {
  const name = key.join(' ');
  const known = rows.get(name);
  if (known === undefined) rows.set(name, { key, sums: [...sums] });
  else for (let i = 0; i < sums.length; i++) known.sums[i] = (known.sums[i] ?? 0) + (sums[i] ?? 0);
}
