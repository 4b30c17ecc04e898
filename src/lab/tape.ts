import type { AccountOperation } from './account-operation.ts';

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
  /** By size, the largest first. */
  readonly customers: readonly string[];
  /** What the file calls them, where the book was imported; the same order. */
  readonly names?: readonly string[];
  /** Offsets into {@link ops}: customer `k` has `opStarts[k]` to before `opStarts[k + 1]`. */
  readonly opStarts: Uint32Array;
  /** Kind in the upper bits, event or operation in the lower ones: see {@link opKind}. */
  readonly ops: Uint32Array;
  readonly operations: readonly AccountOperation[];
  /** One for each plan that a customer was on, in their order; customers' rows are neighbours. */
  readonly segments: readonly TapeSegment[];
  readonly segmentStarts: Uint32Array;
  /** Names behind the numbers in the columns. */
  readonly classNames: readonly string[];
  readonly models: readonly string[];
  readonly gates: readonly string[];
  readonly columns: TapeColumns;
}

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

export const NONE = 255;
export const NO_GATE = 65_535;
export const REASONS = ['gate', 'funds', 'class', 'capacity', 'subscription'] as const;
export const FALLBACKS = ['none', 'gate', 'capacity'] as const;

/** One entry an event. Money is nano-dollars. */
export interface EventColumns {
  readonly atMs: Float64Array;
  readonly settledMs: Float64Array;
  readonly classAsked: Uint8Array;
  /** {@link NONE}: refused. */
  readonly classServed: Uint8Array;
  readonly evidence: Uint8Array;
  readonly model: Uint16Array;
  /** Into {@link CandidateColumns}: the first of so many. */
  readonly candidateStart: Uint32Array;
  readonly candidateCount: Uint8Array;
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
}

/** One entry a candidate. */
export interface CandidateColumns {
  readonly className: Uint8Array;
  readonly available: Uint8Array;
  readonly tokens: Uint32Array;
  readonly cost: Float64Array;
  readonly charge: Float64Array;
}

export interface TapeColumns {
  readonly event: EventColumns;
  readonly candidate: CandidateColumns;
}

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
const f64 = (length: number): Float64Array => new Float64Array(shared(length * 8));
const u32 = (length: number): Uint32Array => new Uint32Array(shared(length * 4));
const u16 = (length: number): Uint16Array => new Uint16Array(shared(length * 2));
const u8 = (length: number): Uint8Array => new Uint8Array(shared(length));

/** Blank columns of shared memory for so many events. */
export function eventColumns(events: number): EventColumns {
  return {
    atMs: f64(events),
    settledMs: f64(events),
    classAsked: u8(events),
    classServed: u8(events),
    evidence: u8(events),
    model: u16(events),
    candidateStart: u32(events),
    candidateCount: u8(events),
    inputBound: u32(events),
    input: u32(events),
    inputCached: u32(events),
    output: u32(events),
    reasoning: u32(events),
    tokens: u32(events),
    cost: f64(events),
    tariff: f64(events),
    member: u32(events),
    key: u32(events),
    keyCap: f64(events),
    reason: u8(events),
    fallback: u8(events),
    slow: u8(events),
    gate: u16(events),
    held: f64(events),
    counted: u32(events),
    charge: f64(events),
    paidAllowance: f64(events),
    paidPromotional: f64(events),
    paidBought: f64(events),
    paidOverage: f64(events),
    overrun: f64(events),
  };
}

export function candidateColumns(candidates: number): CandidateColumns {
  return {
    className: u8(candidates),
    available: u8(candidates),
    tokens: u32(candidates),
    cost: f64(candidates),
    charge: f64(candidates),
  };
}

/** Integers in shared memory. */
export function sharedIntegers(values: ArrayLike<number>): Uint32Array {
  const copy = u32(values.length);
  copy.set(values);
  return copy;
}

/** A result matrix in shared memory: a row a segment. */
export function sharedMatrix(rows: number, columns: number): Float64Array {
  return f64(rows * columns);
}
