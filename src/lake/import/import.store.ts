import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted, rowsOf } from '../parquet.store.ts';
import type { ImportField, ImportMapping, Separable } from './import-fields.ts';
import type { CsvShape, ImportFile } from './import-source.ts';
import { LITELLM_COLUMNS, LITELLM_METADATA, LITELLM_PARENTS, LITELLM_SKIPPED } from './litellm.ts';

/** How a file's columns become the fields of rows. */
export interface ImportReading {
  readonly file: ImportFile;
  /** From 0. */
  readonly number: number;
  readonly columns: readonly string[];
  readonly csv: CsvShape | undefined;
  readonly mapping: ImportMapping;
  /** Fields that nobody mapped are taken from where LiteLLM has them. */
  readonly isLitellm: boolean;
  /** Units that stand beside their total instead of inside it. */
  readonly separate: ReadonlySet<Separable>;
}

/** The first row that cannot be understood. */
export interface BadRow {
  readonly file: number;
  /** From 1, without a header. */
  readonly row: number;
  readonly field: string;
  readonly found: string;
}

export interface ImportedModel {
  readonly name: string;
  readonly requests: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly withoutCost: number;
}

const DAY_MS = 86_400_000;
const TOKENS_MAX = 4_294_967_295;
const EARLIEST_MS = Date.UTC(2015, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
/** One prompt may stand in a field. */
const LINE_BYTES_MAX = 67_108_864;

export async function prepareImport(duck: DuckDBConnection): Promise<void> {
  for (const statement of [
    "SET TimeZone = 'UTC'",
    'SET enable_progress_bar = true',
    'SET enable_progress_bar_print = false',
    `CREATE OR REPLACE TEMP TABLE import_row (file UTINYINT, row BIGINT, at_ms BIGINT, customer VARCHAR, model VARCHAR,
      tier VARCHAR, plan VARCHAR, input BIGINT, cached BIGINT, cache_write BIGINT, output BIGINT, reasoning BIGINT,
      cost BIGINT, skipped BOOLEAN, bad VARCHAR, found VARCHAR)`,
  ])
    await duck.run(statement);
}

/** Lets go of what an import has read. */
export async function clearImport(duck: DuckDBConnection): Promise<void> {
  for (const table of ['import_row', 'import_customer', 'import_model'])
    await duck.run(`DROP TABLE IF EXISTS ${table}`);
}

/** The columns of a file that names them itself. */
export async function columnsOf(
  duck: DuckDBConnection,
  { path, format }: ImportFile,
): Promise<readonly string[]> {
  const from =
    format === 'parquet'
      ? `read_parquet(${quoted(path)})`
      : `read_json(${quoted(path)}, union_by_name = true, maximum_object_size = ${LINE_BYTES_MAX})`;
  const rows = await rowsOf(duck, `DESCRIBE SELECT * FROM ${from}`);
  return rows.map((row) => String(row['column_name']));
}

/** Reads a file into `import_row`; what cannot be understood is kept with its field. */
export async function readRows(duck: DuckDBConnection, reading: ImportReading): Promise<void> {
  const text = (field: ImportField): string => `nullif(trim(${valueOf(reading, field)}), '')`;
  const count = (field: ImportField): string => numberOf(text(field));
  const names: ImportField[] = ['customer', 'model', 'tier', 'plan'];
  const counts: ImportField[] = ['input', 'cached', 'cache_write', 'output', 'reasoning'];
  const isCount = (field: string, isNeeded: boolean): string =>
    `(${field} IS NOT NULL AND ${field} = floor(${field}) AND ${field} BETWEEN 0 AND ${TOKENS_MAX})${isNeeded ? '' : ` OR ${field}_text IS NULL`}`;
  const inside = (field: Separable): string =>
    reading.separate.has(field) ? '0' : `coalesce(${field}, 0)`;
  const checks: readonly (readonly [field: string, holds: string, found: string])[] = [
    ['time', `coalesce(at_ms BETWEEN ${EARLIEST_MS} AND ${LATEST_MS}, false)`, 'time_text'],
    ['customer', 'customer IS NOT NULL', 'customer'],
    ['model', 'model IS NOT NULL', 'model'],
    ['input', isCount('input', true), 'input_text'],
    ['cached', isCount('cached', false), 'cached_text'],
    ['cache_write', isCount('cache_write', false), 'cache_write_text'],
    ['output', isCount('output', true), 'output_text'],
    ['reasoning', isCount('reasoning', false), 'reasoning_text'],
    [
      'cached',
      `${inside('cached')} + ${inside('cache_write')} <= input`,
      "cached_text || ' of ' || input_text",
    ],
    ['reasoning', `${inside('reasoning')} <= output`, "reasoning_text || ' of ' || output_text"],
    ['cost', '(cost IS NOT NULL AND cost BETWEEN 0 AND 1e15) OR cost_text IS NULL', 'cost_text'],
  ];
  const bad = checks.map(([field, holds]) => `WHEN NOT (${holds}) THEN ${quoted(field)}`);
  const found = checks.map(([, holds, value]) => `WHEN NOT (${holds}) THEN ${value}`);
  await duck.run(`INSERT INTO import_row
    SELECT ${reading.number}, row, at_ms, customer, model, tier, plan,
           (input - ${inside('cached')} - ${inside('cache_write')})::BIGINT, coalesce(cached, 0)::BIGINT,
           coalesce(cache_write, 0)::BIGINT, (output - ${inside('reasoning')})::BIGINT, coalesce(reasoning, 0)::BIGINT,
           cost, skipped, CASE WHEN skipped THEN NULL ${bad.join(' ')} END,
           left(CASE WHEN skipped THEN NULL ${found.join(' ')} END, 60)
      FROM (SELECT row, skipped, ${names.join(', ')}, time_text, cost_text, ${instantOf('time_text')} AS at_ms,
                   CAST(round_even(${numberOf('cost_text', DOLLAR_SIGN)} * 1e9, 0) AS BIGINT) AS cost,
                   ${counts.map((field) => `${field}, ${field}_text`).join(', ')}
              FROM (SELECT row_number() OVER () AS row, ${skippedOf(reading)} AS skipped,
                           ${names.map((field) => `${text(field)} AS ${field}`).join(', ')},
                           ${text('time')} AS time_text, ${text('cost')} AS cost_text,
                           ${counts.map((field) => `${count(field)} AS ${field}, ${text(field)} AS ${field}_text`).join(', ')}
                      FROM ${relationOf(reading)}))`);
}

/** Before an amount: "$", "US$" or "USD". */
const DOLLAR_SIGN = String.raw`(?:(?:US)?\$|USD) *`;

/** A number, also as people's tables write it: thousands grouped by commas, and a sign before it. */
function numberOf(text: string, sign = ''): string {
  const grouped = String.raw`\d{1,3}(?:,\d{3})+`;
  const written = quoted(String.raw`^(?:${sign})?((?:${grouped}|\d+)(?:\.\d+)?)$`);
  const plain = `replace(regexp_extract(${text}, ${written}, 1), ',', '')`;
  return `coalesce(TRY_CAST(${text} AS DOUBLE), TRY_CAST(${plain} AS DOUBLE))`;
}

/** Seconds, milliseconds or microseconds since 1970, or a date and time; without an offset it is UTC. */
function instantOf(text: string): string {
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  return `(CASE WHEN ${number} IS NULL THEN epoch_ms(TRY_CAST(${text} AS TIMESTAMPTZ))
    WHEN ${number} < 1e11 THEN floor(${number} * 1e3) WHEN ${number} < 1e14 THEN floor(${number})
    WHEN ${number} < 1e17 THEN floor(${number} / 1e3) END)::BIGINT`;
}

function relationOf({ file, csv, columns }: ImportReading): string {
  const path = quoted(file.path);
  if (file.format === 'parquet') return `read_parquet(${path})`;
  const typed = (type: string): string =>
    columns.map((column) => `${quoted(column)}: '${type}'`).join(', ');
  if (csv === undefined)
    return `read_json(${path}, columns = {${typed('JSON')}}, maximum_object_size = ${LINE_BYTES_MAX})`;
  return `read_csv(${path}, auto_detect = false, header = true, delim = ${quoted(csv.delimiter)}, quote = '"',
    escape = '"', max_line_size = ${LINE_BYTES_MAX}, columns = {${typed('VARCHAR')}})`;
}

/** A column as text, whatever its type. */
function columnText({ file }: ImportReading, column: string): string {
  const name = `"${column.replaceAll('"', '""')}"`;
  return file.format === 'json'
    ? `CASE json_type(${name}) WHEN 'NULL' THEN NULL ELSE json_extract_string(${name}, '$') END`
    : `${name}::VARCHAR`;
}

function valueOf(reading: ImportReading, field: ImportField): string {
  const column = reading.mapping[field];
  if (column !== undefined) return columnText(reading, column);
  if (!reading.isLitellm) return 'NULL::VARCHAR';
  const has = (name: string): boolean => reading.columns.includes(name);
  const columns = (LITELLM_COLUMNS[field] ?? []).filter(has);
  const values = columns.map((name) => `nullif(trim(${columnText(reading, name)}), '')`);
  if (has('metadata')) {
    const written = columnText(reading, 'metadata');
    // Some exports write the document as a text inside a document.
    const metadata = `CASE WHEN json_valid(${written}) AND json_type(${written}) = 'VARCHAR' THEN json_extract_string(${written}, '$') ELSE ${written} END`;
    for (const path of LITELLM_METADATA[field] ?? []) {
      for (const parent of LITELLM_PARENTS)
        values.push(
          `CASE WHEN json_valid(${metadata}) THEN json_extract_string(${metadata}, '$.${parent}.${path}') END`,
        );
    }
  }
  return values.length === 0 ? 'NULL::VARCHAR' : `coalesce(${values.join(', ')})`;
}

function skippedOf(reading: ImportReading): string {
  if (!reading.isLitellm) return 'false';
  const tests = Object.entries(LITELLM_SKIPPED)
    .filter(([column]) => reading.columns.includes(column))
    .map(
      ([column, values]) =>
        `coalesce(lower(${columnText(reading, column)}) IN (${values.map(quoted).join(', ')}), false)`,
    );
  return tests.length === 0 ? 'false' : tests.join(' OR ');
}

export async function firstBadRow(duck: DuckDBConnection): Promise<BadRow | undefined> {
  const [row] = await rowsOf(
    duck,
    `SELECT file::INTEGER AS file, row::DOUBLE AS row, bad, found FROM import_row WHERE bad IS NOT NULL
      ORDER BY file, row LIMIT 1`,
  );
  if (row === undefined) return undefined;
  const { file, row: number, bad, found } = row;
  return {
    file: Number(file),
    row: Number(number),
    field: String(bad),
    found: String(found ?? ''),
  };
}

/** What was read, in all. Rows that are skipped count as that alone. */
export async function readTotals(duck: DuckDBConnection): Promise<{
  readonly rows: number;
  readonly skipped: number;
  readonly customers: number;
  readonly fromMs: number;
  readonly toMs: number;
}> {
  const [row] = await rowsOf(
    duck,
    `SELECT count(*) FILTER (WHERE NOT skipped)::DOUBLE AS rows, count(*) FILTER (WHERE skipped)::DOUBLE AS skipped,
            (count(DISTINCT customer) FILTER (WHERE NOT skipped))::DOUBLE AS customers,
            coalesce(min(at_ms) FILTER (WHERE NOT skipped), 0)::DOUBLE AS from_ms,
            coalesce(max(at_ms) FILTER (WHERE NOT skipped), 0)::DOUBLE AS to_ms FROM import_row`,
  );
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return {
    rows: number('rows'),
    skipped: number('skipped'),
    customers: number('customers'),
    fromMs: number('from_ms'),
    toMs: number('to_ms'),
  };
}

export async function readModels(duck: DuckDBConnection): Promise<readonly ImportedModel[]> {
  const rows = await rowsOf(
    duck,
    `SELECT model, count(*)::DOUBLE AS requests, min(at_ms)::DOUBLE AS from_ms, max(at_ms)::DOUBLE AS to_ms,
            count(*) FILTER (WHERE cost IS NULL)::DOUBLE AS without_cost
       FROM import_row WHERE NOT skipped GROUP BY model ORDER BY count(*) DESC, model`,
  );
  return rows.map((row) => ({
    name: String(row['model']),
    requests: Number(row['requests']),
    fromMs: Number(row['from_ms']),
    toMs: Number(row['to_ms']),
    withoutCost: Number(row['without_cost']),
  }));
}

/** The first rows as they were understood, for a preview. */
export async function readFirstRows(
  duck: DuckDBConnection,
  count: number,
): Promise<readonly Readonly<Record<string, string | number | boolean | null>>[]> {
  return rowsOf(
    duck,
    `SELECT strftime(make_timestamp_ms(at_ms), '%Y-%m-%d %H:%M:%S') AS time, customer, model, input::DOUBLE AS input,
            cached::DOUBLE AS cached, cache_write::DOUBLE AS cache_write, output::DOUBLE AS output,
            reasoning::DOUBLE AS reasoning, cost::DOUBLE AS cost_nano_usd, plan
       FROM import_row WHERE NOT skipped AND bad IS NULL ORDER BY file, row LIMIT ${count}`,
  );
}

/** Numbers models as given, and customers by their ids; a model that is not given is left out. */
export async function numberNames(
  duck: DuckDBConnection,
  given: { readonly book: string; readonly models: readonly string[]; readonly idle: number },
): Promise<void> {
  const { book, models, idle } = given;
  const values = models.map((name, number) => `(${quoted(name)}, ${number})`);
  await duck.run(`CREATE OR REPLACE TEMP TABLE import_model (name VARCHAR, number UINTEGER)`);
  if (values.length > 0) await duck.run(`INSERT INTO import_model VALUES ${values.join(', ')}`);
  await duck.run(`CREATE OR REPLACE TEMP TABLE import_customer AS
    SELECT name, id, (row_number() OVER (ORDER BY id) - 1)::UINTEGER AS number, plan, idle
      FROM (SELECT r.customer AS name, md5(${quoted(`${book} `)} || r.customer)::UUID AS id, mode(r.plan) AS plan, false AS idle
              FROM import_row r JOIN import_model m ON m.name = r.model WHERE NOT r.skipped GROUP BY r.customer
            UNION ALL
            SELECT 'idle ' || i, md5(${quoted(`${book} idle `)} || i)::UUID, NULL, true FROM range(1, ${idle + 1}) t(i))`);
}

export interface ImportedCustomer {
  readonly id: string;
  readonly name: string;
  readonly plan: string | undefined;
}

/** By number. */
export async function readImportCustomers(
  duck: DuckDBConnection,
): Promise<readonly ImportedCustomer[]> {
  const rows = await rowsOf(
    duck,
    'SELECT id::VARCHAR AS id, name, plan FROM import_customer ORDER BY number',
  );
  return rows.map(({ id, name, plan }) => ({
    id: String(id),
    name: String(name),
    plan: plan === null || plan === undefined ? undefined : String(plan),
  }));
}

/** Keeps what the customers are called, beside the days. */
export async function writeCustomerNames(duck: DuckDBConnection, file: string): Promise<void> {
  await duck.run(
    `COPY (SELECT id, name FROM import_customer ORDER BY number) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

/** The columns of {@link streamDay}, by position; all of them numbers. */
export const ROW_FIELDS = [
  'at_ms',
  'customer',
  'model',
  'input',
  'cached',
  'cache_write',
  'output',
  'reasoning',
  'cost',
  'tier',
] as const;

/** Names of service tiers, by number: 0 is none. */
export async function readTiers(duck: DuckDBConnection): Promise<readonly string[]> {
  const rows = await rowsOf(
    duck,
    'SELECT DISTINCT tier FROM import_row WHERE tier IS NOT NULL AND NOT skipped ORDER BY tier',
  );
  return ['', ...rows.map(({ tier }) => String(tier))];
}

/**
 * The rows of one day, customer by customer in the order of time; −1 = no cost. A stream ends with the
 * next statement of its connection: read it to its end first.
 */
export function streamDay(duck: DuckDBConnection, startMs: number, tiers: readonly string[]) {
  const tier = `coalesce(list_position([${tiers.map(quoted).join(', ')}], r.tier), 1) - 1`;
  return duck.stream(`SELECT r.at_ms::DOUBLE, c.number::DOUBLE, m.number::DOUBLE, r.input::DOUBLE, r.cached::DOUBLE,
      r.cache_write::DOUBLE, r.output::DOUBLE, r.reasoning::DOUBLE, coalesce(r.cost, -1)::DOUBLE, (${tier})::DOUBLE
    FROM import_row r JOIN import_customer c ON c.name = r.customer AND NOT c.idle JOIN import_model m ON m.name = r.model
   WHERE NOT r.skipped AND r.at_ms >= ${startMs} AND r.at_ms < ${startMs + DAY_MS}
   ORDER BY c.number, r.at_ms, r.file, r.row`);
}
