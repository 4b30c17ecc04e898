import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from './bench-case.ts';
import { Child } from './child.ts';
import type { LoadOptions, LoadResult } from './load-options.ts';
import type { Measurement } from './measurement.ts';
import { processUse, treeMemoryBytes } from './process-cpu.ts';
import type { Target } from './target.ts';

export interface MeasureOptions {
  readonly target: Target;
  readonly case: BenchCase;
  readonly round: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  readonly upstream: { readonly url: string; readonly pid: number };
  /** For the files that the load generator reads. */
  readonly directory: string;
}

/** Loads a target once. @throws Error where the load generator fails or nothing is answered */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { target, upstream } = options;
  const { delayMs, gapMs } = options.case;
  await fetch(`${upstream.url}/pace`, { method: 'PUT', body: JSON.stringify({ delayMs, gapMs }) });
  const servedBefore = await requestsServed(upstream.url);
  const load = Child.script('load.ts', JSON.stringify(loadOptions(options)));
  await load.next('measuring');
  const read = () => ({
    target: processUse(target.pids()),
    load: processUse([load.pid]),
    upstream: processUse([upstream.pid]),
  });
  const before = read();
  const used = load.next('measured');
  // The generator ends right after its last word: its own use is read a little before.
  const last = await lastReading(used, read);
  const result = (await used) as LoadResult;
  const after = processUse(target.pids());
  await load.exited();
  if (result.requests === 0)
    throw new Error(`${target.name} answered nothing: ${result.firstProblem ?? 'too slow'}`);
  return {
    target: target.name,
    case: options.case,
    round: options.round,
    load: result,
    cpuSeconds: after.cpuSeconds - before.target.cpuSeconds,
    residentBytes: after.residentBytes,
    treeBytes: treeMemoryBytes(target.pids()),
    generatorCpuSeconds: last.load.cpuSeconds - before.load.cpuSeconds,
    upstreamCpuSeconds: last.upstream.cpuSeconds - before.upstream.cpuSeconds,
    checks: await target.check((await requestsServed(upstream.url)) - servedBefore),
  };
}

/** How many requests the mock upstream has had. */
export async function requestsServed(upstreamUrl: string): Promise<number> {
  const counts = (await (await fetch(`${upstreamUrl}/count`)).json()) as { requests: number };
  return counts.requests;
}

const READ_EVERY_MS = 500;

async function lastReading<Reading>(
  until: Promise<unknown>,
  read: () => Reading,
): Promise<Reading> {
  let reading = read();
  const timer = setInterval(() => {
    reading = read();
  }, READ_EVERY_MS);
  await until.finally(() => clearInterval(timer));
  return reading;
}

function loadOptions({
  target,
  case: { connections, bodyBytes, stream },
  warmupSeconds,
  seconds,
  directory,
}: MeasureOptions): LoadOptions {
  return {
    ...whereTo(target, directory),
    connections,
    bodyBytes,
    stream,
    warmupSeconds,
    seconds,
  };
}

/** Where a target takes load, with its headers in a file. */
export function whereTo(
  target: Target,
  directory: string,
): Pick<LoadOptions, 'url' | 'path' | 'model' | 'headersFile'> {
  const headersFile = join(directory, `${target.name}-headers.json`);
  writeFileSync(headersFile, JSON.stringify(target.headers));
  return { url: target.url, path: target.path, model: target.model, headersFile };
}
