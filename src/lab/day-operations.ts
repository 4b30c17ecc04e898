import type { DuckDBConnection } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { replayFile } from '#lake/replay-file.ts';
import type { IndexedDay } from './tape-index.ts';
import { chunksOf, itemsOf } from './tape.store.ts';

/** An operation on an account, as a sealed day has it. */
export interface DayOperation {
  /** By number. */
  readonly customer: number;
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  /** Empty where they say no more than the kind does. */
  readonly facts: string;
}

/** What else happened to accounts on one sealed day, read once from one row on. */
export class DayOperations {
  readonly #rows: AsyncGenerator<DayOperation>;

  /** @param rows the first that is wanted, and the first after them */
  constructor(
    duck: DuckDBConnection,
    day: IndexedDay,
    rows: { readonly from: number; readonly to: number },
  ) {
    this.#rows = readRows(duck, day, rows);
  }

  async take(count: number, into: DayOperation[]): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { value } = (await this.#rows.next()) as IteratorResult<DayOperation, undefined>;
      assert(value !== undefined, 'a day has as many operations as were counted');
      into.push(value);
    }
  }
}

async function* readRows(
  duck: DuckDBConnection,
  { directory, customers }: IndexedDay,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<DayOperation> {
  const result = await duck.stream(
    `SELECT customer, seq, "at", kind, facts FROM read_parquet(${replayFile(directory, 'replay-operation')}, file_row_number = true)
      WHERE file_row_number >= ${from} AND file_row_number < ${to}`,
  );
  for await (const chunk of chunksOf(result)) {
    const [who, seq, at] = [0, 1, 2].map((j) => itemsOf(chunk, j));
    const kinds = chunk.getColumnValues(3);
    const facts = chunk.getColumnValues(4);
    for (let i = 0; i < chunk.rowCount; i++) {
      yield {
        customer: customers[who?.[i] ?? 0] ?? 0,
        seq: seq?.[i] ?? 0,
        atMs: at?.[i] ?? 0,
        kind: String(kinds[i]),
        facts: String(facts[i]),
      };
    }
  }
}
