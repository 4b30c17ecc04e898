/**
 * The lab over made-up events: `npm run bench:lab -- [events] [customers] [lake]`. Parquet to a full
 * result (the plans in force proved, and a scenario), a replay by processor time on one thread, DuckDB
 * computing the stateless charge of the same events, and a recommendation. A lake that is named is made
 * where it is not there, and kept.
 *
 * An event is a request: one decision and its settlement.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, tmpdir } from 'node:os';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../src/base/assert.ts';
import { openDuck, rowsOf } from '../src/lake/parquet.store.ts';
import { replayFile } from '../src/lake/replay-file.ts';
import { DEFAULT_BEHAVIOUR } from '../src/lab/behaviour.ts';
import { oracleOf, sumsOf } from '../src/lab/figures.ts';
import { readWhole } from '../src/lab/load-tape.ts';
import { METRIC_COUNT } from '../src/lab/metrics.ts';
import { recommend } from '../src/lab/recommend.ts';
import { ReplayPool } from '../src/lab/replay-pool.ts';
import { ReplayRun } from '../src/lab/replay-run.ts';
import { replayScenario } from '../src/lab/replay-scenario.ts';
import { ReplayStream } from '../src/lab/replay-stream.ts';
import {
  bookBasis,
  labBasis,
  NO_CHANGES,
  recordedSpec,
  scenarioSpec,
  termsOf,
} from '../src/lab/scenario.ts';
import type { Tape } from '../src/lab/tape.ts';
import type { TapeIndex } from '../src/lab/tape-index.ts';
import { indexTape } from '../src/lab/tape.store.ts';
import { BENCH_START_MS, makeBenchLake } from './lab-lake.ts';
import { benchPlan } from './bench-plan.ts';
import { benchCatalog } from './bench-catalog.ts';

const events = Number(process.argv[2] ?? 1_000_000);
const customers = Number(process.argv[3] ?? 1000);
const kept = process.argv[4];
/** As a fifth argument: only make the lake. */
const MAKE = 'make';
/** Above it only what is read slice by slice: all of it would not fit into the memory that is allowed. */
const IN_MEMORY_MAX = 20_000_000;
/** Enough that the middle one runs compiled, also over few events. */
const ROUNDS = 11;
/** More than the plan makes as it is, so that there is something to look for. */
const TARGET_MARGIN = 0.5;
const threads = availableParallelism();
// Credits that are always there.
const plan = benchPlan({
  markupPerMille: 1200,
  tokensAWeek: 1_000_000_000_000,
  overdraftNanoUsd: 1_000_000_000_000_000,
});
const given = { catalog: benchCatalog(), planVersions: [plan], atMs: BENCH_START_MS };
const directory = kept ?? mkdtempSync(join(tmpdir(), 'breakeven-lab-'));
const table: (readonly [what: string, figure: string])[] = [];
let residentMax = 0;
let saidMs = 0;
const watch = setInterval(() => {
  residentMax = Math.max(residentMax, process.memoryUsage.rss());
}, 100);

if (process.argv[5] === MAKE) {
  await makeLake();
  process.exit();
}
try {
  // In a process of its own: what it takes is not the lab's.
  const [script = ''] = process.argv.slice(1);
  const sizes = [String(events), String(customers), directory, MAKE];
  const making = spawn(process.execPath, [script, ...sizes], { stdio: 'inherit' });
  const [code] = (await once(making, 'exit')) as [number | null];
  assert(code === 0, 'the lake is made');
  residentMax = 0;
  const duck = await openDuck({
    threads,
    memoryLimit: '1GB',
    spillDirectory: join(directory, 'spill'),
  });
  const index = await fullResult(duck);
  await statelessCharge(index);
  if (events <= IN_MEMORY_MAX) {
    const tape = await timed('Parquet to columns in memory', () => readWhole(index));
    replayRates(tape);
    await recommendation(tape);
  }
  row('resident at most', gibibytes(residentMax));
  print();
} finally {
  clearInterval(watch);
  if (kept === undefined) rmSync(directory, { recursive: true, force: true });
}

async function makeLake(): Promise<void> {
  const duck = await openDuck({
    threads,
    memoryLimit: '2GB',
    spillDirectory: join(directory, 'spill'),
  });
  await makeBenchLake(duck, directory, { events, customers, planVersion: plan.id }, (day, of) =>
    progress(`making the lake: day ${day} of ${of}`),
  );
}

/** As the engine does it for a book that it does not keep in memory. */
async function fullResult(duck: Awaited<ReturnType<typeof openDuck>>): Promise<TapeIndex> {
  const started = meter();
  const index = await timed('who is in the book', () =>
    indexTape(duck, { lake: directory, book: 'live' }),
  );
  const basis = bookBasis({ ...given, tape: index });
  await using replays = new ReplayStream(index, threads);
  const terms = termsOf(plan);
  const changed = {
    ...terms,
    gates: terms.gates.map((gate, i) => (i === 0 ? { ...gate, limit: 80_000 } : gate)),
  };
  const result = await timed('plans in force and scenario, from Parquet', () =>
    replayScenario(basis, replays, {
      changes: { plans: [changed], prices: [] },
      listed: [changed],
      behaviour: DEFAULT_BEHAVIOUR,
      seed: 1,
      fromMs: 0,
      onProgress: (text, done, of) => progress(`${text}: ${done} of ${of} customers`),
    }),
  );
  row('Parquet to full result', started());
  row('resident at most, up to there', gibibytes(residentMax));
  progress(result.text.split('\n')[1] ?? '');
  return index;
}

async function statelessCharge({ days }: TapeIndex): Promise<void> {
  const one = await openDuck({ threads: 1 });
  const parts = days.map(
    ({ directory, day }) =>
      `SELECT sum((cost::BIGINT + ${day.columns['cost']?.base ?? 0}) * 1200 // 1000) AS charge FROM read_parquet(${replayFile(directory, 'replay')})`,
  );
  await timed('DuckDB, one thread: only the stateless charge', () =>
    rowsOf(one, `SELECT sum(charge) FROM (${parts.join(' UNION ALL ')})`),
  );
}

/** By processor time, on this thread alone, so that what else the machine does counts little. */
function replayRates(tape: Tape): void {
  const basis = labBasis({ ...given, tape });
  const specs = [
    ['a scenario', scenarioSpec(basis, NO_CHANGES)],
    ['the plans in force, compared with the books', recordedSpec(basis)],
  ] as const;
  for (const [name, spec] of specs) {
    const rates: number[] = [];
    const matrix = new Float64Array(tape.segments.length * METRIC_COUNT);
    for (let round = 0; round < ROUNDS; round++) {
      progress(`replaying ${name}: round ${round} of ${ROUNDS}`);
      const run = new ReplayRun(tape, spec, matrix.fill(0));
      const before = cpuSeconds();
      for (let k = 0; k < tape.customers.length; k++) run.customer(k);
      rates.push(tape.events / (cpuSeconds() - before) / 1e6);
    }
    rates.sort((a, b) => a - b);
    const rows = tape.segments.map((_, each) => each);
    row(
      `replay of ${name}, one thread`,
      `${(rates[Math.floor(ROUNDS / 2)] ?? 0).toFixed(2)} M events/s of processor time (best ${(rates.at(-1) ?? 0).toFixed(2)}); ${sumsOf(matrix, rows)('creditPaid')} paid by credits`,
    );
    if (spec.recorded) progress(JSON.stringify(oracleOf(matrix, rows)));
  }
}

async function recommendation(tape: Tape): Promise<void> {
  const basis = labBasis({ ...given, tape });
  await using pool = new ReplayPool(tape, threads);
  const found = await timed('recommendation', () =>
    recommend(basis, pool, {
      plan: 'bench',
      bounds: { targetMargin: TARGET_MARGIN, harmMax: 0.1, billMax: 2 },
      behaviour: DEFAULT_BEHAVIOUR,
      seed: 1,
      fromMs: 0,
      listed: [termsOf(plan)],
      onProgress: (text, done, of) => progress(`${text}: ${done} of ${of}`),
    }),
  );
  const [best] = found.fixes;
  row(
    'recommended',
    `of ${found.candidates} candidates, screened on ${found.sampled} of ${tape.segments.length} subscribers: ${best?.fix.changes.join('; ') ?? ''}${best?.fix.fits === true ? '' : ` (misses ${best?.fix.misses.join(', ') ?? ''})`}`,
  );
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  progress(what);
  const took = meter();
  const result = await work();
  row(what, took());
  return result;
}

/** What was taken since: by the clock, and of all threads' processor time. */
function meter(): () => string {
  const started = performance.now();
  const before = cpuSeconds();
  return () => {
    const cpu = cpuSeconds() - before;
    return `${((performance.now() - started) / 1000).toFixed(1)} s (${cpu.toFixed(1)} s of processor time, ${((cpu / events) * 1e6).toFixed(2)} µs an event)`;
  };
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** A line a second at most, so that a pipe is not flooded. */
function progress(text: string): void {
  if (performance.now() - saidMs < 1000) return;
  saidMs = performance.now();
  process.stderr.write(`${text}\n`);
}

function row(what: string, figure: string): void {
  table.push([what, figure]);
  process.stderr.write(`${what}: ${figure}\n`);
}

function print(): void {
  const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const lines = [
    `${events.toLocaleString('en')} events of ${customers.toLocaleString('en')} customers; Node ${process.version}, ${threads} × ${cpu}, ${new Date().toISOString().slice(0, 10)}`,
    '',
    '| what | figure |',
    '|---|---|',
    ...table.map(([what, figure]) => `| ${what} | ${figure} |`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
