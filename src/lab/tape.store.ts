import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { isImported } from '#lake/import/import-book.ts';
import { dayDirectory, type LakeTable, sealedDays } from '#lake/lake-layout.ts';
import { quoted, rowsOf } from '#lake/parquet.store.ts';
import { NO_CLASS, NO_NAME } from '#lake/replay-columns.ts';
import { type ReplayDay, replayDay, replayFile } from '#lake/replay-file.ts';
import { EVENTS_MAX, sharedIntegers, type TapeSegment } from './tape.ts';
import type { IndexedDay, TapeIndex, TapeSource } from './tape-index.ts';

/**
 * Reads who is in a book and where their events lie, and prepares the tables that the other readers use.
 * @throws DomainError `not_found` where the lake has nothing of the book
 */
export async function indexTape(
  duck: DuckDBConnection,
  source: TapeSource,
  onProgress: (days: number, of: number) => void = () => undefined,
): Promise<TapeIndex> {
  const found = sealedDays(source.lake, source.book)
    .map(({ day }) => day)
    .filter((day) => source.toDay === undefined || day <= source.toDay);
  if (found.length === 0) {
    throw new DomainError(
      'not_found',
      `The lake has nothing of the ${source.book} book. Seal it first: breakeven lab seal --book ${source.book}`,
      { field: 'book' },
    );
  }
  const days: { directory: string; day: ReplayDay }[] = [];
  for (const day of found) {
    onProgress(days.length, found.length);
    const directory = dayDirectory(source.lake, source.book, day);
    days.push({ directory, day: await replayDay(duck, directory) });
  }
  await prepare(duck, source, found);
  const events = days.reduce((sum, { day }) => sum + day.events, 0);
  assert(events < EVENTS_MAX, `a tape has fewer than ${EVENTS_MAX} events`);
  const names = (of: 'classes' | 'models' | 'gates'): readonly string[] =>
    [...new Set(days.flatMap(({ day }) => day[of]))].sort();
  const [classNames, models, gates] = [names('classes'), names('models'), names('gates')];
  const indexed: IndexedDay[] = [];
  for (const { directory, day } of days) {
    indexed.push({
      directory,
      day,
      ...(await runsOf(duck, directory, day)),
      scopes: await scopesOf(duck, directory, day),
      classes: translation(day.classes, classNames, NO_CLASS) as Uint8Array | undefined,
      models: translation(day.models, models, NO_NAME) as Uint16Array | undefined,
      gates: translation(day.gates, gates, NO_NAME) as Uint16Array | undefined,
    });
  }
  const { customers, eventsOf } = await readCustomers(duck);
  return {
    book: source.book,
    fromDay: found[0] ?? '',
    toDay: found.at(-1) ?? '',
    events,
    customers,
    ...(isImported(source.book) && { names: await readImportedNames(duck, source) }),
    eventsOf,
    ...(await readSegments(duck, customers.length)),
    classNames,
    models,
    gates,
    uses: days.flatMap(({ day }) => day.uses),
    days: indexed,
  };
}

/** Views of the sources; everybody in it, and every member and key, by number. */
async function prepare(
  duck: DuckDBConnection,
  source: TapeSource,
  days: readonly string[],
): Promise<void> {
  const directories = days.map((day) => dayDirectory(source.lake, source.book, day));
  for (const table of ['decision', 'operation'] satisfies LakeTable[]) {
    const files = directories
      .map((directory) => join(directory, `${table}.parquet`))
      .filter((file) => existsSync(file))
      .map(quoted);
    if (files.length === 0) continue;
    await duck.run(
      `CREATE OR REPLACE TEMP VIEW lab_${table} AS SELECT * FROM read_parquet([${files.join(', ')}])`,
    );
  }
  const all = (name: 'replay-customer' | 'replay-scope'): string =>
    `read_parquet([${directories.map((directory) => replayFile(directory, name)).join(', ')}])`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE lab_customer AS
    SELECT customer, (row_number() OVER (ORDER BY customer) - 1)::UINTEGER AS number, sum(n)::UINTEGER AS events
      FROM (SELECT customer, events AS n FROM ${all('replay-customer')}
            UNION ALL SELECT DISTINCT customer, 0 FROM lab_operation) GROUP BY customer`);
  await duck.run(`CREATE OR REPLACE TEMP TABLE lab_scope AS
    SELECT id, row_number() OVER (ORDER BY id)::UINTEGER AS number
      FROM (SELECT DISTINCT id FROM ${all('replay-scope')})`);
}

/** The number columns of a query, in shared memory. */
async function numbersOf(
  duck: DuckDBConnection,
  sql: string,
  rows: number,
): Promise<readonly Uint32Array[]> {
  const result = await duck.stream(sql);
  const columns = Array.from({ length: result.columnCount }, () =>
    sharedIntegers({ length: rows }),
  );
  let at = 0;
  for await (const chunk of chunksOf(result)) {
    for (const [j, column] of columns.entries()) column.set(itemsOf(chunk, j), at);
    at += chunk.rowCount;
  }
  assert(at === rows, 'a query gives as many rows as were counted');
  return columns;
}

async function runsOf(
  duck: DuckDBConnection,
  directory: string,
  { customers: rows }: ReplayDay,
): Promise<Pick<IndexedDay, 'customers' | 'counts'>> {
  const [customers, counts] = await numbersOf(
    duck,
    `SELECT c.number, r.events FROM read_parquet(${replayFile(directory, 'replay-customer')}) r
       JOIN lab_customer c USING (customer) ORDER BY c.number`,
    rows,
  );
  assert(customers !== undefined && counts !== undefined, 'a query has two columns');
  return { customers, counts };
}

async function scopesOf(
  duck: DuckDBConnection,
  directory: string,
  { scopes }: ReplayDay,
): Promise<Uint32Array> {
  const [numbers] = await numbersOf(
    duck,
    `SELECT s.number FROM read_parquet(${replayFile(directory, 'replay-scope')}) r
       JOIN lab_scope s USING (id) ORDER BY s.number`,
    scopes,
  );
  // Ids stand in their order in both, so that the day's numbers rise with the index's.
  return Uint32Array.from([0, ...(numbers ?? [])]);
}

/** A table from a day's numbers to the index's; the last entry, for no name, stays what it is. */
function translation(
  own: readonly string[],
  all: readonly string[],
  none: number,
): Uint8Array | Uint16Array | undefined {
  if (own.every((name, index) => all[index] === name)) return undefined;
  const table = none === NO_CLASS ? new Uint8Array(none + 1) : new Uint16Array(none + 1);
  table[none] = none;
  for (const [index, name] of own.entries()) table[index] = all.indexOf(name);
  return table;
}

async function readCustomers(
  duck: DuckDBConnection,
): Promise<Pick<TapeIndex, 'customers' | 'eventsOf'>> {
  const customers: string[] = [];
  const events: number[] = [];
  const result = await duck.stream(
    'SELECT customer::VARCHAR, events FROM lab_customer ORDER BY number',
  );
  for await (const chunk of chunksOf(result)) {
    for (const id of chunk.getColumnValues(0)) customers.push(String(id));
    for (const each of itemsOf(chunk, 1)) events.push(each);
  }
  return { customers, eventsOf: Uint32Array.from(events) };
}

/** What the files of an imported book call its customers, by number. */
async function readImportedNames(
  duck: DuckDBConnection,
  { lake, book }: TapeSource,
): Promise<readonly string[]> {
  const file = join(lake, `book=${book}`, 'customers.parquet');
  const rows = await rowsOf(
    duck,
    `SELECT n.name FROM lab_customer c JOIN read_parquet(${quoted(file)}) n ON n.id = c.customer ORDER BY c.number`,
  );
  return rows.map(({ name }) => String(name));
}

/** The plans that each customer was on. */
async function readSegments(
  duck: DuckDBConnection,
  customers: number,
): Promise<Pick<TapeIndex, 'segments' | 'segmentStarts'>> {
  const segments: TapeSegment[] = [];
  const starts = new Uint32Array(customers + 1);
  const plans = new Map<string, string>();
  const result = await duck.stream(
    `SELECT c.number, json_extract_string(o.facts, '$.planVersionId')
       FROM lab_operation o JOIN lab_customer c USING (customer) WHERE o.kind IN ('open', 'change_plan')
      ORDER BY c.number, o.seq`,
  );
  for await (const chunk of chunksOf(result)) {
    const numbers = itemsOf(chunk, 0);
    for (const [i, id] of chunk.getColumnValues(1).entries()) {
      const customer = numbers[i] ?? 0;
      // One string for each plan, however many are on it.
      let planVersionId = plans.get(String(id));
      if (planVersionId === undefined) plans.set(String(id), (planVersionId = String(id)));
      segments.push({ customer, planVersionId });
      starts[customer + 1] = (starts[customer + 1] ?? 0) + 1;
    }
  }
  for (let k = 0; k < customers; k++) starts[k + 1] = (starts[k + 1] ?? 0) + (starts[k] ?? 0);
  return { segments, segmentStarts: starts };
}

/** An operation on an account, with the sequence number of the decision that it is about. */
export interface OperationRow {
  readonly customer: number;
  readonly seq: number;
  readonly atMs: number;
  readonly kind: string;
  /** −1 where it is about none. */
  readonly decisionSeq: number;
  readonly facts: string;
}

/** What else happened to accounts, customer by customer. */
export async function* streamOperations(duck: DuckDBConnection): AsyncGenerator<OperationRow> {
  const [about] = await rowsOf(
    duck,
    'SELECT count(*)::DOUBLE AS n FROM lab_operation WHERE request IS NOT NULL',
  );
  // Only what is about a request needs the decisions, of which there are many.
  const decision = Number(about?.['n']) > 0;
  const result = await duck.stream(
    `SELECT c.number::DOUBLE, o.seq::DOUBLE, o.at_ms::DOUBLE, ${decision ? 'coalesce(d.seq, -1)' : '-1'}::DOUBLE, o.kind, o.facts
       FROM lab_operation o JOIN lab_customer c ON c.customer = o.customer
       ${decision ? 'LEFT JOIN lab_decision d ON o.request IS NOT NULL AND d.customer = o.customer AND d.request = o.request' : ''}
      ORDER BY c.number, o.seq`,
  );
  for await (const chunk of chunksOf(result)) {
    const [customer, seq, at, about] = [0, 1, 2, 3].map((j) => itemsOf(chunk, j));
    const kinds = chunk.getColumnValues(4);
    const facts = chunk.getColumnValues(5);
    for (let i = 0; i < chunk.rowCount; i++) {
      yield {
        customer: customer?.[i] ?? 0,
        seq: seq?.[i] ?? 0,
        atMs: at?.[i] ?? 0,
        decisionSeq: about?.[i] ?? -1,
        kind: String(kinds[i]),
        facts: String(facts[i]),
      };
    }
  }
}

type Chunk = NonNullable<Awaited<ReturnType<DuckDBResult['fetchChunk']>>>;

async function* chunksOf(result: DuckDBResult): AsyncGenerator<Chunk> {
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk;
  }
}

/** The numbers of one column, as DuckDB lays them out. */
export function itemsOf(chunk: Chunk, column: number): Float64Array {
  return (chunk.getColumnVector(column) as unknown as { items: Float64Array }).items;
}
