import { assert } from '#base/assert.ts';
import type { DayRows } from './day-rows.ts';
import { type NamedColumns, type Tape, tapeColumns, type TapeSlice } from './tape.ts';
import { blankColumns, FILLED_IN } from './tape-constants.ts';
import { eventOf, lateEnds, mergeOrder, type OperationRow } from './tape-order.ts';

/** More are never open, waiting or to be given back at once. */
const UNFINISHED_MAX = 65_536;

type Merged = ReturnType<typeof mergeOrder> & Pick<Tape, 'expected'>;

/** A part of one customer's time. */
export interface CustomerPart {
  readonly tape: TapeSlice;
  /** Where the events of earlier parts that are not over lie by now. */
  readonly moved: ReadonlyMap<number, number>;
}

/**
 * One customer's events, so many at a time, in columns that are used again for each part: before the
 * events of a part lie those of earlier parts that are not over (open, waiting to be sent again, or to be
 * given back). A replay goes on from part to part with the account as it is.
 */
export class CustomerParts {
  readonly #columns: NamedColumns;
  readonly #partEvents: number;
  readonly #days: { readonly rows: DayRows; count: number }[];
  readonly #constants: ReadonlyMap<string, number>;
  readonly #tapeOf: (columns: NamedColumns, events: number, merged: Merged) => TapeSlice;
  #operations: readonly OperationRow[];
  /** Ends of decisions that have been read, still to come; by the ends' numbers. */
  #late: readonly { readonly seq: number; readonly decisionSeq: number }[] = [];

  constructor(given: {
    readonly partEvents: number;
    readonly days: readonly { readonly rows: DayRows; readonly count: number }[];
    readonly operations: readonly OperationRow[];
    readonly constants: ReadonlyMap<string, number>;
    readonly tapeOf: (columns: NamedColumns, events: number, merged: Merged) => TapeSlice;
  }) {
    this.#columns = blankColumns(given.constants, given.partEvents + UNFINISHED_MAX);
    this.#partEvents = given.partEvents;
    this.#days = given.days.map((day) => ({ ...day }));
    this.#operations = given.operations;
    this.#constants = given.constants;
    this.#tapeOf = given.tapeOf;
  }

  get isOver(): boolean {
    return this.#days.every(({ count }) => count === 0);
  }

  /** @param unfinished events of the last part that are needed further on */
  async next(unfinished: Iterable<number>): Promise<CustomerPart> {
    const kept = [...new Set(unfinished)].sort((a, b) => a - b);
    this.#keep(kept);
    assert(kept.length <= UNFINISHED_MAX, 'what is not over leaves room for what comes');
    const events = await this.#read(kept.length);
    const { event } = tapeColumns(this.#columns, 0);
    const starts = Uint32Array.of(kept.length, events);
    const upTo = this.isOver ? Infinity : (event.seq[events - 1] ?? 0);
    const order = { starts, columns: event, late: [] };
    const late = [
      ...this.#late,
      ...lateEnds(order).map(({ seq, event: i }) => ({ seq, decisionSeq: event.seq[i] ?? 0 })),
    ].sort((a, b) => a.seq - b.seq);
    this.#late = late.filter(({ seq }) => seq > upTo);
    const operations = this.#operations.filter(({ seq }) => seq <= upTo);
    this.#operations = this.#operations.filter(({ seq }) => seq > upTo);
    const merged = mergeOrder({
      starts,
      columns: event,
      operations,
      late: late
        .filter(({ seq }) => seq <= upTo)
        .map(({ seq, decisionSeq }) => ({
          customer: 0,
          seq,
          event: eventOf(order, 0, decisionSeq),
        }))
        // Whoever was refused in every replay has no end.
        .filter(({ event: i }) => i >= 0),
    });
    const expected = this.#operations
      .map(({ decisionSeq }) => eventOf(order, 0, decisionSeq))
      .filter((i) => i >= kept.length);
    return {
      tape: this.#tapeOf(this.#columns, events, { ...merged, expected }),
      moved: new Map(kept.map((from, to) => [from, to])),
    };
  }

  /** Moves events to the front, in their order. */
  #keep(kept: readonly number[]): void {
    for (const [name, column] of Object.entries(this.#columns)) {
      if (this.#constants.has(name) && !FILLED_IN.has(name)) continue;
      for (const [to, from] of kept.entries()) column[to] = column[from] ?? 0;
    }
    for (const name of FILLED_IN) {
      // What was filled in for the last part is not this one's.
      const value = this.#constants.get(name);
      if (value !== undefined) this.#columns[name]?.fill(value, kept.length);
    }
  }

  /** Reads as many events as there is room for. @returns where they end */
  async #read(from: number): Promise<number> {
    let at = from;
    for (const day of this.#days) {
      const count = Math.min(day.count, from + this.#partEvents - at);
      if (count === 0) continue;
      await day.rows.take(
        Uint32Array.from({ length: count }, (_, i) => at + i),
        this.#columns,
      );
      at += count;
      day.count -= count;
    }
    return at;
  }
}
