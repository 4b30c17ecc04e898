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
  /** In the order of its rows: who, by number, and how many events and operations they have. */
  readonly customers: Uint32Array;
  readonly counts: Uint32Array;
  readonly operationCounts: Uint32Array;
  /** From the day's numbers of classes, models, gates to the index's; `undefined` where they are the same. */
  readonly classes: Uint8Array | undefined;
  readonly models: Uint16Array | undefined;
  readonly gates: Uint16Array | undefined;
  /** From the day's numbers of members and keys to the index's; 0 stays 0. */
  readonly scopes: Uint32Array;
}

/** Operations that are about a request: whose, the operation's number in the account, and the decision's. */
export interface AboutRequests {
  readonly customers: Uint32Array;
  readonly seqs: Uint32Array;
  readonly decisionSeqs: Uint32Array;
}

/** Where the events of a book lie: what a thread needs in order to read some of its customers. */
export interface TapeLayout extends Pick<
  TapeFacts,
  'book' | 'fromDay' | 'toDay' | 'classNames' | 'models' | 'gates' | 'uses'
> {
  /** By customer. */
  readonly eventsOf: Uint32Array;
  /** By customer: their first segment; one more entry than customers. */
  readonly segmentStarts: Uint32Array;
  readonly days: readonly IndexedDay[];
  readonly about: AboutRequests;
}

/** A book without its events: who is in it, on which plans, and where their events lie. */
export interface TapeIndex extends TapeFacts, TapeLayout {}

/** The index without what is no business of a thread that reads: names and segments, an object a customer. */
export function layoutOf(index: TapeIndex): TapeLayout {
  const { book, fromDay, toDay, classNames, models, gates, uses } = index;
  const { eventsOf, segmentStarts, days, about } = index;
  return {
    book,
    fromDay,
    toDay,
    classNames,
    models,
    gates,
    uses,
    eventsOf,
    segmentStarts,
    days,
    about,
  };
}
