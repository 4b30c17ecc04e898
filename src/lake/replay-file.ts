import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { CANDIDATES_KEPT } from './lake-columns.ts';
import { quoted, rowsOf } from './parquet.store.ts';
import { NO_CLASS, NO_NAME, REPLAY_COLUMNS, SQL_TYPE } from './replay-columns.ts';

/**
 * What a replay reads of a sealed day: decisions with their ends in one row, customer by customer in
 * the order of their sequences, names as numbers, so that reading it joins, sorts and looks up nothing.
 * Made from the day's other files, and again where it is missing:
 *
 * - `replay.parquet`: {@link REPLAY_COLUMNS}
 * - `replay-customer.parquet`: who has how many of those rows, in the same order (by id)
 * - `replay-scope.parquet`: ids of members and keys; number `n` in the columns is row `n - 1`
 * - `replay.json`: {@link ReplayDay}
 */
export interface ReplayDay {
  readonly format: number;
  readonly events: number;
  readonly customers: number;
  readonly scopes: number;
  /** Names behind the numbers in the columns. */
  readonly classes: readonly string[];
  readonly models: readonly string[];
  readonly gates: readonly string[];
  /** Columns that have one value on all of the day: they need not be read. */
  readonly constants: Readonly<Record<string, number>>;
  readonly uses: readonly ClassUse[];
}

/** What the completely measured requests of a class, asked and served by one model, used together. */
export interface ClassUse {
  readonly className: string;
  /** False: another class had been asked. */
  readonly asAsked: boolean;
  readonly model: string;
  readonly events: number;
  readonly bound: number;
  readonly input: number;
  readonly inputCached: number;
  readonly output: number;
  readonly reasoning: number;
}

/** Grows with every change of the columns: files of an older format are made anew. */
const REPLAY_FORMAT = 1;

/** Quick to read rather than small; row groups small enough that a month of days can be open at once. */
export const REPLAY_PARQUET = 'FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 61440';

/** A file of a day's directory, as SQL has it. */
export function replayFile(
  directory: string,
  name: 'replay' | 'replay-customer' | 'replay-scope',
): string {
  return quoted(join(directory, `${name}.parquet`));
}

/** The replay files of a sealed day; makes them where they are not there. */
export async function replayDay(duck: DuckDBConnection, directory: string): Promise<ReplayDay> {
  const path = join(directory, 'replay.json');
  if (existsSync(path)) {
    const found = JSON.parse(readFileSync(path, 'utf8')) as ReplayDay;
    if (found.format === REPLAY_FORMAT) return found;
  }
  return writeReplayFiles(duck, directory);
}

/** Makes the replay files of a day from what was sealed of it. */
export async function writeReplayFiles(
  duck: DuckDBConnection,
  directory: string,
): Promise<ReplayDay> {
  rmSync(join(directory, 'replay.json'), { force: true });
  const decision = `read_parquet(${quoted(join(directory, 'decision.parquet'))})`;
  const usage = `read_parquet(${quoted(join(directory, 'usage.parquet'))})`;
  const classColumns = ['class_asked', 'class_served'].concat(
    Array.from({ length: CANDIDATES_KEPT }, (_, i) => `c${i}_class`),
  );
  const classes = await enumerate(duck, 'replay_class', {
    from: classColumns.map((each) => `SELECT ${each} FROM ${decision}`),
    max: NO_CLASS,
  });
  const gates = await enumerate(duck, 'replay_gate', {
    from: [`SELECT gate FROM ${decision}`],
    max: NO_NAME,
  });
  const models = await enumerate(duck, 'replay_model', {
    from: [`SELECT model FROM ${usage}`],
    max: NO_NAME,
  });
  await duck.run(
    `COPY (SELECT customer, count(*)::UINTEGER AS events FROM ${decision} GROUP BY customer ORDER BY customer)
      TO ${replayFile(directory, 'replay-customer')} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await duck.run(`CREATE OR REPLACE TEMP TABLE replay_scope AS
    SELECT id, row_number() OVER (ORDER BY id)::UINTEGER AS number FROM (
      SELECT member AS id FROM ${decision} WHERE member IS NOT NULL
      UNION SELECT api_key FROM ${decision} WHERE api_key IS NOT NULL)`);
  await duck.run(
    `COPY (SELECT id FROM replay_scope ORDER BY number) TO ${replayFile(directory, 'replay-scope')} (FORMAT parquet, COMPRESSION zstd)`,
  );
  const selected = REPLAY_COLUMNS.map(
    ({ name, width, sql }) => `(${sql})::${SQL_TYPE[width]} AS "${name}"`,
  );
  await duck.run(`COPY (SELECT ${selected.join(', ')}
      FROM ${decision} d LEFT JOIN ${usage} u ON u.customer = d.customer AND u.decision_seq = d.seq
      LEFT JOIN replay_scope m ON m.id = d.member LEFT JOIN replay_scope a ON a.id = d.api_key
      ORDER BY d.customer, d.seq)
    TO ${replayFile(directory, 'replay')} (${REPLAY_PARQUET})`);
  const day = await describeReplayDay(duck, directory, { classes, models, gates });
  const [counts] = await rowsOf(duck, `SELECT count(*)::DOUBLE AS decisions FROM ${decision}`);
  assert(day.events === Number(counts?.['decisions']), 'a decision has at most one end');
  return day;
}

/** Writes `replay.json` of a day whose other files are there: last, so that what is half made does not count. */
export async function describeReplayDay(
  duck: DuckDBConnection,
  directory: string,
  names: Pick<ReplayDay, 'classes' | 'models' | 'gates'>,
): Promise<ReplayDay> {
  const count = async (name: Parameters<typeof replayFile>[1]): Promise<number> => {
    const file = replayFile(directory, name);
    const [row] = await rowsOf(duck, `SELECT count(*)::DOUBLE AS n FROM read_parquet(${file})`);
    return Number(row?.['n']);
  };
  const day: ReplayDay = {
    format: REPLAY_FORMAT,
    events: await count('replay'),
    customers: await count('replay-customer'),
    scopes: await count('replay-scope'),
    ...names,
    constants: await constantsOf(duck, directory),
    uses: await usesOf(duck, directory, names),
  };
  writeFileSync(join(directory, 'replay.json'), `${JSON.stringify(day, undefined, 2)}\n`);
  return day;
}

/** The names that stand in some columns, as a type of DuckDB: a name's number is its place. */
async function enumerate(
  duck: DuckDBConnection,
  type: string,
  names: { readonly from: readonly string[]; readonly max: number },
): Promise<readonly string[]> {
  const found = await rowsOf(
    duck,
    `SELECT DISTINCT x::VARCHAR AS name FROM (${names.from.map((each) => `(${each})`).join(' UNION ALL ')}) t(x)
      WHERE x IS NOT NULL ORDER BY name`,
  );
  const list = found.map(({ name }) => String(name));
  assert(list.length < names.max, `a day has fewer than ${names.max} names of a kind`);
  await duck.run(`DROP TYPE IF EXISTS ${type}`);
  // A type needs a name, also where nothing has one.
  await duck.run(`CREATE TYPE ${type} AS ENUM (${[...list, ' '].map(quoted).join(', ')})`);
  return list;
}

async function constantsOf(
  duck: DuckDBConnection,
  directory: string,
): Promise<Readonly<Record<string, number>>> {
  const rows = await rowsOf(
    duck,
    `SELECT path_in_schema AS name, min(stats_min_value)::DOUBLE AS value
       FROM parquet_metadata(${replayFile(directory, 'replay')})
      GROUP BY path_in_schema
     HAVING bool_and(stats_min_value = stats_max_value) AND min(stats_min_value) = max(stats_max_value)`,
  );
  return Object.fromEntries(rows.map(({ name, value }) => [String(name), Number(value)]));
}

async function usesOf(
  duck: DuckDBConnection,
  directory: string,
  names: { readonly classes: readonly string[]; readonly models: readonly string[] },
): Promise<readonly ClassUse[]> {
  const sum = (column: string): string => `sum(${column})::DOUBLE AS "${column}"`;
  const rows = await rowsOf(
    duck,
    `SELECT "classServed"::DOUBLE AS served, "classServed" = "classAsked" AS asked, model::DOUBLE AS model, count(*)::DOUBLE AS events,
            ${['inputBound', 'input', 'inputCached', 'output', 'reasoning'].map(sum).join(', ')}
       FROM read_parquet(${replayFile(directory, 'replay')}) WHERE evidence = 0 GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map((row) => ({
    className: names.classes[Number(row['served'])] ?? '',
    asAsked: row['asked'] === true,
    model: names.models[Number(row['model'])] ?? '',
    events: Number(row['events']),
    bound: Number(row['inputBound']),
    input: Number(row['input']),
    inputCached: Number(row['inputCached']),
    output: Number(row['output']),
    reasoning: Number(row['reasoning']),
  }));
}
