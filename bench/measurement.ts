import type { BenchCase } from './bench-case.ts';
import type { LoadResult } from './load-options.ts';
import { median } from './samples.ts';
import type { TargetCheck } from './target.ts';

/** One target under one case, once. */
export interface Measurement {
  readonly target: string;
  readonly case: BenchCase;
  readonly round: number;
  readonly load: LoadResult;
  /** CPU of the target's processes while the load was measured. */
  readonly cpuSeconds: number;
  /** Of the target's root process, and of all its processes. */
  readonly residentBytes: number;
  readonly treeBytes: number;
  readonly generatorCpuSeconds: number;
  readonly upstreamCpuSeconds: number;
  readonly checks: readonly TargetCheck[];
}

/** The medians of a target's rounds under one case. */
export interface Medians {
  readonly rounds: number;
  readonly requestsPerSecond: number;
  readonly cpuMicrosPerRequest: number;
  /** Only of streams. */
  readonly cpuMicrosPerChunk: number;
  readonly latencyP50Ms: number;
  readonly latencyP90Ms: number;
  readonly latencyP99Ms: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  readonly gapP50Ms: number;
  readonly gapP99Ms: number;
  readonly residentMb: number;
  readonly treeMb: number;
  /** Share of one core that the load generator itself used. */
  readonly generatorCores: number;
  readonly failures: number;
  readonly mismatches: number;
  readonly failedChecks: readonly string[];
}

/** @returns `undefined` where nothing was measured */
export function mediansOf(
  all: readonly Measurement[],
  target: string,
  benchCase: BenchCase,
): Medians | undefined {
  const runs = all.filter((run) => run.target === target && run.case.name === benchCase.name);
  if (runs.length === 0) return undefined;
  const of = (value: (run: Measurement) => number) => median(runs.map(value));
  return {
    rounds: runs.length,
    requestsPerSecond: of((run) => run.load.requests / run.load.seconds),
    cpuMicrosPerRequest: of((run) => (run.cpuSeconds * 1e6) / run.load.requests),
    cpuMicrosPerChunk: of((run) => (run.cpuSeconds * 1e6) / run.load.chunks),
    latencyP50Ms: of((run) => run.load.latencyMs.p50),
    latencyP90Ms: of((run) => run.load.latencyMs.p90),
    latencyP99Ms: of((run) => run.load.latencyMs.p99),
    firstByteP50Ms: of((run) => run.load.firstByteMs.p50),
    firstByteP99Ms: of((run) => run.load.firstByteMs.p99),
    gapP50Ms: of((run) => run.load.gapMs.p50),
    gapP99Ms: of((run) => run.load.gapMs.p99),
    residentMb: Math.max(...runs.map((run) => run.residentBytes)) / 2 ** 20,
    treeMb: Math.max(...runs.map((run) => run.treeBytes)) / 2 ** 20,
    generatorCores: of((run) => run.generatorCpuSeconds / run.load.seconds),
    failures: runs.reduce((sum, run) => sum + run.load.failures, 0),
    mismatches: runs.reduce((sum, run) => sum + run.load.mismatches, 0),
    failedChecks: runs.flatMap((run) =>
      run.checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`),
    ),
  };
}
