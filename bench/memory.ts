import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SATURATED } from './bench-case.ts';
import { Child } from './child.ts';
import type { LoadOptions, LoadResult } from './load-options.ts';
import { requestsServed, whereTo } from './measure.ts';
import { whole } from './numbers.ts';
import { processUse, treeMemoryBytes } from './process-cpu.ts';
import { newRunDirectory } from './run-directory.ts';
import type { Target } from './target.ts';
import { TARGETS } from './targets.ts';

/**
 * Resident memory over many requests under one load, read at each tenth: growth from the second tenth
 * to the last is what leaks. Counts the target's own process; PostgreSQL's is told at the end.
 *
 *     node bench/memory.ts [--target breakeven] [--requests 1000000]
 */
const { values: flags } = parseArgs({
  options: {
    target: { type: 'string', default: 'breakeven' },
    requests: { type: 'string', default: '1000000' },
  },
});
const TENTHS = 10;
const READ_EVERY_MS = 100;
const HOURS_MAX = 12;
const requests = Number(flags.requests);

async function main(): Promise<void> {
  const start = TARGETS.get(flags.target);
  if (!start) throw new Error(`no target is called ${flags.target}`);
  const directory = newRunDirectory();
  const upstream = Child.script('upstream.ts');
  const upstreamUrl = `http://127.0.0.1:${String(await upstream.next('port'))}`;
  const target = await start({ upstreamUrl, directory });
  try {
    await run(target, upstreamUrl, directory);
  } finally {
    await target.close();
    await upstream.stop();
    rmSync(directory, { recursive: true });
  }
}

async function run(target: Target, upstreamUrl: string, directory: string): Promise<void> {
  const options: LoadOptions = {
    ...whereTo(target, directory),
    connections: SATURATED.connections,
    bodyBytes: SATURATED.bodyBytes,
    stream: false,
    warmupSeconds: 0,
    seconds: HOURS_MAX * 3600,
  };
  const load = Child.script('load.ts', JSON.stringify(options));
  await load.next('measuring');
  const measured = load.next('measured') as Promise<LoadResult>;
  const tenths: number[] = [];
  while (tenths.length < TENTHS) {
    await sleep(READ_EVERY_MS);
    const served = await requestsServed(upstreamUrl);
    const megabytes = processUse(target.pids()).residentBytes / 2 ** 20;
    while (tenths.length < Math.min(TENTHS, Math.floor((served * TENTHS) / requests))) {
      tenths.push(megabytes);
      process.stdout.write(
        `| ${tenths.length} | ${whole(served)} | ${megabytes.toFixed(1)} MB |\n`,
      );
    }
  }
  await load.stop();
  await report(target, await measured, tenths, await requestsServed(upstreamUrl));
}

async function report(
  target: Target,
  result: LoadResult,
  tenths: readonly number[],
  served: number,
): Promise<void> {
  const growth = (tenths[TENTHS - 1] ?? 0) / (tenths[1] ?? 1) - 1;
  const all = treeMemoryBytes(target.pids()) / 2 ** 20;
  const checks = await target.check(served);
  const failed = checks
    .filter((check) => !check.ok)
    .map((check) => `${check.name}: ${check.detail}`);
  process.stdout.write(
    `${target.name}: ${whole(served)} requests at ${whole(result.requests / result.seconds)}/s, ` +
      `${result.failures} failed, ${result.mismatches} differ; growth from the second to the last tenth ` +
      `${(growth * 100).toFixed(1)}%, most ${Math.max(...tenths).toFixed(1)} MB, with PostgreSQL ` +
      `${all.toFixed(0)} MB; ${failed.length === 0 ? 'checks pass' : failed.join('; ')}\n`,
  );
}

await main();
