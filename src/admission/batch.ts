import { assert } from '#base/assert.ts';
import { BOOKS, type Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { ScopeState } from '#plans/scope-state.ts';
import type { SharedCounters } from '#plans/shared-counters.ts';
import type { AccountCache } from './account-cache.ts';
import { type AccountColumns, type AccountRecord, recordOf } from './account-record.ts';
import type { Operation } from './operation.ts';
import { columnsOf } from './column.ts';
import { RowBatch } from './row-batch.ts';
import type { Statement } from './statement.ts';
import type { SharedGates } from './shared-gates.ts';
import type { GroupResult } from './statement-group.ts';
import type { WriteSet } from './write-set.ts';

/** A usage event that was booked before. */
export interface BookedEvent {
  seq: number;
  decision_seq: number;
  plan_version: string;
  class: string;
  model: string;
  admitted_ms: number;
  outcome: string;
  estimated: boolean;
  tokens_in: number;
  tokens_out: number;
  cost: number;
  tariff: number;
  charge: number;
  paid_allowance: number;
  paid_promotional: number;
  paid_bought: number;
  paid_overage: number;
  overrun: number;
  payments: Buffer;
  attempts: Buffer;
  estimate_cost: number | null;
  refunded: number;
  day: string;
}

interface Slot {
  readonly key: string;
  readonly book: Book;
  readonly customer: string;
  /** What was committed last; `undefined` where there is no such account. */
  committed: AccountRecord | undefined;
  draft: AccountRecord | undefined;
  change: 'none' | 'state' | 'terms' | 'new';
  /** The end of a hold was postponed: what came after it comes after it. */
  isHeldUp: boolean;
  changedScopes: Set<string> | undefined;
}

const ACCOUNT_COLUMNS =
  'subscription, price, accrued, accrual_from_ms, accrued_to_ms, ring, seq, last_seen_ms, held, allowance, promotional, bought, overage_used, fare_charged, overage_owed, holds, hold_notes, sub'.split(
    ', ',
  );
/**
 * Locks accounts in the order of their key, whatever order they are asked for in, so that processes
 * cannot wait for each other in a ring. The materialised part locks them all; what it answers is only
 * what the cache does not know as it is, or knows and is gone.
 */
const lockRead = new RowBatch(
  'lock_accounts',
  columnsOf('slot integer, book book, customer uuid, version bigint'),
  ({ source }) => `WITH locked AS MATERIALIZED (
      SELECT w.slot, w.version AS cached, a.*
        FROM (SELECT * FROM ${source} ORDER BY book, customer) w
        LEFT JOIN LATERAL (
          SELECT t.version,
                 ${ACCOUNT_COLUMNS.map((name) => `CASE WHEN t.version <> w.version THEN t.${name} END AS ${name}`).join(', ')}
            FROM account t WHERE t.book = w.book AND t.customer = w.customer
             FOR UPDATE) a ON true)
    SELECT * FROM locked WHERE version IS DISTINCT FROM cached`,
  { answersRows: true },
);
const scopeRead = new RowBatch(
  'read_scopes',
  columnsOf('slot integer, book book, customer uuid, scope uuid'),
  ({ source }) => `SELECT r.slot, r.scope, s.version, s.ring FROM ${source}
    LEFT JOIN account_scope s ON s.book = r.book AND s.customer = r.customer AND s.scope = r.scope`,
  { answersRows: true },
);
const eventRead = new RowBatch(
  'read_events',
  columnsOf('item integer, book book, customer uuid, id uuid, day date'),
  ({
    source,
  }) => `SELECT r.item, e.seq, e.decision_seq, e.plan_version, e.class, e.model, e.admitted_ms, e.outcome, e.estimated,
      e.tokens_in, e.tokens_out, e.cost, e.tariff, e.charge, e.paid_allowance, e.paid_promotional,
      e.paid_bought, e.paid_overage, e.overrun, e.payments, e.attempts, e.estimate_cost, e.refunded, e.day
    FROM ${source} JOIN usage_event e
      ON e.book = r.book AND e.customer = r.customer AND e.id = r.id AND e.day = r.day`,
  { answersRows: true },
);

/**
 * One transaction of the account actor in memory: which accounts it locks, how they stand, what its
 * operations make of them. Works on drafts; {@link keep} makes them the cache's own after the commit.
 */
export class Batch {
  readonly writes: WriteSet;
  readonly #operations: readonly Operation[];
  readonly #cache: AccountCache;
  readonly #gates: SharedGates;
  readonly #slots: Slot[] = [];
  readonly #slotOf = new Map<string, Slot>();
  /** By operation, in their order. */
  readonly #slotAt: readonly Slot[];
  readonly #events = new Map<Operation, BookedEvent>();
  readonly #refusals = new Map<Operation, DomainError>();
  readonly #postponed = new Map<Operation, (() => Promise<void>) | undefined>();
  readonly #skipped = new Map<Operation, (() => Promise<void>) | undefined>();
  #ordinal = 0;
  /** The slot that was asked for last: an operation asks for its own several times in a row. */
  #lastSlot: Slot | undefined;

  constructor(
    operations: readonly Operation[],
    parts: { cache: AccountCache; writes: WriteSet; gates: SharedGates },
  ) {
    this.#operations = operations;
    this.#cache = parts.cache;
    this.#gates = parts.gates;
    this.writes = parts.writes;
    this.#slotAt = operations.map((operation) => this.#newSlot(operation));
    // Rows are locked in the order in which they are written.
    this.#slots.sort(byAccount);
  }

  #newSlot({ book, customer, account: key }: Operation): Slot {
    const known = this.#slotOf.get(key);
    if (known !== undefined) return known;
    const slot: Slot = {
      key,
      book,
      customer,
      committed: this.#cache.get(key),
      draft: undefined,
      change: 'none',
      isHeldUp: false,
      changedScopes: undefined,
    };
    this.#slotOf.set(key, slot);
    this.#slots.push(slot);
    return slot;
  }

  get accountKeys(): Iterable<string> {
    return this.#slotOf.keys();
  }

  /**
   * Whether everything that the operations need is in memory, so that the batch can be decided on how
   * its accounts are remembered, and be written under the condition that they still are so.
   */
  get isRemembered(): boolean {
    return this.#operations.every((operation, at) => {
      const committed = this.#slotAt[at]?.committed;
      if (committed === undefined || operation.lookUp !== undefined) return false;
      return operation.scopes.every((scope) => committed.scope(scope) !== undefined);
    });
  }

  /**
   * Whether every operation was decided, and writes its account: what leaves its account alone was
   * said of an account as it is remembered, and nothing proves that it still is so.
   */
  get isProven(): boolean {
    if (this.#refusals.size + this.#postponed.size > 0) return false;
    return this.#slots.every((slot) => slot.change !== 'none');
  }

  /** Forgets what was decided, to be read and decided anew. */
  forget(): void {
    this.writes.clear();
    this.#refusals.clear();
    this.#postponed.clear();
    this.#skipped.clear();
    for (const { draft } of this.#slots) if (draft !== undefined) this.#cache.recycle(draft);
    for (const slot of this.#slots) slot.draft = undefined;
  }

  /** Statements that lock and read; their results go to {@link load}. */
  reads(): readonly Statement[] {
    lockRead.clear();
    scopeRead.clear();
    eventRead.clear();
    for (const [index, { book, customer, committed }] of this.#slots.entries()) {
      lockRead.push([index, book, customer, committed?.state.version ?? -1]);
    }
    for (const [item, operation] of this.#operations.entries()) {
      const slot = this.#slot(operation);
      for (const scope of operation.scopes) {
        if (slot.committed?.scope(scope) !== undefined) continue;
        scopeRead.push([this.#slots.indexOf(slot), slot.book, slot.customer, scope]);
      }
      const { lookUp } = operation;
      if (lookUp) eventRead.push([item, operation.book, operation.customer, lookUp.id, lookUp.day]);
    }
    return [lockRead, scopeRead, eventRead]
      .filter((read) => read === lockRead || read.rows > 0)
      .map((read) => read.statement());
  }

  static preparations(): readonly Statement[] {
    return [lockRead, scopeRead, eventRead].map((read) => read.statement());
  }

  load(results: readonly GroupResult[]): void {
    const [stale, ...rest] = results;
    assert(stale !== undefined, 'a batch reads its accounts');
    for (const row of stale.rows as unknown as (AccountColumns & {
      slot: number;
      version: number | null;
    })[]) {
      const slot = this.#slots[row.slot];
      assert(slot !== undefined, 'the store answers what was asked');
      slot.committed =
        row.version === null
          ? undefined
          : recordOf({ ...row, book: slot.book, customer: slot.customer });
    }
    const scopes = scopeRead.rows > 0 ? rest.shift() : undefined;
    for (const row of (scopes?.rows ?? []) as unknown as ScopeColumns[]) {
      const state =
        row.ring === null ? new ScopeState() : ScopeState.decode(row.version ?? 0, row.ring);
      this.#slots[row.slot]?.committed?.putScope(row.scope, state);
    }
    const events = eventRead.rows > 0 ? rest.shift() : undefined;
    for (const row of (events?.rows ?? []) as unknown as (BookedEvent & { item: number })[]) {
      const operation = this.#operations[row.item];
      if (operation !== undefined) this.#events.set(operation, row);
    }
  }

  /** Decides every operation, one after the other, and hands the accounts' new state to the writes. */
  apply(): void {
    while (!this.#applyAll()) {
      // One failed half-way: its traces go, and the others are decided anew without it.
    }
    for (const slot of this.#slots) {
      const { draft } = slot;
      if (draft === undefined || slot.change === 'none') continue;
      draft.state.version += 1;
      this.writes.account(draft, slot.change);
      for (const id of slot.changedScopes ?? []) {
        const scope = draft.scope(id);
        assert(scope !== undefined, 'a scope that changed was loaded');
        scope.version += 1;
        this.writes.scope(draft, id, scope.version, scope.encode());
      }
    }
  }

  #applyAll(): boolean {
    this.writes.clear();
    this.#postponed.clear();
    for (const [operation, prepare] of this.#skipped) this.#postponed.set(operation, prepare);
    this.#gates.discard();
    for (const slot of this.#slots) {
      const { committed } = slot;
      if (committed === undefined) slot.draft = undefined;
      else if (slot.draft === undefined) slot.draft = this.#cache.draft(committed);
      else slot.draft.copyFrom(committed);
      slot.change = 'none';
      slot.isHeldUp = false;
      slot.changedScopes = undefined;
    }
    let whole = true;
    let isAnyHeldUp = false;
    for (const [ordinal, operation] of this.#operations.entries()) {
      if (this.#refusals.has(operation) || this.#skipped.has(operation)) continue;
      this.#ordinal = ordinal;
      this.#lastSlot = this.#slotAt[ordinal];
      if (isAnyHeldUp && this.#slot(operation).isHeldUp) {
        this.#postponed.set(operation, undefined);
        continue;
      }
      try {
        operation.apply(this);
        if (operation.lasting && this.#postponed.has(operation)) {
          this.#slot(operation).isHeldUp = true;
          isAnyHeldUp = true;
        }
        // The rest of this pass counts for nothing, but finds the others that have to start over.
        if (this.#skipped.has(operation)) whole = false;
      } catch (error) {
        if (!whole) continue;
        const clean = error instanceof DomainError;
        this.#refusals.set(operation, clean ? error : failed(error));
        if (!clean) return false;
      }
    }
    return whole;
  }

  /** After the commit: the drafts are how the accounts stand. */
  keep(): void {
    this.#gates.keep();
    for (const { key, committed, draft, change } of this.#slots) {
      if (draft === undefined) continue;
      const [kept, replaced] = change === 'none' ? [committed, draft] : [draft, committed];
      if (kept !== undefined) this.#cache.keep(key, kept);
      if (replaced !== undefined) this.#cache.recycle(replaced);
    }
  }

  /** Position in the batch of the operation that is being applied. */
  get ordinal(): number {
    return this.#ordinal;
  }

  record(operation: Operation): AccountRecord | undefined {
    return this.#slot(operation).draft;
  }

  /** Says that the operation's account changed. */
  touch(operation: Operation, change: 'state' | 'terms' = 'state'): void {
    const slot = this.#slot(operation);
    if (slot.change === 'none' || slot.change === 'state') slot.change = change;
  }

  create(operation: Operation, record: AccountRecord): void {
    const slot = this.#slot(operation);
    slot.draft = record;
    slot.change = 'new';
  }

  touchScope(operation: Operation, scope: string): void {
    const slot = this.#slot(operation);
    slot.changedScopes ??= new Set();
    slot.changedScopes.add(scope);
  }

  shared(book: Book): SharedCounters {
    return this.#gates.draft(book);
  }

  bookedEvent(operation: Operation): BookedEvent | undefined {
    return this.#events.get(operation);
  }

  /** Leaves an operation for a later batch: after `prepare`, or, without it, the next one. */
  postpone(operation: Operation, prepare?: () => Promise<void>): void {
    this.#postponed.set(operation, prepare);
  }

  /**
   * As {@link postpone}, for an operation that has changed its account already: the batch is decided
   * anew without it, and it comes in a later one.
   */
  startOver(operation: Operation): void {
    const prepare = this.#postponed.get(operation);
    assert(this.#postponed.has(operation), 'what starts over was postponed for a reason');
    this.#skipped.set(operation, prepare);
  }

  get postponed(): ReadonlyMap<Operation, (() => Promise<void>) | undefined> {
    return this.#postponed;
  }

  refusalOf(operation: Operation): DomainError | undefined {
    return this.#refusals.get(operation);
  }

  #slot({ account }: Operation): Slot {
    if (this.#lastSlot?.key === account) return this.#lastSlot;
    const slot = this.#slotOf.get(account);
    assert(slot !== undefined, 'an operation belongs to its batch');
    this.#lastSlot = slot;
    return slot;
  }
}

/** As the store sorts accounts: books as its type lists them, uuids as their text. */
function byAccount(a: Slot, b: Slot): number {
  if (a.book !== b.book) return BOOKS.indexOf(a.book) - BOOKS.indexOf(b.book);
  return a.customer < b.customer ? -1 : Number(a.customer > b.customer);
}

interface ScopeColumns {
  slot: number;
  scope: string;
  version: number | null;
  ring: Buffer | null;
}

function failed(cause: unknown): DomainError {
  return new DomainError('internal', 'The books refused this operation.', { cause });
}
