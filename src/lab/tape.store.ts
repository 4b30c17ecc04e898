import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { join } from 'node:path';
import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { isImported } from '#lake/import/import-book.ts';
import { dayDirectory, type LakeTable, sealedDays } from '#lake/lake-layout.ts';
import { quoted, rowsOf } from '#lake/parquet.store.ts';
import { NO_CLASS, NO_NAME } from '#lake/replay-columns.ts';
import { type ReplayDay, replayDay, replayFile } from '#lake/replay-file.ts';
import { EVENTS_MAX, blankIntegers, type TapeSegment } from './tape.ts';
import { type IdWords, idTexts, mergeIds, numbersOfIds } from './customer-numbers.ts';
import type { AboutRequests, IndexedDay, TapeIndex, TapeSource } from './tape-index.ts';

/**
 * Reads who is in a book and where their events lie.
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
      `Nothing has been used in the ${source.book} book yet, so there is nothing to replay. Load the demo (breakeven demo) or take use from elsewhere (breakeven lab import FILE --plan PLAN).`,
      { field: 'book' },
    );
  }
  const days: { directory: string; day: ReplayDay }[] = [];
  for (const day of found) {
    onProgress(days.length, found.length);
    const directory = dayDirectory(source.lake, source.book, day);
    days.push({ directory, day: await replayDay(duck, directory) });
  }
  const events = days.reduce((sum, { day }) => sum + day.events, 0);
  assert(events < EVENTS_MAX, `a tape has fewer than ${EVENTS_MAX} events`);
  const names = (of: 'classes' | 'models' | 'gates'): readonly string[] =>
    [...new Set(days.flatMap(({ day }) => day[of]))].sort();
  const [classNames, models, gates] = [names('classes'), names('models'), names('gates')];
  const present: CustomersOfDay[] = [];
  for (const { directory, day } of days) present.push(await customersOf(duck, directory, day));
  const ids = present.reduce<IdWords>((all, each) => mergeIds(all, each.ids), new Uint32Array());
  await prepareScopes(duck, days);
  const indexed: IndexedDay[] = [];
  for (const [d, { directory, day }] of days.entries()) {
    const own = present[d];
    assert(own !== undefined, 'the customers of every day are read');
    indexed.push({
      directory,
      day,
      customers: numbersOfIds(ids, own.ids),
      counts: own.counts,
      operationCounts: own.operationCounts,
      scopes: await scopesOf(duck, directory, day),
      classes: translation(day.classes, classNames, NO_CLASS) as Uint8Array | undefined,
      models: translation(day.models, models, NO_NAME) as Uint16Array | undefined,
      gates: translation(day.gates, gates, NO_NAME) as Uint16Array | undefined,
    });
  }
  const customers = idTexts(ids);
  return {
    book: source.book,
    fromDay: found[0] ?? '',
    toDay: found.at(-1) ?? '',
    events,
    customers,
    ...(isImported(source.book) && { names: await readImportedNames(duck, source, customers) }),
    eventsOf: eventsOf(indexed, customers.length),
    ...(await readSegments(duck, indexed, customers.length)),
    classNames,
    models,
    gates,
    uses: days.flatMap(({ day }) => day.uses),
    days: indexed,
    about: await readAbout(duck, indexed, customers),
  };
}

interface CustomersOfDay {
  readonly ids: IdWords;
  readonly counts: Uint32Array;
  readonly operationCounts: Uint32Array;
}

/** Who did anything on a day, and how much, in their order. */
async function customersOf(
  duck: DuckDBConnection,
  directory: string,
  { customers }: ReplayDay,
): Promise<CustomersOfDay> {
  const ids = new Uint32Array(4 * customers);
  const counts = blankIntegers(customers);
  const operationCounts = blankIntegers(customers);
  const result = await duck.stream(
    `SELECT customer, events, operations FROM read_parquet(${replayFile(directory, 'replay-customer')})`,
  );
  let at = 0;
  for await (const chunk of chunksOf(result)) {
    ids.set(wordsOf(chunk, 0), 4 * at);
    counts.set(itemsOf(chunk, 1), at);
    operationCounts.set(itemsOf(chunk, 2), at);
    at += chunk.rowCount;
  }
  assert(at === customers, 'a day has as many customers as were counted');
  // DuckDB flips the first bit of a UUID, so that it sorts as a signed number.
  for (let i = 3; i < ids.length; i += 4) ids[i] = (ids[i] ?? 0) ^ 0x80000000;
  return { ids, counts, operationCounts };
}

/** The UUIDs of one column, as DuckDB lays them out. */
function wordsOf(chunk: Chunk, column: number): Uint32Array {
  const { dataView } = chunk.getColumnVector(column) as unknown as { dataView: DataView };
  return new Uint32Array(dataView.buffer, dataView.byteOffset, 4 * chunk.rowCount);
}

function eventsOf(days: readonly IndexedDay[], customers: number): Uint32Array {
  const events = blankIntegers(customers);
  for (const { customers: own, counts } of days) {
    for (let i = 0; i < own.length; i++) {
      const k = own[i] ?? 0;
      events[k] = (events[k] ?? 0) + (counts[i] ?? 0);
    }
  }
  return events;
}

/** Numbers every member and key. */
async function prepareScopes(
  duck: DuckDBConnection,
  days: readonly { readonly directory: string }[],
): Promise<void> {
  const all = days.map(({ directory }) => replayFile(directory, 'replay-scope')).join(', ');
  await duck.run(`CREATE OR REPLACE TEMP TABLE lab_scope AS
    SELECT id, row_number() OVER (ORDER BY id)::UINTEGER AS number
      FROM (SELECT DISTINCT id FROM read_parquet([${all}]))`);
}

async function scopesOf(
  duck: DuckDBConnection,
  directory: string,
  { scopes }: ReplayDay,
): Promise<Uint32Array> {
  // Ids stand in their order in both, so that the day's numbers rise with the index's.
  const numbers = blankIntegers(scopes + 1);
  if (scopes === 0) return numbers;
  const result = await duck.stream(
    `SELECT s.number FROM read_parquet(${replayFile(directory, 'replay-scope')}) r
       JOIN lab_scope s USING (id) ORDER BY s.number`,
  );
  let at = 1;
  for await (const chunk of chunksOf(result)) {
    numbers.set(itemsOf(chunk, 0), at);
    at += chunk.rowCount;
  }
  assert(at === scopes + 1, 'every member and key is numbered');
  return numbers;
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

/** What the files of an imported book call its customers, by number. */
async function readImportedNames(
  duck: DuckDBConnection,
  { lake, book }: TapeSource,
  customers: readonly string[],
): Promise<readonly string[]> {
  const file = join(lake, `book=${book}`, 'customers.parquet');
  const rows = await rowsOf(
    duck,
    `SELECT id::VARCHAR AS id, name FROM read_parquet(${quoted(file)})`,
  );
  const names = new Map(rows.map(({ id, name }) => [id, String(name)]));
  return customers.map((id) => names.get(id) ?? id);
}

/** The plans that each customer was on. */
async function readSegments(
  duck: DuckDBConnection,
  days: readonly IndexedDay[],
  customers: number,
): Promise<Pick<TapeIndex, 'segments' | 'segmentStarts'>> {
  const found: {
    readonly who: Uint32Array;
    readonly plan: Uint16Array;
    readonly names: readonly string[];
  }[] = [];
  const starts = blankIntegers(customers + 1);
  for (const { directory, day, customers: own } of days) {
    if (day.plans.length === 0) continue;
    const result = await duck.stream(
      `SELECT customer, plan FROM read_parquet(${replayFile(directory, 'replay-operation')}) WHERE plan <> ${NO_NAME}`,
    );
    for await (const chunk of chunksOf(result)) {
      const who = Uint32Array.from(itemsOf(chunk, 0));
      for (let i = 0; i < who.length; i++) who[i] = own[who[i] ?? 0] ?? 0;
      found.push({ who, plan: Uint16Array.from(itemsOf(chunk, 1)), names: day.plans });
      for (const k of who) starts[k + 1] = (starts[k + 1] ?? 0) + 1;
    }
  }
  for (let k = 0; k < customers; k++) starts[k + 1] = (starts[k + 1] ?? 0) + (starts[k] ?? 0);
  const next = starts.slice();
  const segments = Array.from<TapeSegment>({ length: starts[customers] ?? 0 });
  // Days and, within one, sequences rise: what comes later of a customer stands later.
  for (const { who, plan, names } of found) {
    for (const [i, customer] of who.entries()) {
      const place = next[customer] ?? 0;
      segments[place] = { customer, planVersionId: names[plan[i] ?? 0] ?? '' };
      next[customer] = place + 1;
    }
  }
  return { segments, segmentStarts: starts };
}

/** Operations that are about a request: its decision may stand in another day. */
async function readAbout(
  duck: DuckDBConnection,
  days: readonly IndexedDay[],
  customers: readonly string[],
): Promise<AboutRequests> {
  const count = days.reduce((sum, { day }) => sum + day.about, 0);
  const about = {
    customers: blankIntegers(count),
    seqs: blankIntegers(count),
    decisionSeqs: blankIntegers(count),
  };
  if (count === 0) return about;
  const all = (table: LakeTable): string =>
    `read_parquet([${days.map(({ directory }) => quoted(join(directory, `${table}.parquet`))).join(', ')}])`;
  const result = await duck.stream(
    `SELECT o.customer::VARCHAR, o.seq::UINTEGER, coalesce(d.seq, 0)::UINTEGER FROM ${all('operation')} o
       LEFT JOIN ${all('decision')} d ON d.customer = o.customer AND d.request = o.request
      WHERE o.request IS NOT NULL ORDER BY o.customer, o.seq`,
  );
  let at = 0;
  let k = 0;
  for await (const chunk of chunksOf(result)) {
    for (const id of chunk.getColumnValues(0)) {
      while ((customers[k] ?? '\uffff') < String(id)) k++;
      about.customers[at++] = k;
    }
    about.seqs.set(itemsOf(chunk, 1), at - chunk.rowCount);
    about.decisionSeqs.set(itemsOf(chunk, 2), at - chunk.rowCount);
  }
  assert(at === count, 'every operation about a request is found');
  return about;
}

type Chunk = NonNullable<Awaited<ReturnType<DuckDBResult['fetchChunk']>>>;

export async function* chunksOf(result: DuckDBResult): AsyncGenerator<Chunk> {
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
