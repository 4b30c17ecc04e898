import type { DuckDBConnection } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { openDuckMany } from '#lake/parquet.store.ts';
import { DayOperations, type DayOperation } from './day-operations.ts';
import { CustomerParts } from './customer-parts.ts';
import { DayRows } from './day-rows.ts';
import { type NamedColumns, type Tape, tapeColumns, type TapeSlice } from './tape.ts';
import { blankColumns, candidatesMaxOf, constantsOf, FILLED_IN } from './tape-constants.ts';
import type { IndexedDay, TapeLayout } from './tape-index.ts';
import { mergeOrder, type OperationRow } from './tape-order.ts';

/** A day that is being read. */
export interface OpenDay {
  readonly day: IndexedDay;
  readonly rows: DayRows;
  readonly operations: DayOperations;
  /** How many of its customers have been read. */
  entry: number;
}

/** Customers by number, the last excluded. */
export interface CustomerRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads customers of a book from the lake, some at a time and each once, in the order of their ids: all
 * days are open at once, and their rows lie in that order. What it gives is a tape of those customers alone.
 */
export class TapeReader implements Disposable {
  readonly #layout: TapeLayout;
  readonly #constants: ReadonlyMap<string, number>;
  readonly #days: readonly OpenDay[];
  readonly #connections: readonly DuckDBConnection[];
  /** By operation that is about a request: the number of its decision. */
  readonly #about: ReadonlyMap<number, number>;
  #customers: number;

  private constructor(
    layout: TapeLayout,
    range: CustomerRange,
    connections: readonly DuckDBConnection[],
  ) {
    this.#layout = layout;
    this.#constants = constantsOf(layout);
    this.#connections = connections;
    this.#customers = range.from;
    this.#days = layout.days.map((day, d) => openDay(day, range, this.#constants, connections, d));
    const { customers, seqs, decisionSeqs } = layout.about;
    this.#about = new Map(
      Array.from(customers, (k, i) => [aboutKey(k, seqs[i] ?? 0), decisionSeqs[i] ?? 0]),
    );
  }

  static async open(layout: TapeLayout, range: CustomerRange): Promise<TapeReader> {
    return new TapeReader(layout, range, await openDuckMany(2 * layout.days.length));
  }

  /**
   * The customers up to a number, excluded, who have not been read yet.
   * @param memory what an earlier tape lay in and nobody reads any more
   */
  async read(
    to: number,
    memory?: NamedColumns,
    options: {
      /** Room for so many events, so that the memory serves the next tape too. */
      readonly events?: number;
      readonly onProgress?: (events: number) => void;
    } = {},
  ): Promise<{ readonly tape: TapeSlice; readonly memory: NamedColumns }> {
    const layout = this.#layout;
    const from = this.#customers;
    const starts = new Uint32Array(to - from + 1);
    for (let k = from; k < to; k++)
      starts[k - from + 1] = (starts[k - from] ?? 0) + (layout.eventsOf[k] ?? 0);
    const events = starts[to - from] ?? 0;
    const columns = memory ?? blankColumns(this.#constants, options.events ?? events);
    for (const name of FILLED_IN) {
      const value = this.#constants.get(name);
      if (value !== undefined) columns[name]?.fill(value, 0, events);
    }
    const next = starts.slice();
    const places = new Uint32Array(events);
    const operations: DayOperation[] = [];
    let read = 0;
    for (const open of this.#days) {
      const { customers, counts, operationCounts } = open.day;
      let taken = 0;
      let operationsTaken = 0;
      for (; (customers[open.entry] ?? to) < to; open.entry++) {
        const k = (customers[open.entry] ?? 0) - from;
        let place = next[k] ?? 0;
        for (const end = place + (counts[open.entry] ?? 0); place < end; place++)
          places[taken++] = place;
        next[k] = place;
        operationsTaken += operationCounts[open.entry] ?? 0;
      }
      await open.rows.take(places.subarray(0, taken), columns);
      if (operationsTaken > 0) await open.operations.take(operationsTaken, operations);
      read += taken;
      options.onProgress?.(read);
    }
    assert(read === events, 'every event that was counted is read');
    this.#customers = to;
    const merged = mergeOrder({
      starts,
      columns: tapeColumns(columns, 0).event,
      operations: this.#inOrder(operations, from),
    });
    return { tape: this.#tape(columns, events, merged), memory: columns };
  }

  /** The next customer, in parts of their time of so many events each. */
  async parts(partEvents: number): Promise<CustomerParts> {
    const k = this.#customers++;
    const operations: DayOperation[] = [];
    const days: { readonly rows: DayRows; readonly count: number }[] = [];
    for (const open of this.#days) {
      const { customers, counts, operationCounts } = open.day;
      if (customers[open.entry] !== k) continue;
      days.push({ rows: open.rows, count: counts[open.entry] ?? 0 });
      await open.operations.take(operationCounts[open.entry] ?? 0, operations);
      open.entry++;
    }
    return new CustomerParts({
      partEvents,
      days,
      operations: this.#inOrder(operations, k),
      constants: this.#constants,
      tapeOf: (columns, events, merged) => this.#tape(columns, events, merged),
    });
  }

  #tape(
    columns: NamedColumns,
    events: number,
    merged: ReturnType<typeof mergeOrder> & Pick<Tape, 'expected'>,
  ): TapeSlice {
    const { book, fromDay, toDay, classNames, models, gates, uses } = this.#layout;
    return {
      book,
      fromDay,
      toDay,
      classNames,
      models,
      gates,
      uses,
      events,
      ...merged,
      columns: tapeColumns(columns, candidatesMaxOf(this.#constants)),
    };
  }

  #inOrder(operations: readonly DayOperation[], from: number): readonly OperationRow[] {
    return operations
      .map((each) => this.#operationRow(each, from))
      .sort((a, b) => a.customer - b.customer || a.seq - b.seq);
  }

  /** Numbered within the tape. */
  #operationRow(operation: DayOperation, from: number): OperationRow {
    const { customer, seq } = operation;
    const decisionSeq = this.#about.get(aboutKey(customer, seq)) ?? 0;
    return { ...operation, customer: customer - from, decisionSeq };
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.closeSync();
  }
}

function openDay(
  day: IndexedDay,
  range: CustomerRange,
  constants: ReadonlyMap<string, number>,
  connections: readonly DuckDBConnection[],
  d: number,
): OpenDay {
  const [forRows, forOperations] = [connections[2 * d], connections[2 * d + 1]];
  assert(
    forRows !== undefined && forOperations !== undefined,
    'every day has connections of its own',
  );
  const { customers, counts, operationCounts } = day;
  const rows = { from: 0, to: 0 };
  const operations = { from: 0, to: 0 };
  let entry = 0;
  for (let e = 0; e < customers.length; e++) {
    const k = customers[e] ?? 0;
    const [count, operationCount] = [counts[e] ?? 0, operationCounts[e] ?? 0];
    if (k < range.from) {
      entry = e + 1;
      rows.from += count;
      operations.from += operationCount;
    }
    if (k >= range.to) break;
    rows.to += count;
    operations.to += operationCount;
  }
  return {
    day,
    rows: new DayRows(forRows, day, rows, constants),
    operations: new DayOperations(forOperations, day, operations),
    entry,
  };
}

function aboutKey(customer: number, seq: number): number {
  return customer * 2 ** 32 + seq;
}
