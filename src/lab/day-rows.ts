import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { CANDIDATES_KEPT } from '#lake/lake-columns.ts';
import { REPLAY_COLUMNS } from '#lake/replay-columns.ts';
import { replayFile } from '#lake/replay-file.ts';
import { collectYoung } from './collect-young.ts';
import type { NamedColumns } from './tape.ts';
import type { IndexedDay } from './tape-index.ts';
import { itemsOf } from './tape.store.ts';

/** Columns of a day's own numbers, with the table that translates them. */
export const TRANSLATED: Readonly<Record<string, 'classes' | 'models' | 'gates' | 'scopes'>> = {
  classAsked: 'classes',
  classServed: 'classes',
  ...Object.fromEntries(
    Array.from({ length: CANDIDATES_KEPT }, (_, n) => [`class${n}`, 'classes' as const]),
  ),
  model: 'models',
  gate: 'gates',
  member: 'scopes',
  key: 'scopes',
};

/** So many chunks, a few dozen megabytes of them, are read between collections. */
const CHUNKS_COLLECTED = 256;
let chunksRead = 0;

/**
 * The rows of one sealed day, read once from the first to the last, so many at a time. Columns that
 * have one value on all of the day are not read at all.
 */
export class DayRows {
  readonly #duck: DuckDBConnection;
  readonly #day: IndexedDay;
  readonly #read: readonly string[];
  readonly #constants: readonly [string, number][];
  readonly #translated: readonly [string, 'classes' | 'models' | 'gates' | 'scopes'][];
  #result: DuckDBResult | undefined;
  #next: ReturnType<DuckDBResult['fetchChunk']> | undefined;
  #items: readonly Float64Array[] = [];
  /** Rows of the chunk at hand, and how many of them are taken. */
  #rows = 0;
  #taken = 0;

  /** @param known columns that hold their one value already, on all days */
  constructor(duck: DuckDBConnection, day: IndexedDay, known: ReadonlySet<string>) {
    this.#duck = duck;
    this.#day = day;
    const { constants } = day.day;
    this.#constants = Object.entries(constants).filter(([name]) => !known.has(name));
    this.#translated = Object.entries(TRANSLATED).filter(([name]) => !known.has(name));
    this.#read = REPLAY_COLUMNS.map(({ name }) => name).filter((name) => !(name in constants));
  }

  /** Copies the next rows into columns, from a place on; a column that is not given is not wanted. */
  async take(rows: number, columns: NamedColumns, at: number): Promise<void> {
    this.#fillConstants(rows, columns, at);
    let done = this.#read.length === 0 ? rows : 0;
    while (done < rows) {
      if (this.#taken === this.#rows) await this.#fetch();
      const count = Math.min(rows - done, this.#rows - this.#taken);
      for (const [j, name] of this.#read.entries()) {
        const items = this.#items[j];
        if (items === undefined) continue;
        columns[name]?.set(items.subarray(this.#taken, this.#taken + count), at + done);
      }
      this.#taken += count;
      done += count;
    }
    this.#translate(rows, columns, at);
  }

  async #fetch(): Promise<void> {
    if (this.#result === undefined) {
      const names = this.#read.map((name) => `"${name}"`).join(', ');
      this.#result = await this.#duck.stream(
        `SELECT ${names} FROM read_parquet(${replayFile(this.#day.directory, 'replay')})`,
      );
    }
    const chunk = await (this.#next ?? this.#result.fetchChunk());
    assert(chunk !== null && chunk.rowCount > 0, 'a day has as many rows as were counted');
    // DuckDB reads on while these rows are copied and replayed.
    this.#next = this.#result.fetchChunk();
    this.#next.catch(() => undefined);
    this.#items = this.#read.map((_, j) => itemsOf(chunk, j));
    if (++chunksRead % CHUNKS_COLLECTED === 0) collectYoung();
    this.#rows = chunk.rowCount;
    this.#taken = 0;
  }

  #fillConstants(rows: number, columns: NamedColumns, at: number): void {
    for (const [name, value] of this.#constants) columns[name]?.fill(value, at, at + rows);
  }

  #translate(rows: number, columns: NamedColumns, at: number): void {
    for (const [name, by] of this.#translated) {
      const table = this.#day[by];
      const column = columns[name];
      if (table === undefined || column === undefined || (by === 'scopes' && table.length === 1))
        continue;
      for (let i = at; i < at + rows; i++) column[i] = table[column[i] ?? 0] ?? 0;
    }
  }
}
