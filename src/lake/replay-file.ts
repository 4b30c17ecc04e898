import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { assert } from '#base/assert.ts';
import { CANDIDATES_KEPT } from './lake-columns.ts';
import { quoted, rowsOf } from './parquet.store.ts';
import {
  NO_CLASS,
  NO_NAME,
  REPLAY_COLUMNS,
  type ReplayColumn,
  SQL_TYPE,
} from './replay-columns.ts';
import { type KeptRows, writeReplayRows } from './replay-rows.ts';

/**
 * What a replay reads of a sealed day: decisions with their ends in one row, customer by customer in
 * the order of their sequences, names as numbers, so that reading it joins, sorts and looks up nothing.
 * Made from the day's other files, and again where it is missing or of an older format:
 *
 * - `replay.parquet`: {@link REPLAY_COLUMNS}, kept as {@link KeptRows} says
 * - `replay-operation.parquet`: what else happened to accounts, in the same order
 * - `replay-customer.parquet`: who has how many rows of both, in the same order (by id)
 * - `replay-scope.parquet`: ids of members and keys; number `n` in the columns is row `n - 1`
 * - `replay.json`: {@link ReplayDay}
 */
export interface ReplayDay extends KeptRows {
  readonly format: number;
  readonly events: number;
  readonly operations: number;
  readonly customers: number;
  readonly scopes: number;
  /** Operations that are about a request. */
  readonly about: number;
  /** Names behind the numbers in the columns. */
  readonly classes: readonly string[];
  readonly models: readonly string[];
  readonly gates: readonly string[];
  /** Plan versions that an account was opened on, or changed to. */
  readonly plans: readonly string[];
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
const REPLAY_FORMAT = 2;

/** A file of a day's directory, as SQL has it. */
export function replayFile(
  directory: string,
  name: 'replay' | 'replay-customer' | 'replay-operation' | 'replay-scope',
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
  await duck.run(`CREATE OR REPLACE TEMP TABLE replay_scope AS
    SELECT id, row_number() OVER (ORDER BY id)::UINTEGER AS number FROM (
      SELECT member AS id FROM ${decision} WHERE member IS NOT NULL
      UNION SELECT api_key FROM ${decision} WHERE api_key IS NOT NULL)`);
  await duck.run(
    `COPY (SELECT id FROM replay_scope ORDER BY number) TO ${replayFile(directory, 'replay-scope')} (${SMALL})`,
  );
  const from = `(SELECT d.customer, ${REPLAY_COLUMNS.map(({ name, sql }) => `${sql} AS "${name}"`).join(', ')}
      FROM ${decision} d LEFT JOIN ${usage} u ON u.customer = d.customer AND u.decision_seq = d.seq
      LEFT JOIN replay_scope m ON m.id = d.member LEFT JOIN replay_scope a ON a.id = d.api_key)`;
  const day = await writeReplayDay(duck, directory, {
    from,
    sqlOf: ({ name }) => `"${name}"`,
    names: { classes, models, gates },
  });
  const [counts] = await rowsOf(duck, `SELECT count(*)::DOUBLE AS decisions FROM ${decision}`);
  assert(day.events === Number(counts?.['decisions']), 'a decision has at most one end');
  return day;
}

/**
 * Makes the replay files of a day from its `operation.parquet` and from events; members and keys stand
 * in `replay-scope.parquet` by then. `replay.json` is written last, so that what is half made does not count.
 * @param events.from what the events are selected from, with their `customer`
 * @param events.sqlOf a column's value there
 */
export async function writeReplayDay(
  duck: DuckDBConnection,
  directory: string,
  events: {
    readonly from: string;
    readonly sqlOf: (column: ReplayColumn) => string;
    readonly names: Pick<ReplayDay, 'classes' | 'models' | 'gates'>;
  },
): Promise<ReplayDay> {
  const { from, sqlOf, names } = events;
  rmSync(join(directory, 'replay.json'), { force: true });
  const kept = await writeReplayRows(duck, replayFile(directory, 'replay'), from, sqlOf);
  const plans = await writeOperations(duck, directory, from);
  const count = async (name: Parameters<typeof replayFile>[1], where = 'true'): Promise<number> => {
    const file = replayFile(directory, name);
    const [row] = await rowsOf(
      duck,
      `SELECT count(*)::DOUBLE AS n FROM read_parquet(${file}) WHERE ${where}`,
    );
    return Number(row?.['n']);
  };
  const day: ReplayDay = {
    format: REPLAY_FORMAT,
    events: await count('replay'),
    operations: await count('replay-operation'),
    customers: await count('replay-customer'),
    scopes: await count('replay-scope'),
    about: await count('replay-operation', 'about'),
    ...names,
    plans,
    ...kept,
    uses: await usesOf(
      duck,
      `(SELECT ${USED.map((name) => usedSql(name, sqlOf)).join(', ')} FROM ${from})`,
      names,
    ),
  };
  writeFileSync(join(directory, 'replay.json'), `${JSON.stringify(day)}\n`);
  return day;
}

/**
 * What else happened to accounts, and who did anything at all.
 * @returns the plan versions that accounts came to
 */
async function writeOperations(
  duck: DuckDBConnection,
  directory: string,
  from: string,
): Promise<readonly string[]> {
  const operation = `read_parquet(${quoted(join(directory, 'operation.parquet'))})`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE replay_customer AS
    SELECT customer, sum(e)::UINTEGER AS events, sum(o)::UINTEGER AS operations,
           (row_number() OVER (ORDER BY customer) - 1)::UINTEGER AS number FROM (
      SELECT customer, count(*) AS e, 0 AS o FROM ${from} GROUP BY customer
      UNION ALL SELECT customer, 0, count(*) FROM ${operation} GROUP BY customer) GROUP BY customer`);
  await duck.run(`COPY (SELECT customer, events, operations FROM replay_customer ORDER BY number)
    TO ${replayFile(directory, 'replay-customer')} (${SMALL})`);
  const plan = `CASE WHEN kind IN ('open', 'change_plan') THEN json_extract_string(facts, '$.planVersionId') END`;
  const plans = await enumerate(duck, 'replay_plan', {
    from: [`SELECT ${plan} FROM ${operation}`],
    max: NO_NAME,
  });
  // Facts that say no more than the kind does are left out: most are of what a subscription earns.
  await duck.run(`COPY (
    SELECT c.number AS customer, o.seq::UINTEGER AS seq, o.at_ms::DOUBLE AS at, o.kind, o.request IS NOT NULL AS about,
           coalesce(enum_code((${plan})::replay_plan), ${NO_NAME})::USMALLINT AS plan,
           CASE WHEN o.kind = 'accrue' THEN '' ELSE o.facts END AS facts
      FROM ${operation} o JOIN replay_customer c USING (customer) ORDER BY c.number, o.seq)
    TO ${replayFile(directory, 'replay-operation')} (${SMALL}, ROW_GROUP_SIZE 61440)`);
  return plans;
}

/** Small rather than quick to read. */
const SMALL = 'FORMAT parquet, COMPRESSION zstd';

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

/** What {@link usesOf} adds up. */
const USED = [
  'evidence',
  'classServed',
  'classAsked',
  'model',
  'inputBound',
  'input',
  'inputCached',
  'output',
  'reasoning',
];

function usedSql(name: string, sqlOf: (column: ReplayColumn) => string): string {
  const column = REPLAY_COLUMNS.find((each) => each.name === name);
  assert(column !== undefined, 'what is added up is a column');
  return `(${sqlOf(column)})::${SQL_TYPE[column.width]} AS "${name}"`;
}

async function usesOf(
  duck: DuckDBConnection,
  from: string,
  names: { readonly classes: readonly string[]; readonly models: readonly string[] },
): Promise<readonly ClassUse[]> {
  const sum = (column: string): string => `sum(${column})::DOUBLE AS "${column}"`;
  const rows = await rowsOf(
    duck,
    `SELECT "classServed"::DOUBLE AS served, "classServed" = "classAsked" AS asked, model::DOUBLE AS model, count(*)::DOUBLE AS events,
            ${['inputBound', 'input', 'inputCached', 'output', 'reasoning'].map(sum).join(', ')}
       FROM ${from} WHERE evidence = 0 GROUP BY ALL ORDER BY ALL`,
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
