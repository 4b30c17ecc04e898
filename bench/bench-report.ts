import { bars } from './bars.ts';
import type { BenchCase } from './bench-case.ts';
import { fixedMs as ms, whole } from './numbers.ts';
import { mediansOf, type Measurement, type Medians } from './measurement.ts';
import type { Summary } from './samples.ts';

export interface BenchResults {
  readonly date: string;
  readonly command: string;
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  readonly seconds: number;
  readonly rounds: number;
  /** One block of 8 KB made durable on the disk of the books. */
  readonly fsyncMs: Summary;
  readonly measurements: readonly Measurement[];
}

/** A report in Markdown: the bars first, then every case. */
export function benchReport(results: BenchResults): string {
  return [
    `${results.date}, \`${results.command}\`, Node ${results.node}, ${results.cores} cores of ${results.cpu}, ` +
      `${results.rounds} interleaved rounds of ${results.seconds} s, medians. One block made durable ` +
      `(write and fdatasync of 8 KB): p50 ${ms(results.fsyncMs.p50)}, p99 ${ms(results.fsyncMs.p99)}.`,
    '',
    ...barTable(results.measurements),
    '',
    ...caseTable(results.measurements),
    '',
  ].join('\n');
}

function barTable(all: readonly Measurement[]): string[] {
  const rows = bars(all);
  if (rows.length === 0) return ['No bar: Breakeven was not measured beside floor and peer.'];
  return [
    '| what | bar | reached | |',
    '|---|---|---|---|',
    ...rows.map(
      (row) => `| ${row.what} | ${row.bar} | ${row.reached} | ${row.ok ? 'met' : '**missed**'} |`,
    ),
  ];
}

function caseTable(all: readonly Measurement[]): string[] {
  const cases = new Map(all.map((run) => [run.case.name, run.case]));
  const targets = [...new Set(all.map((run) => run.target))];
  const lines = [
    '| case | target | requests/s | CPU µs/request | CPU µs/chunk | p50 | p90 | p99 | first byte p50 | p99 | gap p99 | RSS MB | all MB | generator cores | wrong |',
    '|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
  ];
  for (const benchCase of cases.values())
    for (const target of targets) {
      const medians = mediansOf(all, target, benchCase);
      if (medians) lines.push(caseRow(benchCase, target, medians));
    }
  return lines;
}

function caseRow(benchCase: BenchCase, target: string, medians: Medians): string {
  const wrong = medians.failures + medians.mismatches + medians.failedChecks.length;
  const cells = [
    benchCase.name,
    target,
    whole(medians.requestsPerSecond),
    whole(medians.cpuMicrosPerRequest),
    benchCase.stream ? medians.cpuMicrosPerChunk.toFixed(1) : '',
    ms(medians.latencyP50Ms),
    ms(medians.latencyP90Ms),
    ms(medians.latencyP99Ms),
    ms(medians.firstByteP50Ms),
    ms(medians.firstByteP99Ms),
    benchCase.stream ? ms(medians.gapP99Ms) : '',
    whole(medians.residentMb),
    whole(medians.treeMb),
    medians.generatorCores.toFixed(2),
    `${wrong}`,
  ];
  return `| ${cells.join(' | ')} |`;
}
