import type { ReplayDay } from '#lake/replay-file.ts';
import type { TapeFacts } from './tape.ts';

/** What of the lake is read. */
export interface TapeSource {
  readonly lake: string;
  readonly book: string;
  /** Read up to this UTC day, included; all where absent. Accounts are read from their opening on. */
  readonly toDay?: string;
}

/** One sealed day, and where its rows belong. */
export interface IndexedDay {
  readonly directory: string;
  readonly day: ReplayDay;
  /** In the order of its rows: who, by number, and how many rows they have. */
  readonly customers: Uint32Array;
  readonly counts: Uint32Array;
  /** From the day's numbers of classes, models, gates to the index's; `undefined` where they are the same. */
  readonly classes: Uint8Array | undefined;
  readonly models: Uint16Array | undefined;
  readonly gates: Uint16Array | undefined;
  /** From the day's numbers of members and keys to the index's; 0 stays 0. */
  readonly scopes: Uint32Array;
}

/** A book without its events: who is in it, on which plans, and where their events lie. */
export interface TapeIndex extends TapeFacts {
  /** Events of each customer. */
  readonly eventsOf: Uint32Array;
  readonly days: readonly IndexedDay[];
}
