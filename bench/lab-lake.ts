import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Id, uuidOf } from '../src/base/id.ts';
import { USAGE_UNITS } from '../src/metering/usage.ts';
import { LAKE_COLUMNS } from '../src/lake/lake-columns.ts';
import { dayDirectory, LAKE_FORMAT, type LakeTable } from '../src/lake/lake-layout.ts';

/** A lake of so many made-up events, in the shape that sealing gives it. */
export interface BenchLake {
  readonly lake: string;
  readonly book: string;
}

export const BENCH_START_MS = Date.UTC(2026, 10, 1);
const DAYS = 28;
const DAY_MS = 86_400_000;

/**
 * Makes events over four weeks whose heaviest customer has 29% of them, in the proportions of long chat:
 * each is decided and settled at once, standard or fast.
 */
export async function makeBenchLake(
  duck: DuckDBConnection,
  directory: string,
  size: {
    readonly events: number;
    readonly customers: number;
    readonly planVersion: Id<'planVersion'>;
  },
): Promise<BenchLake> {
  const { events, customers, planVersion } = size;
  const skew = Math.log(customers) / -Math.log(0.29);
  const uuid = (number: string, kind: number): string =>
    `('00000000-0000-7000-8${kind}00-' || lpad(to_hex(${number}), 12, '0'))::UUID`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE bench_event AS
    SELECT *, row_number() OVER (PARTITION BY customer ORDER BY i) AS n FROM (
      SELECT i, least(${customers} - 1, floor(${customers} * power((hash(i) % 1000003) / 1000003.0, ${skew})))::BIGINT AS customer,
             ${BENCH_START_MS} + (i * ${DAYS * DAY_MS}::DOUBLE / ${events})::BIGINT AS at_ms,
             CASE WHEN hash(i + 7) % 4 = 0 THEN 'fast' ELSE 'standard' END AS class,
             (200 + hash(i * 3) % 8000)::BIGINT AS input, (20 + hash(i * 5) % 900)::BIGINT AS output
        FROM range(${events}) t(i))`);
  const given: Record<LakeTable, Record<string, string>> = {
    decision: {
      customer: uuid('customer', 0),
      seq: '2 * n',
      request: uuid('i', 1),
      clock_ms: 'at_ms',
      at_ms: 'at_ms',
      period_start_ms: `${BENCH_START_MS}`,
      plan_version: `'${uuidOf(planVersion)}'`,
      input_tokens: '4 * input',
      class_asked: 'class',
      class_served: 'class',
      fallback: "'none'",
      slow: 'false',
      surface: "'bench'",
      model_asked: "'sim-' || class",
      candidates: '1',
      c0_class: 'class',
      c0_available: 'true',
      c0_tokens: '4 * input + 2000',
      c0_cost: '(4 * input + 2000) * 2500',
      c0_charge: '(4 * input + 2000) * 3000',
      held: '0',
      counted: '3',
    },
    usage: {
      customer: uuid('customer', 0),
      id: uuid('i', 1),
      decision_seq: '2 * n',
      seq: '2 * n + 1',
      admitted_ms: 'at_ms',
      settled_ms: 'at_ms + 900',
      plan_version: `'${uuidOf(planVersion)}'`,
      class: 'class',
      model: "'sim-' || class",
      supplier: "'simulator'",
      outcome: "'completed'",
      estimated: 'false',
      tokens_in: 'input',
      tokens_out: 'output',
      cost: 'input * 2500 + output * 10000',
      tariff: 'input * 3000 + output * 12000',
      attempts: '1',
      u_input: 'input',
      u_output: 'output',
      ...Object.fromEntries(
        USAGE_UNITS.filter((unit) => unit !== 'input' && unit !== 'output').map((unit) => [
          `u_${unit}`,
          '0',
        ]),
      ),
      ...Object.fromEntries(
        [
          'charge',
          'paid_allowance',
          'paid_promotional',
          'paid_bought',
          'paid_overage',
          'overrun',
          'refunded',
        ].map((column) => [column, '0']),
      ),
    },
    operation: {},
    revenue: {},
  };
  const select = (table: LakeTable): string =>
    LAKE_COLUMNS[table]
      .map(({ name, type }) => `(${given[table][name] ?? 'NULL'})::${type} AS ${name}`)
      .join(', ');
  for (let day = 0; day < DAYS; day++) {
    const name = new Date(BENCH_START_MS + day * DAY_MS).toISOString().slice(0, 10);
    const target = dayDirectory(directory, 'live', name);
    mkdirSync(target, { recursive: true });
    const from = BENCH_START_MS + day * DAY_MS;
    for (const table of ['decision', 'usage'] as const) {
      await duck.run(`COPY (SELECT ${select(table)} FROM bench_event WHERE at_ms >= ${from} AND at_ms < ${from + DAY_MS}
        ORDER BY customer, n) TO '${join(target, `${table}.parquet`)}' (FORMAT parquet, COMPRESSION zstd)`);
    }
    await writeOperations(duck, join(target, 'operation.parquet'), {
      day,
      customers,
      uuid,
      planVersion,
    });
    const seal = { format: LAKE_FORMAT, book: 'live', day: name, fingerprint: {}, sealedAtMs: 0 };
    writeFileSync(join(target, 'seal.json'), JSON.stringify(seal));
  }
  await duck.run('DROP TABLE bench_event');
  return { lake: directory, book: 'live' };
}

/** Opened on the first day with $1,000 of bought credits, earned on the last. */
async function writeOperations(
  duck: DuckDBConnection,
  file: string,
  how: {
    day: number;
    customers: number;
    uuid: (number: string, kind: number) => string;
    planVersion: Id<'planVersion'>;
  },
): Promise<void> {
  const { day, customers, uuid, planVersion } = how;
  const facts =
    day === 0
      ? JSON.stringify({
          kind: 'open',
          subscriptionId: 'sub_bench',
          planVersionId: planVersion,
          period: { startMs: BENCH_START_MS, endMs: BENCH_START_MS + 30 * DAY_MS, timeZone: 'UTC' },
          priceNanoUsd: 20_000_000_000,
        })
      : JSON.stringify({ kind: 'accrue' });
  const at = BENCH_START_MS + (day === 0 ? 0 : DAYS * DAY_MS);
  const rows = day === 0 || day === DAYS - 1 ? customers : 0;
  await duck.run(`COPY (SELECT ${uuid('c', 0)} AS customer, ${day === 0 ? 1 : 900_000_000}::BIGINT AS seq, ${at}::BIGINT AS clock_ms,
      ${at}::BIGINT AS at_ms, 0::INTEGER AS ordinal, '${day === 0 ? 'open' : 'accrue'}' AS kind, NULL::UUID AS request,
      '${uuidOf(planVersion)}'::UUID AS plan_version, '${facts}' AS facts
      FROM range(${rows}) t(c)) TO '${file}' (FORMAT parquet)`);
}
