import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Child } from './child.ts';
import { processUse } from './process-cpu.ts';
import { TARGETS } from './targets.ts';
import { measure } from './measure.ts';
import { SATURATED } from './bench-case.ts';
import { whole } from './numbers.ts';

/**
 * Resident memory over many requests, read at each tenth: growth from the second tenth to the last is
 * what leaks.
 *
 *     node bench/memory.ts [--target floor] [--requests 1000000]
 */
const { values: flags } = parseArgs({
  options: {
    target: { type: 'string', default: 'floor' },
    requests: { type: 'string', default: '1000000' },
  },
});
const TENTHS = 10;
const SECONDS_PER_PIECE = 5;

const start = TARGETS.get(flags.target);
if (!start) throw new Error(`no target is called ${flags.target}`);
const results = new URL('results/', import.meta.url).pathname;
mkdirSync(results, { recursive: true });
const directory = mkdtempSync(join(results, 'memory-'));
const upstream = Child.script('upstream.ts');
const url = `http://127.0.0.1:${String(await upstream.next('port'))}`;
const target = await start({ upstreamUrl: url, directory });
const tenths: number[] = [];
let done = 0;
let wrong = 0;
try {
  for (let round = 0; tenths.length < TENTHS; round++) {
    const run = await measure({
      target,
      case: SATURATED,
      round,
      warmupSeconds: 0.2,
      seconds: SECONDS_PER_PIECE,
      upstream: { url, pid: upstream.pid },
      directory,
    });
    done += run.load.requests;
    wrong += run.load.failures + run.load.mismatches;
    const megabytes = processUse(target.pids()).residentBytes / 2 ** 20;
    while (tenths.length < Math.floor((done * TENTHS) / Number(flags.requests))) {
      tenths.push(megabytes);
      process.stdout.write(`| ${tenths.length} | ${whole(done)} | ${megabytes.toFixed(1)} |\n`);
    }
  }
  const growth = (tenths[TENTHS - 1] ?? 0) / (tenths[1] ?? 1) - 1;
  process.stdout.write(
    `${target.name}: ${whole(done)} requests, ${wrong} wrong, growth from the second to the last tenth ` +
      `${(growth * 100).toFixed(1)}%, most ${Math.max(...tenths).toFixed(1)} MB\n`,
  );
} finally {
  await target.close();
  await upstream.stop();
  rmSync(directory, { recursive: true });
}
