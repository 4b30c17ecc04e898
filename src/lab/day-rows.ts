import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { REPLAY_COLUMNS, type ReplayColumn } from '#lake/replay-columns.ts';
import { replayFile } from '#lake/replay-file.ts';
import { collectYoung } from './collect-young.ts';
import {
  addDoubles,
  addIntegers,
  doublesToDoubles,
  integersToDoubles,
  integersToIntegers,
  kindsToBytes,
  kindsToIntegers,
  kindsToShorts,
  lookedUp,
  type Places,
} from './scatter.ts';
import { kindTable } from './tape-constants.ts';
import type { Column, NamedColumns } from './tape.ts';
import type { IndexedDay } from './tape-index.ts';
import { itemsOf } from './tape.store.ts';

/** So many chunks, a few dozen megabytes of them, are read between collections. */
const CHUNKS_COLLECTED = 256;
let chunksRead = 0;

/** Does with the rows of a chunk what one column needs. */
type Step = (places: Places, items: readonly (Uint32Array | Float64Array | undefined)[]) => void;

/**
 * The rows of one sealed day, read once from one on, so many at a time, each put where it belongs. Columns
 * that have one value on all of the day are not read at all.
 */
export class DayRows {
  readonly #duck: DuckDBConnection;
  readonly #day: IndexedDay;
  readonly #from: number;
  readonly #to: number;
  /** What is read, in this order. */
  readonly #read: readonly string[];
  readonly #known: ReadonlyMap<string, number>;
  #columns: NamedColumns = {};
  #steps: readonly Step[] = [];
  #result: DuckDBResult | undefined;
  #next: ReturnType<DuckDBResult['fetchChunk']> | undefined;
  #items: readonly (Uint32Array | Float64Array)[] = [];
  /** Rows of the chunk at hand, and how many of them are taken. */
  #rows = 0;
  #taken = 0;

  /**
   * @param rows the first that is wanted, and the first after them
   * @param known columns that hold their one value already, on all days, by name
   */
  constructor(
    duck: DuckDBConnection,
    day: IndexedDay,
    rows: { readonly from: number; readonly to: number },
    known: ReadonlyMap<string, number>,
  ) {
    this.#duck = duck;
    this.#day = day;
    this.#from = rows.from;
    this.#to = rows.to;
    this.#known = known;
    const { columns, kinds } = day.day;
    const stored = REPLAY_COLUMNS.filter(({ name }) => (columns[name]?.width ?? 'none') !== 'none');
    const isManyKinds = (kinds['classAsked']?.length ?? 0) > 1;
    this.#read = [...(isManyKinds ? ['kind'] : []), ...stored.map(({ name }) => name)];
  }

  /** Puts the next rows into columns, each into its place; a column that is not given is not wanted. */
  async take(places: Uint32Array, columns: NamedColumns): Promise<void> {
    if (this.#columns !== columns) {
      this.#columns = columns;
      this.#steps = REPLAY_COLUMNS.flatMap((each) => this.#stepsOf(each, columns));
    }
    let from = 0;
    while (from < places.length) {
      if (this.#taken === this.#rows) await this.#fetch();
      const count = Math.min(places.length - from, this.#rows - this.#taken);
      const start = this.#taken;
      const items =
        start === 0 ? this.#items : this.#items.map((each) => each.subarray(start, start + count));
      for (const step of this.#steps) step({ places, from, count }, items);
      this.#taken += count;
      from += count;
    }
  }

  async #fetch(): Promise<void> {
    const { day, directory } = this.#day;
    if (this.#read.length === 0) {
      this.#rows = this.#to - this.#from;
      this.#taken = 0;
      return;
    }
    if (this.#result === undefined) {
      const names = this.#read.map((name) =>
        day.columns[name]?.width === 'f64' ? `"${name}"` : `"${name}"::UINTEGER`,
      );
      const isAll = this.#from === 0 && this.#to === day.events;
      const file = `read_parquet(${replayFile(directory, 'replay')}, file_row_number = true)`;
      this.#result = await this.#duck.stream(
        `SELECT ${names.join(', ')} FROM ${file}${isAll ? '' : ` WHERE file_row_number >= ${this.#from} AND file_row_number < ${this.#to}`}`,
      );
    }
    const chunk = await (this.#next ?? this.#result.fetchChunk());
    assert(chunk !== null && chunk.rowCount > 0, 'a day has as many rows as were counted');
    // DuckDB reads on while these rows are put into their places and replayed.
    this.#next = this.#result.fetchChunk();
    this.#next.catch(() => undefined);
    this.#items = this.#read.map((_, j) => itemsOf(chunk, j));
    if (++chunksRead % CHUNKS_COLLECTED === 0) collectYoung();
    this.#rows = chunk.rowCount;
    this.#taken = 0;
  }

  /** What is to be done for one column, compiled once for all chunks. */
  #stepsOf(column: ReplayColumn, columns: NamedColumns): readonly Step[] {
    const { name, kept } = column;
    const into = columns[name];
    if (into === undefined || this.#known.has(name)) return [];
    if (kept === 'kind') return [this.#kindStep(into, kindTable(this.#day, column))];
    const others = kept.filter((other) => this.#known.get(other) !== 0);
    return [this.#plainStep(name, into), ...others.map((other) => addStep(into, columns[other]))];
  }

  #kindStep(into: Column, table: Column): Step {
    const kinds = this.#read.indexOf('kind');
    const [only = 0] = table;
    if (kinds < 0) return fillStep(into, only);
    return (places, items) => {
      const read = items[kinds] as Uint32Array;
      if (into instanceof Uint8Array) kindsToBytes(into, places, read, table as Uint8Array);
      else if (into instanceof Uint16Array) kindsToShorts(into, places, read, table as Uint16Array);
      else kindsToIntegers(into as Uint32Array, places, read, table as Uint32Array);
    };
  }

  #plainStep(name: string, into: Column): Step {
    const { base = 0, width = 'none' } = this.#day.day.columns[name] ?? {};
    const j = this.#read.indexOf(name);
    const isScope = name === 'member' || name === 'key';
    const table = this.#day.scopes;
    if (width === 'none') return fillStep(into, isScope ? (table[base] ?? 0) : base);
    return (places, items) => {
      const read = items[j];
      if (isScope) lookedUp(into as Uint32Array, places, read as Uint32Array, base, table);
      else if (into instanceof Uint32Array)
        integersToIntegers(into, places, read as Uint32Array, base);
      else if (width === 'integer')
        integersToDoubles(into as Float64Array, places, read as Uint32Array, base);
      else doublesToDoubles(into as Float64Array, places, read as Float64Array);
    };
  }
}

function fillStep(into: Column, value: number): Step {
  return ({ places, from, count }) => {
    for (let i = 0; i < count; i++) into[places[from + i] ?? 0] = value;
  };
}

function addStep(into: Column, other: Column | undefined): Step {
  return (places) => {
    if (into instanceof Float64Array) addDoubles(into, places, other as Float64Array);
    else addIntegers(into as Uint32Array, places, other as Uint32Array);
  };
}
