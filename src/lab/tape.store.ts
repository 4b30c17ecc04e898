import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { dayDirectory, type LakeTable, sealedDays } from '#lake/lake-layout.ts';
import { CANDIDATES_KEPT } from '#lake/lake-columns.ts';
import { quoted, rowsOf } from '#lake/parquet.store.ts';
import { USAGE_UNITS } from '#metering/usage.ts';

/** What of the lake is read. */
export interface TapeSource {
  readonly lake: string;
  readonly book: string;
  /** Read up to this UTC day, included; all where absent. Accounts are read from their opening on. */
  readonly toDay?: string;
}

/** How many of everything there is. */
export interface TapeSize {
  readonly events: number;
  readonly candidates: number;
  /** The days that are read, oldest first. */
  readonly days: readonly string[];
}

/** The columns of {@link streamEvents}, by position. */
export const EVENT_FIELDS = [
  'customer',
  'seq',
  'settle_seq',
  'at_ms',
  'settled_ms',
  'class_asked',
  'class_served',
  'evidence',
  'model',
  'input_bound',
  'input',
  'input_cached',
  'output',
  'reasoning',
  'tokens',
  'cost',
  'tariff',
  'member',
  'api_key',
  'key_cap',
  'reason',
  'fallback',
  'slow',
  'gate',
  'held',
  'counted',
  'charge',
  'paid_allowance',
  'paid_promotional',
  'paid_bought',
  'paid_overage',
  'overrun',
  ...Array.from({ length: CANDIDATES_KEPT }, (_, i) => [
    `k${i}_class`,
    `k${i}_available`,
    `k${i}_tokens`,
    `k${i}_cost`,
    `k${i}_charge`,
  ]).flat(),
] as const;

/** Units that only their own model can be priced by. */
const OTHER_UNITS = USAGE_UNITS.filter(
  (unit) => !['input', 'input_cached', 'output', 'reasoning', 'requests'].includes(unit),
);

/**
 * Prepares the tables that the other readers use: sources, customers by size, names as numbers.
 * @returns `undefined` where the book has no sealed day
 */
export async function openTape(
  duck: DuckDBConnection,
  source: TapeSource,
): Promise<TapeSize | undefined> {
  const days = sealedDays(source.lake, source.book)
    .map(({ day }) => day)
    .filter((day) => source.toDay === undefined || day <= source.toDay);
  if (days.length === 0) return undefined;
  for (const table of ['decision', 'usage', 'operation'] satisfies LakeTable[]) {
    const files = days
      .map((day) => join(dayDirectory(source.lake, source.book, day), `${table}.parquet`))
      .filter((file) => existsSync(file))
      .map(quoted);
    await duck.run(
      `CREATE OR REPLACE TEMP VIEW lab_${table} AS SELECT * FROM read_parquet([${files.join(', ')}])`,
    );
  }
  await duck.run(`CREATE OR REPLACE TEMP TABLE lab_customer AS
    SELECT customer, (row_number() OVER (ORDER BY sum(n) DESC, customer) - 1)::UINTEGER AS number, sum(n) AS events
      FROM (SELECT customer, count(*) AS n FROM lab_decision GROUP BY customer
            UNION ALL SELECT customer, 0 FROM lab_operation GROUP BY customer) GROUP BY customer`);
  const classes = ['class_asked', 'class_served'].concat(
    Array.from({ length: CANDIDATES_KEPT }, (_, i) => `c${i}_class`),
  );
  await names(
    duck,
    'lab_class',
    classes.map((column) => `SELECT ${column} FROM lab_decision`),
  );
  await names(duck, 'lab_gate', ['SELECT gate FROM lab_decision']);
  await names(duck, 'lab_model', ['SELECT model FROM lab_usage']);
  for (const column of ['member', 'api_key']) {
    await duck.run(`CREATE OR REPLACE TEMP TABLE lab_${column} AS
      SELECT ${column} AS id, row_number() OVER (ORDER BY ${column})::UINTEGER AS number
        FROM (SELECT DISTINCT ${column} FROM lab_decision WHERE ${column} IS NOT NULL)`);
  }
  const [size] = await rowsOf(
    duck,
    `SELECT count(*)::DOUBLE AS events, coalesce(sum(least(candidates, ${CANDIDATES_KEPT})), 0)::DOUBLE AS candidates FROM lab_decision`,
  );
  return {
    events: Number(size?.['events'] ?? 0),
    candidates: Number(size?.['candidates'] ?? 0),
    days,
  };
}

/** Names become the numbers of an enumeration: the smallest that DuckDB can hand over. */
async function names(
  duck: DuckDBConnection,
  type: string,
  selects: readonly string[],
): Promise<void> {
  await duck.run(`DROP TYPE IF EXISTS ${type}`);
  await duck.run(
    `CREATE TYPE ${type} AS ENUM (SELECT DISTINCT x FROM (SELECT '' AS x UNION ALL ${selects.join(' UNION ALL ')}) WHERE x IS NOT NULL ORDER BY x)`,
  );
}

export async function readNames(
  duck: DuckDBConnection,
  type: 'lab_class' | 'lab_gate' | 'lab_model',
): Promise<readonly string[]> {
  const rows = await rowsOf(duck, `SELECT unnest(enum_range(NULL::${type}))::VARCHAR AS name`);
  return rows.map(({ name }) => String(name));
}

/** Customers by number, with how many events each has. */
export async function readCustomers(
  duck: DuckDBConnection,
): Promise<readonly { readonly id: string; readonly events: number }[]> {
  const rows = await rowsOf(
    duck,
    'SELECT customer::VARCHAR AS id, events::DOUBLE AS events FROM lab_customer ORDER BY number',
  );
  return rows.map(({ id, events }) => ({ id: String(id), events: Number(events) }));
}

/** What the files of an imported book call its customers, by number. */
export async function readImportedNames(
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

/**
 * The events of one day with their ends, customer by customer, in the order of their sequences. Day by
 * day, since sorting a day is cheap and an account's sequence rises with its days.
 */
export function streamEvents(duck: DuckDBConnection, source: TapeSource, day: string) {
  const file = (table: LakeTable): string =>
    quoted(join(dayDirectory(source.lake, source.book, day), `${table}.parquet`));
  const code = (type: string, column: string): string =>
    `coalesce(enum_code(${column}::${type}), 65535)::USMALLINT`;
  const number = (value: string, otherwise = '0'): string =>
    `coalesce(${value}, ${otherwise})::DOUBLE`;
  const tokens = (value: string): string => `least(coalesce(${value}, 0), 4294967295)::UINTEGER`;
  const position = (list: readonly string[], column: string): string =>
    `coalesce(list_position([${list.map(quoted).join(', ')}], ${column}), 256) - 1`;
  const candidates = Array.from(
    { length: CANDIDATES_KEPT },
    (_, i) =>
      `${code('lab_class', `d.c${i}_class`)}, coalesce(d.c${i}_available, false)::UTINYINT, ${tokens(`d.c${i}_tokens`)}, ${number(`d.c${i}_cost`)}, ${number(`d.c${i}_charge`)}`,
  );
  const otherUnits = OTHER_UNITS.map((unit) => `u.u_${unit}`).join(' + ');
  return duck.stream(`SELECT c.number, d.seq::DOUBLE, ${number('u.seq', '-1')}, d.at_ms::DOUBLE, ${number('u.settled_ms')},
    ${code('lab_class', 'd.class_asked')}, ${code('lab_class', 'd.class_served')},
    (CASE WHEN d.candidates > ${CANDIDATES_KEPT} THEN 4 WHEN d.class_served IS NULL THEN 1 WHEN u.id IS NULL THEN 5
          WHEN u.outcome = 'voided' THEN 6 WHEN u.estimate_cost IS NOT NULL THEN 3 WHEN u.attempts <> 1 THEN 4
          WHEN u.estimated THEN 2 WHEN ${otherUnits} > 0 THEN 7 ELSE 0 END)::UTINYINT,
    ${code('lab_model', 'u.model')}, ${tokens('d.input_tokens')},
    ${tokens('u.u_input')}, ${tokens('u.u_input_cached')}, ${tokens('u.u_output')}, ${tokens('u.u_reasoning')},
    ${tokens('u.tokens_in + u.tokens_out')}, ${number('u.cost')}, ${number('u.tariff')},
    coalesce(m.number, 0)::UINTEGER, coalesce(a.number, 0)::UINTEGER, ${number('d.key_cap', '-1')},
    (${position(['gate', 'funds', 'class', 'capacity', 'subscription'], 'd.reason')})::UTINYINT,
    (${position(['none', 'gate', 'capacity'], 'd.fallback')})::UTINYINT, d.slow::UTINYINT, ${code('lab_gate', 'd.gate')},
    ${number('d.held')}, (coalesce(d.counted, 0) & 4294967295)::UINTEGER, ${number('u.charge')}, ${number('u.paid_allowance')}, ${number('u.paid_promotional')},
    ${number('u.paid_bought')}, ${number('u.paid_overage')}, ${number('u.overrun')}, ${candidates.join(', ')}
    FROM read_parquet(${file('decision')}) d JOIN lab_customer c ON c.customer = d.customer
    LEFT JOIN read_parquet(${file('usage')}) u ON u.customer = d.customer AND u.decision_seq = d.seq
    LEFT JOIN lab_member m ON m.id = d.member LEFT JOIN lab_api_key a ON a.id = d.api_key
    ORDER BY c.number, d.seq`);
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

export async function readOperations(duck: DuckDBConnection): Promise<readonly OperationRow[]> {
  const rows = await rowsOf(
    duck,
    `SELECT c.number::DOUBLE AS customer, o.seq::DOUBLE AS seq, o.at_ms::DOUBLE AS at, o.kind,
            coalesce(d.seq, -1)::DOUBLE AS decision, o.facts
       FROM lab_operation o JOIN lab_customer c ON c.customer = o.customer
       LEFT JOIN lab_decision d ON o.request IS NOT NULL AND d.customer = o.customer AND d.request = o.request
      ORDER BY c.number, o.seq`,
  );
  return rows.map((row) => ({
    customer: Number(row['customer']),
    seq: Number(row['seq']),
    atMs: Number(row['at']),
    kind: String(row['kind']),
    decisionSeq: Number(row['decision']),
    facts: String(row['facts']),
  }));
}
