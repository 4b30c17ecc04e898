import { assert } from '#base/assert.ts';
import type { Book } from '#base/book.ts';
import { type Id, uuidOf } from '#base/id.ts';
import { type AccountRow, decodeAccount, encodeAccount } from '#plans/account-row.ts';
import { AccountState } from '#plans/account-state.ts';
import { ByteReader, ByteWriter } from '#plans/bytes.ts';
import { Hold } from '#plans/hold.ts';
import type { ScopeState } from '#plans/scope-state.ts';
import { latin1Of, utf8Of } from './record-bytes.ts';

/** What admission must know of an open hold, beside what the kernel keeps of it. */
export interface HoldNote {
  readonly requestId: string;
  /** Number of the process that made it: see `process_lease`. */
  readonly process: number;
  readonly decisionSeq: number;
  /** Where it was to be served, and the price of that: what an estimate books. */
  readonly supplier: string;
  readonly model: string;
  /** Empty where none was given. */
  readonly priceVersionId: string;
  /** What was held at the worst, in the hold's own class: extended holds are raised. */
  readonly tokens: number;
  readonly costNanoUsd: number;
  readonly chargeNanoUsd: number;
}

/** Columns that change with the subscription, not with use. */
export interface AccountTerms {
  /** uuid */
  subscription: string;
  /** Price of the rest of the period from {@link accrualFromMs} on, and what of it is earned. */
  priceNanoUsd: number;
  accruedNanoUsd: number;
  /** The price is earned evenly from here to the period's end. */
  accrualFromMs: number;
  accruedToMs: number;
}

const HOLDS_FORMAT = 1;
const writer = new ByteWriter();

/** One account in memory: its row, and the rows of its members and keys that were needed so far. */
export class AccountRecord {
  book: Book;
  /** uuid */
  customer: string;
  readonly state: AccountState;
  readonly terms: AccountTerms;
  /** One for each open hold, in no order. An account has few: looking through them beats a map. */
  readonly #notes: HoldNote[] = [];
  /** By uuid of the member or key. Most accounts never need one. */
  #scopes: Map<string, ScopeState> | undefined;
  overageOwedNanoUsd = 0;
  #planVersionId = '';
  #planVersion = '';

  constructor(book: Book, customer: string, state: AccountState, terms: AccountTerms) {
    this.book = book;
    this.customer = customer;
    this.state = state;
    this.terms = terms;
  }

  /** The plan version in force as a uuid. */
  get planVersion(): string {
    if (this.#planVersionId !== this.state.planVersionId) {
      this.#planVersionId = this.state.planVersionId;
      this.#planVersion = uuidOf(this.state.planVersionId as Id<'planVersion'>);
    }
    return this.#planVersion;
  }

  /** The next number of the account's sequence. */
  nextSeq(): number {
    this.state.seq += 1;
    return this.state.seq;
  }

  /** Counters of a member or a key by its uuid, where they were read. */
  scope(id: string): ScopeState | undefined {
    return this.#scopes?.get(id);
  }

  putScope(id: string, scope: ScopeState): void {
    this.#scopes ??= new Map();
    this.#scopes.set(id, scope);
  }

  noteOf(requestId: string): HoldNote {
    const note = this.#notes[this.#noteIndex(requestId)];
    assert(note !== undefined, 'every open hold has its note');
    return note;
  }

  /** Adds the note of a hold, or replaces it. */
  putNote(note: HoldNote): void {
    const index = this.#noteIndex(note.requestId);
    if (index < 0) this.#notes.push(note);
    else this.#notes[index] = note;
  }

  dropNote(requestId: string): void {
    const index = this.#noteIndex(requestId);
    assert(index >= 0, 'every open hold has its note');
    const last = this.#notes.pop();
    if (last !== undefined && index < this.#notes.length) this.#notes[index] = last;
  }

  #noteIndex(requestId: string): number {
    for (let i = 0; i < this.#notes.length; i++)
      if (this.#notes[i]?.requestId === requestId) return i;
    return -1;
  }

  /** Becomes equal to another record, of whatever account. */
  copyFrom(other: AccountRecord): void {
    this.book = other.book;
    this.customer = other.customer;
    this.state.copyFrom(other.state);
    this.terms.subscription = other.terms.subscription;
    this.terms.priceNanoUsd = other.terms.priceNanoUsd;
    this.terms.accruedNanoUsd = other.terms.accruedNanoUsd;
    this.terms.accrualFromMs = other.terms.accrualFromMs;
    this.terms.accruedToMs = other.terms.accruedToMs;
    this.overageOwedNanoUsd = other.overageOwedNanoUsd;
    this.#notes.length = 0;
    for (const note of other.#notes) this.#notes.push(note);
    this.#copyScopes(other.#scopes);
    this.#planVersionId = other.#planVersionId;
    this.#planVersion = other.#planVersion;
  }

  #copyScopes(others: ReadonlyMap<string, ScopeState> | undefined): void {
    if (others === undefined) {
      this.#scopes = undefined;
      return;
    }
    for (const id of this.#scopes?.keys() ?? []) if (!others.has(id)) this.#scopes?.delete(id);
    for (const [id, scope] of others) {
      const own = this.#scopes?.get(id);
      if (own === undefined) this.putScope(id, scope.clone());
      else own.copyFrom(scope);
    }
  }

  /** Lets go of what only the next change would use: for a record that is kept beside many others. */
  rest(): void {
    this.state.dropSpares();
    // An emptied list keeps its room until its length is set.
    if (this.#notes.length === 0) this.#notes.length = 0;
  }

  clone(): AccountRecord {
    const copy = new AccountRecord(this.book, this.customer, new AccountState(), { ...this.terms });
    copy.copyFrom(this);
    return copy;
  }

  encodeNotes(): Buffer {
    writer.clear();
    for (const { requestId } of this.state.holds) {
      const note = this.noteOf(requestId);
      writer.varint(note.process);
      writer.varint(note.decisionSeq);
      writer.text(latin1Of(note.supplier));
      writer.text(latin1Of(note.model));
      writer.text(note.priceVersionId);
      writer.varint(note.tokens);
      writer.varint(note.costNanoUsd);
      writer.varint(note.chargeNanoUsd);
    }
    return writer.take();
  }
}

/** The columns of an account's row, as the driver reads them. */
export interface AccountColumns {
  book: Book;
  customer: string;
  subscription: string;
  price: number;
  accrued: number;
  accrual_from_ms: number;
  accrued_to_ms: number;
  ring: Buffer;
  version: number;
  seq: number;
  last_seen_ms: number;
  held: number;
  allowance: number;
  promotional: number;
  bought: number;
  overage_used: number;
  fare_charged: number;
  overage_owed: number;
  holds: Buffer;
  hold_notes: Buffer;
  sub: Buffer;
}

/** Reads a row. @throws Error where its bytes and its plain columns disagree. */
export function recordOf(row: AccountColumns): AccountRecord {
  const state = decodeAccount({
    version: row.version,
    seq: row.seq,
    lastSeenMs: row.last_seen_ms,
    ring: row.ring,
    heldNanoUsd: row.held,
    allowanceNanoUsd: row.allowance,
    promotionalNanoUsd: row.promotional,
    boughtNanoUsd: row.bought,
    overageUsedNanoUsd: row.overage_used,
    fareChargedNanoUsd: row.fare_charged,
    holds: row.holds,
    sub: row.sub,
  });
  const record = new AccountRecord(row.book, row.customer, state, {
    subscription: row.subscription,
    priceNanoUsd: row.price,
    accruedNanoUsd: row.accrued,
    accrualFromMs: row.accrual_from_ms,
    accruedToMs: row.accrued_to_ms,
  });
  record.overageOwedNanoUsd = row.overage_owed;
  const notes = decodeNotes(row.hold_notes, state.holds);
  for (const note of notes) record.putNote(note);
  return record;
}

/** Notes stand in the order of their holds. */
function decodeNotes(bytes: Uint8Array, holds: readonly Hold[]): readonly HoldNote[] {
  const reader = new ByteReader(bytes);
  const notes = holds.map(({ requestId }) => ({
    requestId,
    process: reader.varint(),
    decisionSeq: reader.varint(),
    supplier: utf8Of(reader.text()),
    model: utf8Of(reader.text()),
    priceVersionId: reader.text(),
    tokens: reader.varint(),
    costNanoUsd: reader.varint(),
    chargeNanoUsd: reader.varint(),
  }));
  reader.end();
  return notes;
}

/** The columns that tell of an account's open holds. */
export interface HoldColumns {
  readonly book: Book;
  readonly customer: string;
  readonly holds: Buffer;
  readonly hold_notes: Buffer;
}

/** An open hold, read without the rest of its account. */
export interface OpenHold {
  readonly requestId: Id<'request'>;
  readonly admittedAtMs: number;
  readonly heldNanoUsd: number;
  readonly note: HoldNote;
}

/** The holds column by itself: what {@link encodeAccount} wrote there. */
function readHolds(bytes: Uint8Array): readonly Hold[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  if (reader.varint() !== HOLDS_FORMAT) throw new RangeError('holds of an unknown format');
  const holds = Array.from({ length: reader.varint() }, () => {
    const hold = new Hold();
    hold.read(reader);
    return hold;
  });
  reader.end();
  return holds;
}

export function holdsOf(row: Pick<HoldColumns, 'holds' | 'hold_notes'>): readonly OpenHold[] {
  const holds = readHolds(row.holds);
  const notes = decodeNotes(row.hold_notes, holds);
  return holds.map((hold, i) => {
    const note = notes[i];
    assert(note !== undefined, 'every open hold has its note');
    return {
      requestId: hold.requestId as Id<'request'>,
      admittedAtMs: hold.admittedAtMs,
      heldNanoUsd: hold.payments.totalNanoUsd,
      note,
    };
  });
}

/** The kernel's columns of a record. */
export function kernelColumns(record: AccountRecord): AccountRow {
  return encodeAccount(record.state);
}
