import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from './parquet.store.ts';
import { REPLAY_COLUMNS, type ReplayColumn, SQL_TYPE } from './replay-columns.ts';

/** How a column that is no part of an event's kind stands in `replay.parquet`. */
export interface KeptColumn {
  /** To be added to what the file has. */
  readonly base: number;
  /** `none`: it is the base on all of the day, and not in the file. */
  readonly width: 'none' | 'integer' | 'f64';
}

/** How the events of a day are kept. */
export interface KeptRows {
  /** By column that is part of an event's kind: its value in each kind. */
  readonly kinds: Readonly<Record<string, readonly number[]>>;
  readonly columns: Readonly<Record<string, KeptColumn>>;
}

/**
 * Quick to read rather than small: differences, packed to the bits that they need, and nothing to unpack
 * or to look up besides. Row groups are small enough that a month of days can be open at once.
 */
const REPLAY_PARQUET =
  'FORMAT parquet, PARQUET_VERSION V2, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 61440';

const KINDS = REPLAY_COLUMNS.filter(({ kept }) => kept === 'kind');
const PLAIN = REPLAY_COLUMNS.filter(({ kept }) => kept !== 'kind');
const named = (name: string): string => `"${name}"`;
const KIND_NAMES = KINDS.map(({ name }) => named(name)).join(', ');

/**
 * Writes the events of a day in the order of their customers and sequences, in as few and as narrow columns
 * as they need.
 * @param from what the events are selected from
 * @param sqlOf a column's value there; with `customer` to order by
 */
export async function writeReplayRows(
  duck: DuckDBConnection,
  file: string,
  from: string,
  sqlOf: (column: ReplayColumn) => string = ({ sql }) => sql,
): Promise<KeptRows> {
  const rows = `(SELECT customer, ${REPLAY_COLUMNS.map((each) => `(${sqlOf(each)})::${SQL_TYPE[each.width]} AS ${named(each.name)}`).join(', ')} FROM ${from})`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE replay_kind AS
    SELECT *, (row_number() OVER (ORDER BY ${KIND_NAMES}) - 1)::UINTEGER AS kind FROM (
      SELECT ${KIND_NAMES}, ${PLAIN.map((each) => `min(${keptOf(each)}) AS "min ${each.name}", max(${keptOf(each)}) AS "max ${each.name}"`).join(', ')}
        FROM ${rows} GROUP BY ${KIND_NAMES})`);
  const kept: KeptRows = { kinds: await kindsOf(duck), columns: await columnsOf(duck) };
  const stored = PLAIN.flatMap((each) => {
    const { base = 0, width = 'none' } = kept.columns[each.name] ?? {};
    if (width === 'none') return [];
    if (width === 'f64') return [`${keptOf(each)} AS ${named(each.name)}`];
    return [`(${keptOf(each)} - ${base})::UINTEGER AS ${named(each.name)}`];
  });
  await duck.run(`COPY (SELECT ${['kind', ...stored].join(', ')} FROM ${rows} JOIN replay_kind USING (${KIND_NAMES})
    ORDER BY customer, seq) TO ${file} (${REPLAY_PARQUET})`);
  await duck.run('DROP TABLE replay_kind');
  return kept;
}

/** What the file has of a column, before its base is taken off: exact, since all are integers below 2^53. */
function keptOf({ name, kept }: ReplayColumn): string {
  const less = kept === 'kind' ? [] : kept.map((other) => ` - ${named(other)}::DOUBLE`);
  return `(${named(name)}::DOUBLE${less.join('')})`;
}

async function kindsOf(duck: DuckDBConnection): Promise<KeptRows['kinds']> {
  const all = KINDS.map(({ name }) => `list(${named(name)} ORDER BY kind) AS ${named(name)}`);
  const [row] = await rowsOf(duck, `SELECT ${all.join(', ')} FROM replay_kind`);
  return Object.fromEntries(
    KINDS.map(({ name }) => [name, (row?.[name] ?? []) as unknown as readonly number[]]),
  );
}

async function columnsOf(duck: DuckDBConnection): Promise<KeptRows['columns']> {
  const all = PLAIN.map(
    ({ name }) => `min("min ${name}") AS "min ${name}", max("max ${name}") AS "max ${name}"`,
  );
  const [row] = await rowsOf(duck, `SELECT ${all.join(', ')} FROM replay_kind`);
  return Object.fromEntries(
    PLAIN.map(({ name }) => {
      const base = Number(row?.[`min ${name}`] ?? 0);
      const range = Number(row?.[`max ${name}`] ?? 0) - base;
      const width = range === 0 ? 'none' : range < 2 ** 32 ? 'integer' : 'f64';
      return [name, { base: width === 'f64' ? 0 : base, width }];
    }),
  );
}
