import type { ClassUse } from '#lake/replay-file.ts';
import {
  type ColumnWidth,
  FALLBACKS,
  NO_CLASS,
  NO_NAME,
  REASONS,
  REPLAY_COLUMNS,
} from '#lake/replay-columns.ts';
import type { AccountOperation } from './account-operation.ts';

export { FALLBACKS, REASONS };
/** No class: what was refused. */
export const NONE = NO_CLASS;
export const NO_GATE = NO_NAME;

/**
 * What every customer did, in the order in which the books committed it: typed columns over shared
 * memory, so that worker threads read one copy. Read once, replayed as often as anyone asks.
 */
export interface Tape {
  readonly book: string;
  /** UTC days, both included; empty where the lake has none. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly events: number;
  /** Ids, in their order. */
  readonly customers: readonly string[];
  /** What the file calls them, where the book was imported; the same order. */
  readonly names?: readonly string[];
  /** Offsets into {@link ops}: customer `k` has `opStarts[k]` to before `opStarts[k + 1]`. */
  readonly opStarts: Uint32Array;
  /** Kind in the upper bits, event or operation in the lower ones: see {@link opKind}. */
  readonly ops: Uint32Array;
  readonly operations: readonly AccountOperation[];
  /** Events of a customer whose time is in parts that an operation of a later part is about. */
  readonly expected?: readonly number[];
  /** One for each plan that a customer was on, in their order; customers' rows are neighbours. */
  readonly segments: readonly TapeSegment[];
  readonly segmentStarts: Uint32Array;
  /** Names behind the numbers in the columns. */
  readonly classNames: readonly string[];
  readonly models: readonly string[];
  readonly gates: readonly string[];
  /** What everybody's measured requests used, also those of customers who are not on this tape. */
  readonly uses: readonly ClassUse[];
  readonly columns: TapeColumns;
}

/** Some of the customers of a book, without their names. */
export type TapeSlice = Omit<Tape, 'customers' | 'names'>;

/** A book without its events. */
export type TapeFacts = Pick<
  Tape,
  | 'book'
  | 'fromDay'
  | 'toDay'
  | 'events'
  | 'customers'
  | 'names'
  | 'segments'
  | 'segmentStarts'
  | 'classNames'
  | 'models'
  | 'gates'
  | 'uses'
>;

/** A customer's time on one plan version: a row of every result. */
export interface TapeSegment {
  readonly customer: number;
  readonly planVersionId: string;
}

export const OP_LIFECYCLE = 0;
export const OP_DECIDE = 1;
export const OP_SETTLE = 2;
export const OP_ACCOUNT = 3;
const KIND_SHIFT = 28;
const REF_MASK = 2 ** KIND_SHIFT - 1;
export const EVENTS_MAX = REF_MASK;

export function opOf(kind: number, ref: number): number {
  return ((kind << KIND_SHIFT) | ref) >>> 0;
}

export const opKind = (op: number): number => op >>> KIND_SHIFT;
export const opRef = (op: number): number => op & REF_MASK;

/** How well an event is known. */
export const EVIDENCE = {
  /** Measured, one attempt, every candidate on record. */
  complete: 0,
  /** Refused: what it would have used was never seen. */
  refused: 1,
  /** The supplier reported nothing; counted from what was delivered. */
  estimated: 2,
  /** A measurement replaced an estimate: what was booked first is gone. */
  superseded: 3,
  /** Several attempts, or more candidates than the lake keeps. */
  partial: 4,
  /** Admitted, and no end of it is on record. */
  pending: 5,
  /** Released unused. */
  voided: 6,
  /** Has units that the lab cannot price for another model (images, audio, searches, cache writes). */
  otherUnits: 7,
} as const;

/** One entry an event. Money is nano-dollars. */
export interface EventColumns {
  /** Numbers of the decision and of its end in the account's sequence; not above `seq`: no end is on record. */
  readonly seq: Uint32Array;
  readonly endSeq: Uint32Array;
  readonly atMs: Float64Array;
  readonly settledMs: Float64Array;
  readonly classAsked: Uint8Array;
  /** {@link NONE}: refused. */
  readonly classServed: Uint8Array;
  readonly evidence: Uint8Array;
  readonly model: Uint16Array;
  readonly inputBound: Uint32Array;
  readonly input: Uint32Array;
  readonly inputCached: Uint32Array;
  readonly output: Uint32Array;
  readonly reasoning: Uint32Array;
  readonly tokens: Uint32Array;
  readonly cost: Float64Array;
  readonly tariff: Float64Array;
  /** 0 = none. */
  readonly member: Uint32Array;
  readonly key: Uint32Array;
  /** −1 = none. */
  readonly keyCap: Float64Array;
  // What the books say of it: for the oracle.
  readonly reason: Uint8Array;
  readonly fallback: Uint8Array;
  readonly slow: Uint8Array;
  readonly gate: Uint16Array;
  readonly held: Float64Array;
  /** Bit n: gate n of the plan's program counted the request. */
  readonly counted: Uint32Array;
  readonly charge: Float64Array;
  readonly paidAllowance: Float64Array;
  readonly paidPromotional: Float64Array;
  readonly paidBought: Float64Array;
  readonly paidOverage: Float64Array;
  readonly overrun: Float64Array;
  /** How many candidates are on record. */
  readonly candidates: Uint8Array;
}

/** One candidate of each event: the first, the second and so on have columns of their own. */
export interface CandidateColumns {
  readonly className: Uint8Array;
  readonly available: Uint8Array;
  readonly tokens: Uint32Array;
  readonly cost: Float64Array;
  readonly charge: Float64Array;
}

export interface TapeColumns {
  readonly event: EventColumns;
  readonly candidate: readonly CandidateColumns[];
}

export type Column = Float64Array | Uint32Array | Uint16Array | Uint8Array;
/** All columns by the name that the lake has for them. */
export type NamedColumns = Readonly<Record<string, Column>>;

const BYTES: Readonly<Record<ColumnWidth, number>> = { u8: 1, u16: 2, u32: 4, f64: 8 };

/** A blank column of shared memory. */
export function sharedColumn(width: ColumnWidth, length: number): Column {
  const memory = new SharedArrayBuffer(BYTES[width] * length);
  if (width === 'f64') return new Float64Array(memory);
  if (width === 'u32') return new Uint32Array(memory);
  return width === 'u16' ? new Uint16Array(memory) : new Uint8Array(memory);
}

/** The columns as replays read them. */
export function tapeColumns(named: NamedColumns, candidatesMax: number): TapeColumns {
  const event = Object.fromEntries(
    REPLAY_COLUMNS.filter(({ name }) => !/\d$/.test(name)).map(({ name }) => [name, named[name]]),
  ) as unknown as EventColumns;
  const candidate = Array.from({ length: candidatesMax }, (_, i) => ({
    className: named[`class${i}`],
    available: named[`available${i}`],
    tokens: named[`tokens${i}`],
    cost: named[`cost${i}`],
    charge: named[`charge${i}`],
  })) as unknown as readonly CandidateColumns[];
  return { event, candidate };
}

/** So many zeros in shared memory. */
export function blankIntegers(length: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(length * 4));
}

/** Integers in shared memory. */
export function sharedIntegers(values: ArrayLike<number>): Uint32Array {
  const copy = blankIntegers(values.length);
  copy.set(values);
  return copy;
}

/** A result matrix in shared memory: a row a segment. */
export function sharedMatrix(rows: number, columns: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(rows * columns * 8));
}
