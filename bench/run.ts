import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ALL_CASES, QUICK_CASES, SATURATED, type BenchCase } from './bench-case.ts';
import { benchReport, type BenchResults } from './bench-report.ts';
import { Child } from './child.ts';
import { fsyncTime } from './fsync-time.ts';
import { measure, type MeasureOptions } from './measure.ts';
import type { Measurement } from './measurement.ts';
import { newRunDirectory, RESULTS } from './run-directory.ts';
import { TARGETS } from './targets.ts';
import type { Target } from './target.ts';

/**
 * The bench: starts the mock upstream and, in each round, the targets; loads them in turn (A B C A B C …),
 * and writes medians to `bench/results/`.
 *
 *     npm run bench -- [--quick] [--rounds 3] [--seconds 6] [--targets floor,peer] [--case "256 conn"]
 */
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    targets: { type: 'string', default: 'floor,peer,breakeven' },
    case: { type: 'string', default: '' },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 3));
const seconds = Number(flags.seconds ?? (flags.quick ? 3 : 6));
const warmupSeconds = flags.quick ? 1 : 2;
const cases = (flags.quick ? QUICK_CASES : ALL_CASES).filter((each) =>
  each.name.includes(flags.case),
);
const SETTLING_SECONDS = 20;
const directory = newRunDirectory();

async function main(): Promise<void> {
  const upstream = Child.script('upstream.ts');
  try {
    const url = `http://127.0.0.1:${String(await upstream.next('port'))}`;
    const fsyncMs = fsyncTime(directory);
    const measurements: Measurement[] = [];
    for (let round = 1; round <= rounds; round++)
      measurements.push(...(await measureRound(round, { url, pid: upstream.pid })));
    write({
      date: new Date().toISOString().slice(0, 16).replace('T', ' '),
      command: [
        'npm run bench',
        ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
      ].join(' '),
      node: process.version,
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? 'unknown',
      seconds,
      rounds,
      fsyncMs,
      measurements,
    });
  } finally {
    await upstream.stop();
    rmSync(directory, { recursive: true });
  }
}

type Upstream = MeasureOptions['upstream'];

/**
 * All cases, the targets in turn. Each round starts them anew: what compilers make of a program differs from
 * start to start by more than rounds of one start do (docs/decisions/0058-rounds-start-anew.md).
 */
async function measureRound(round: number, upstream: Upstream): Promise<Measurement[]> {
  const targets: Target[] = [];
  try {
    for (const name of flags.targets.split(',')) {
      const start = TARGETS.get(name);
      if (!start) throw new Error(`no target is called ${name}: ${[...TARGETS.keys()].join(', ')}`);
      const own = join(directory, `${name}-${round}`);
      mkdirSync(own);
      targets.push(await start({ upstreamUrl: upstream.url, directory: own }));
    }
    // Compilers and pools settle before anything counts.
    const settling = { ...SATURATED, secondsMin: SETTLING_SECONDS };
    for (const target of targets) await measureOnce(target, settling, 0, upstream);
    const measurements: Measurement[] = [];
    for (const benchCase of cases)
      for (const target of targets)
        measurements.push(await measureOnce(target, benchCase, round, upstream));
    return measurements;
  } finally {
    for (const target of targets) await target.close();
  }
}

async function measureOnce(
  target: Target,
  benchCase: BenchCase,
  round: number,
  upstream: Upstream,
): Promise<Measurement> {
  const run = await measure({
    target,
    case: benchCase,
    round,
    warmupSeconds: Math.max(warmupSeconds, benchCase.warmupSecondsMin),
    seconds: Math.max(seconds, benchCase.secondsMin),
    upstream,
    directory,
  });
  const perSecond = Math.round(run.load.requests / run.load.seconds);
  const micros = Math.round((run.cpuSeconds * 1e6) / run.load.requests);
  process.stderr.write(
    `${benchCase.name} #${round} ${target.name}: ${perSecond}/s, ${micros} µs CPU, ` +
      `p50 ${run.load.latencyMs.p50.toFixed(2)} p99 ${run.load.latencyMs.p99.toFixed(2)} ms, ` +
      `${run.load.failures} failed, ${run.load.mismatches} differ\n`,
  );
  for (const check of run.checks)
    if (!check.ok) process.stderr.write(`  ${check.name} failed: ${check.detail}\n`);
  const problem = run.load.firstProblem;
  if (problem !== null) process.stderr.write(`  first problem: ${problem}\n`);
  return run;
}

function write(all: BenchResults): void {
  const report = benchReport(all);
  writeFileSync(join(RESULTS, 'bench.json'), JSON.stringify(all, undefined, 1));
  writeFileSync(join(RESULTS, 'bench.md'), report);
  process.stdout.write(report);
}

await main();
