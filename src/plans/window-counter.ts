import type { ByteWriter } from './bytes.ts';

/** What a window must know of its account to place itself in time. */
export interface WindowFrame {
  readonly timeZone: string;
  readonly periodStartMs: number;
  readonly periodEndMs: number;
}

/**
 * The count of one gate: what is booked and held in its window. Equal methods for every kind of
 * window, so that the kernel walks gates in one loop.
 *
 * A hold counts at its admission instant. `add` returns the *stamp* of where it went; the hold keeps
 * it, and a later `adjust` finds the same place or, where the window has moved on, nothing.
 */
export interface WindowCounter {
  readonly kind: 'rolling' | 'session' | 'calendar' | 'cycle';
  /** Names gate, unit, scope, class and window in 48 bits: see `gateKey`. */
  readonly key: number;
  /** Booked and held, as of the last `roll`. */
  used: number;
  /** Forgets what has left the window. Instants never decrease: the account's time is monotonic. */
  roll(nowMs: number, frame: WindowFrame): void;
  /** Counts an amount now, after a `roll` to now. */
  add(nowMs: number, amount: number): number;
  /** True where what was added under this stamp still counts. */
  holds(stamp: number, nowMs: number): boolean;
  /** Adds a signed amount where `stamp` went, if that still counts. */
  adjust(stamp: number, delta: number, nowMs: number): void;
  /** When the count next falls, or `nowMs` where it is empty. */
  nextChangeMs(nowMs: number): number;
  /** When `room` more will have become free, all else unchanged (at the latest, when all is). */
  opensAtMs(nowMs: number, room: number): number;
  /** When nothing that stands in it now counts any more. */
  emptyAtMs(): number;
  clone(): WindowCounter;
  /** Becomes equal to another of the same kind and window. */
  copyFrom(other: WindowCounter): void;
  write(writer: ByteWriter): void;
}

export const WINDOW_KINDS = ['rolling', 'session', 'calendar', 'cycle'] as const;
