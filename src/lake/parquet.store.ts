import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { LAKE_COLUMNS } from './lake-columns.ts';
import type { LakeTable } from './lake-layout.ts';

export interface DuckOptions {
  readonly threads?: number;
  readonly memoryLimit?: string;
  /** Where sorts that do not fit go. */
  readonly spillDirectory?: string;
}

/**
 * DuckDB in this process. Never open it in the process that serves requests: what it does blocks the
 * loop, and its memory is not Node's.
 */
export async function openDuck(options: DuckOptions = {}): Promise<DuckDBConnection> {
  const { threads = 2, memoryLimit = '4GB', spillDirectory } = options;
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: memoryLimit,
    preserve_insertion_order: 'true',
    ...(spillDirectory !== undefined && { temp_directory: spillDirectory }),
  });
  return instance.connect();
}

/** Connections to one DuckDB of a thread of its own: each can have a result open that is read bit by bit. */
export async function openDuckMany(count: number): Promise<readonly DuckDBConnection[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
  return Promise.all(Array.from({ length: count }, () => instance.connect()));
}

/** A path or text as SQL has it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Turns a text file of one table into Parquet. */
export async function writeParquet(
  duck: DuckDBConnection,
  table: LakeTable,
  files: { readonly from: string; readonly to: string },
): Promise<void> {
  const columns = LAKE_COLUMNS[table].map(({ name, type }) => `${name}: '${type}'`).join(', ');
  await duck.run(`COPY (SELECT * FROM read_csv(${quoted(files.from)}, auto_detect = false, header = false,
    delim = '\t', quote = '', escape = '', nullstr = '\\N', max_line_size = 16777216, columns = {${columns}}))
    TO ${quoted(files.to)} (FORMAT parquet, COMPRESSION zstd)`);
}

/** What a sealed usage file adds up to. */
export async function sumUsage(
  duck: DuckDBConnection,
  file: string,
): Promise<{
  readonly rows: string;
  readonly requests: string;
  readonly cost: string;
  readonly charge: string;
}> {
  const [row] = await rowsOf(
    duck,
    `SELECT count(*)::VARCHAR AS rows, count(*) FILTER (WHERE outcome <> 'voided')::VARCHAR AS requests,
            coalesce(sum(cost), 0)::VARCHAR AS cost, coalesce(sum(charge), 0)::VARCHAR AS charge
       FROM read_parquet(${quoted(file)})`,
  );
  const { rows = '0', requests = '0', cost = '0', charge = '0' } = row ?? {};
  return {
    rows: String(rows),
    requests: String(requests),
    cost: String(cost),
    charge: String(charge),
  };
}

export async function countRows(duck: DuckDBConnection, file: string): Promise<string> {
  const [row] = await rowsOf(
    duck,
    `SELECT count(*)::VARCHAR AS rows FROM read_parquet(${quoted(file)})`,
  );
  return String(row?.['rows'] ?? '0');
}

/** The revenue of a sealed day. */
export async function sumRevenue(
  duck: DuckDBConnection,
  file: string,
): Promise<{
  readonly subscription: string;
  readonly breakage: string;
  readonly refunded: string;
}> {
  const [row] = await rowsOf(
    duck,
    `SELECT coalesce(sum(subscription), 0)::VARCHAR AS subscription,
            coalesce(sum(breakage), 0)::VARCHAR AS breakage, coalesce(sum(refunded), 0)::VARCHAR AS refunded
       FROM read_parquet(${quoted(file)})`,
  );
  const { subscription = '0', breakage = '0', refunded = '0' } = row ?? {};
  return {
    subscription: String(subscription),
    breakage: String(breakage),
    refunded: String(refunded),
  };
}

/** The rows of a small result; 64-bit integers as text. */
export async function rowsOf(
  duck: DuckDBConnection,
  sql: string,
): Promise<readonly Readonly<Record<string, string | number | boolean | null>>[]> {
  return (await duck.runAndReadAll(sql)).getRowObjectsJson() as Record<
    string,
    string | number | boolean | null
  >[];
}
