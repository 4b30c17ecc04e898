import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Id, uuidOf } from '../src/base/id.ts';
import { dayDirectory, LAKE_FORMAT } from '../src/lake/lake-layout.ts';
import { NO_CLASS, NO_NAME } from '../src/lake/replay-columns.ts';
import { replayFile, writeReplayDay } from '../src/lake/replay-file.ts';

/** A lake of so many made-up events: of a sealed day, the files that a replay reads. */
export interface BenchLake {
  readonly lake: string;
  readonly book: string;
}

export interface BenchSize {
  readonly events: number;
  readonly customers: number;
  readonly planVersion: Id<'planVersion'>;
}

export const BENCH_START_MS = Date.UTC(2026, 10, 1);
const DAYS = 28;
const DAY_MS = 86_400_000;
/** Of all events, those of the heaviest customer; the others' shares fall off as a power of their rank. */
const HEAVIEST_SHARE = 0.29;
/** Nobody sends more in four weeks: more than one a second. */
const HEAVIEST_EVENTS = 3_000_000;

/**
 * Makes events over four weeks whose heaviest customer has 29% of them (three million at most), in the proportions of long chat:
 * each is decided and settled at once, standard or fast. A lake that is there already is kept.
 */
export async function makeBenchLake(
  duck: DuckDBConnection,
  directory: string,
  size: BenchSize,
  onDay: (day: number, of: number) => void = () => undefined,
): Promise<BenchLake> {
  for (let day = 0; day < DAYS; day++) {
    onDay(day, DAYS);
    const name = new Date(BENCH_START_MS + day * DAY_MS).toISOString().slice(0, 10);
    const target = dayDirectory(directory, 'live', name);
    if (existsSync(join(target, 'seal.json'))) continue;
    mkdirSync(target, { recursive: true });
    await writeOperations(duck, join(target, 'operation.parquet'), { ...size, day });
    await writeEvents(duck, target, { ...size, day });
    const seal = { format: LAKE_FORMAT, book: 'live', day: name, fingerprint: {}, sealedAtMs: 0 };
    writeFileSync(join(target, 'seal.json'), JSON.stringify(seal));
  }
  return { lake: directory, book: 'live' };
}

/** An id that sorts as its number does. */
function uuid(number: string, kind: number): string {
  return `('00000000-0000-7000-8${kind}00-' || lpad(to_hex(${number}), 12, '0'))::UUID`;
}

async function writeEvents(
  duck: DuckDBConnection,
  target: string,
  size: BenchSize & { readonly day: number },
): Promise<void> {
  const { events, customers, day } = size;
  const from = Math.round((events * day) / DAYS);
  const to = Math.round((events * (day + 1)) / DAYS);
  const heaviest = Math.min(HEAVIEST_SHARE, HEAVIEST_EVENTS / events);
  const skew = Math.log(customers) / -Math.log(heaviest);
  await duck.run(`CREATE OR REPLACE TEMP TABLE bench_event AS
    SELECT ${uuid('customer', 0)} AS customer, * EXCLUDE (customer), ${day * SEQUENCES_A_DAY} + 2 * row_number() OVER (PARTITION BY customer ORDER BY i) AS seq FROM (
      SELECT i, least(${customers} - 1, floor(${customers} * power((hash(i) % 1000000007) / 1000000007.0, ${skew})))::BIGINT AS customer,
             ${BENCH_START_MS} + (i * ${DAYS * DAY_MS}::DOUBLE / ${events})::BIGINT AS at_ms,
             (hash(i + 7) % 4 <> 0)::INTEGER AS class,
             (200 + hash(i * 3) % 8000)::BIGINT AS input, (20 + hash(i * 5) % 900)::BIGINT AS output,
             (300 + hash(i * 11) % 9000)::BIGINT AS took
        FROM range(${from}, ${to}) t(i))`);
  await duck.run(
    `COPY (SELECT NULL::UUID AS id WHERE false) TO ${replayFile(target, 'replay-scope')} (FORMAT parquet)`,
  );
  await writeReplayDay(duck, target, {
    from: 'bench_event',
    sqlOf: ({ name }) => GIVEN[name] ?? '0',
    names: { classes: ['fast', 'standard'], models: ['sim-fast', 'sim-standard'], gates: [] },
  });
  await duck.run('DROP TABLE bench_event');
}

/** More than any customer has in a day. */
const SEQUENCES_A_DAY = 10_000_000;

/** What is not 0. */
const GIVEN: Readonly<Record<string, string>> = {
  seq: 'seq',
  endSeq: 'seq + 1',
  atMs: 'at_ms',
  settledMs: 'at_ms + took',
  classAsked: 'class',
  classServed: 'class',
  model: 'class',
  inputBound: '4 * input',
  input: 'input',
  output: 'output',
  tokens: 'input + output',
  cost: 'input * 2500 + output * 10000',
  tariff: 'input * 3000 + output * 12000',
  keyCap: '-1',
  reason: `${NO_CLASS}`,
  gate: `${NO_NAME}`,
  counted: '3',
  candidates: '1',
  class0: 'class',
  available0: '1',
  tokens0: '4 * input + 2000',
  cost0: '(4 * input + 2000) * 2500',
  charge0: '(4 * input + 2000) * 3000',
  tokens1: '4 * input',
  tokens2: '4 * input',
  tokens3: '4 * input',
  class1: `${NO_CLASS}`,
  class2: `${NO_CLASS}`,
  class3: `${NO_CLASS}`,
};

/** Opened on the first day, earned on the last. */
async function writeOperations(
  duck: DuckDBConnection,
  file: string,
  size: BenchSize & { readonly day: number },
): Promise<void> {
  const { day, customers, planVersion } = size;
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
  await duck.run(`COPY (SELECT ${uuid('c', 0)} AS customer, ${day === 0 ? 1 : DAYS * SEQUENCES_A_DAY * 2}::BIGINT AS seq, ${at}::BIGINT AS clock_ms,
      ${at}::BIGINT AS at_ms, 0::INTEGER AS ordinal, '${day === 0 ? 'open' : 'accrue'}' AS kind, NULL::UUID AS request,
      '${uuidOf(planVersion)}'::UUID AS plan_version, '${facts}' AS facts
      FROM range(${rows}) t(c)) TO '${file}' (FORMAT parquet)`);
}
