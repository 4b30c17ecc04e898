import type { DuckDBConnection } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { CANDIDATES_KEPT } from '#lake/lake-columns.ts';
import { NO_CLASS, REPLAY_COLUMNS } from '#lake/replay-columns.ts';
import { openDuckMany } from '#lake/parquet.store.ts';
import { DayRows, TRANSLATED } from './day-rows.ts';
import { type Column, type NamedColumns, sharedColumn, type Tape, tapeColumns } from './tape.ts';
import type { TapeIndex } from './tape-index.ts';
import { streamOperations, type OperationRow } from './tape.store.ts';
import { mergeOrder } from './tape-order.ts';

/** Columns into which demand that was never seen is filled: never shared. */
const FILLED_IN = new Set(['input', 'inputCached', 'output', 'reasoning']);

/**
 * Reads a book from the lake, some customers at a time and each once, in the order of their ids: all days
 * are open at once, and their rows lie in that order. What it gives is a tape of those customers alone.
 */
export class TapeReader implements AsyncDisposable {
  readonly #index: TapeIndex;
  readonly #days: readonly DayRows[];
  /** By day: how many of its customers have been read. */
  readonly #entries: Uint32Array;
  readonly #operations: AsyncIterator<OperationRow>;
  readonly #connections: readonly DuckDBConnection[];
  readonly #known: ReadonlySet<string>;
  /** By type of column: room to arrange one in. */
  readonly #spare = new Map<unknown, Column>();
  #ahead: OperationRow | undefined;
  #customers = 0;

  private constructor(
    index: TapeIndex,
    operations: AsyncIterator<OperationRow>,
    connections: readonly DuckDBConnection[],
  ) {
    this.#index = index;
    this.#connections = connections;
    this.#known = new Set(
      REPLAY_COLUMNS.map(({ name }) => name).filter(
        (name) => constantOf(index, name) !== undefined,
      ),
    );
    this.#days = index.days.map((day, d) => {
      const connection = connections[d];
      assert(connection !== undefined, 'every day has a connection of its own');
      return new DayRows(connection, day, this.#known);
    });
    this.#entries = new Uint32Array(index.days.length);
    this.#operations = operations;
  }

  /** @param duck the connection that the index was read with */
  static async open(duck: DuckDBConnection, index: TapeIndex): Promise<TapeReader> {
    const connections = await openDuckMany(index.days.length);
    const operations = streamOperations(duck);
    const reader = new TapeReader(index, operations, connections);
    reader.#ahead = (await operations.next()).value as OperationRow | undefined;
    return reader;
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
  ): Promise<{ readonly tape: Tape; readonly memory: NamedColumns }> {
    const index = this.#index;
    const from = this.#customers;
    const starts = new Uint32Array(to - from + 1);
    for (let k = from; k < to; k++)
      starts[k - from + 1] = (starts[k - from] ?? 0) + (index.eventsOf[k] ?? 0);
    const events = starts[to - from] ?? 0;
    const columns = memory ?? blankColumns(index, options.events ?? events);
    const order = new Uint32Array(events);
    const next = starts.slice();
    let at = 0;
    for (const [d, rows] of this.#days.entries()) {
      const { customers, counts } = index.days[d] ?? { customers: [], counts: [] };
      const first = this.#entries[d] ?? 0;
      let entry = first;
      let taken = 0;
      while (entry < customers.length && (customers[entry] ?? 0) < to)
        taken += counts[entry++] ?? 0;
      await rows.take(taken, columns, at);
      for (let e = first, i = at; e < entry; e++) {
        const k = (customers[e] ?? 0) - from;
        let place = next[k] ?? 0;
        for (const end = i + (counts[e] ?? 0); i < end; i++) order[place++] = i;
        next[k] = place;
      }
      this.#entries[d] = entry;
      at += taken;
      options.onProgress?.(at);
    }
    assert(at === events, 'every event that was counted is read');
    this.#customers = to;
    this.#arrange(columns, order);
    const merged = mergeOrder({
      starts,
      columns: tapeColumns(columns, 0).event,
      operations: await this.#operationsUpTo(from, to),
    });
    const candidatesMax = candidatesMaxOf(index);
    const tape: Tape = {
      book: index.book,
      fromDay: index.fromDay,
      toDay: index.toDay,
      events,
      customers: index.customers.slice(from, to),
      ...(index.names && { names: index.names.slice(from, to) }),
      ...merged,
      classNames: index.classNames,
      models: index.models,
      gates: index.gates,
      uses: index.uses,
      columns: tapeColumns(columns, candidatesMax),
    };
    return { tape, memory: columns };
  }

  /**
   * From day by day to customer by customer: a replay that jumps from day to day in each of its columns
   * waits for memory half of its time. Column by column this reads a few dozen places in turn.
   */
  #arrange(columns: NamedColumns, order: Uint32Array): void {
    for (const [name, column] of Object.entries(columns)) {
      if (this.#known.has(name)) continue;
      const Type = column.constructor as new (length: number) => Column;
      let spare = this.#spare.get(Type);
      if (spare === undefined || spare.length < order.length)
        this.#spare.set(Type, (spare = new Type(order.length)));
      for (let i = 0; i < order.length; i++) spare[i] = column[order[i] ?? 0] ?? 0;
      column.set(spare.subarray(0, order.length));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#operations.return?.();
    for (const connection of this.#connections) connection.closeSync();
  }

  /** Numbered within the tape. */
  async #operationsUpTo(from: number, to: number): Promise<readonly OperationRow[]> {
    const rows: OperationRow[] = [];
    while (this.#ahead !== undefined && this.#ahead.customer < to) {
      rows.push({ ...this.#ahead, customer: this.#ahead.customer - from });
      this.#ahead = (await this.#operations.next()).value as OperationRow | undefined;
    }
    return rows;
  }
}

/** So many candidates has the request that has most. */
function candidatesMaxOf(index: TapeIndex): number {
  for (let n = CANDIDATES_KEPT; n > 0; n--) {
    const name = `class${n - 1}`;
    if (index.days.some(({ day }) => day.constants[name] !== NO_CLASS)) return n;
  }
  return 0;
}

/** Columns for so many events. Those that hold one value throughout are one column of that value together. */
export function blankColumns(index: TapeIndex, events: number): NamedColumns {
  const known = new Map<string, Column>();
  const columns: Record<string, Column> = {};
  const candidatesMax = candidatesMaxOf(index);
  for (const { name, width } of REPLAY_COLUMNS) {
    const slot = /\d$/.exec(name)?.[0];
    if (slot !== undefined && Number(slot) >= candidatesMax) continue;
    const value = constantOf(index, name);
    if (value === undefined) columns[name] = sharedColumn(width, events);
    else {
      const key = `${width} ${value}`;
      let column = known.get(key);
      if (column === undefined) known.set(key, (column = sharedColumn(width, events).fill(value)));
      columns[name] = column;
    }
  }
  return columns;
}

/** The one value that a column has on all days; `undefined` where there are several, or it may change. */
function constantOf({ days }: TapeIndex, name: string): number | undefined {
  const [value, ...others] = new Set(days.map(({ day }) => day.constants[name]));
  if (value === undefined || others.length > 0 || FILLED_IN.has(name)) return undefined;
  const by = TRANSLATED[name];
  if (by === 'scopes') return value === 0 ? value : undefined;
  return by !== undefined && days.some((day) => day[by] !== undefined) ? undefined : value;
}
