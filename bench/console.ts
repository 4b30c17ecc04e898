/**
 * How fast the server answers the console over a big book: the waterline, and one plan's whole curve.
 *
 * Usage: npm run bench:console [-- SUBSCRIBERS DAYS]
 */
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtempSync } from 'node:fs';
import { Pool } from 'pg';
import { ControlClient } from '../src/cli/control-client.ts';
import { readConfig } from '../src/config.ts';
import { startBreakeven } from '../src/main.ts';
import { processUse } from './process-cpu.ts';

const [subscribers = 50_000, days = 30] = process.argv.slice(2).map(Number);
const RUNS = 5;
const SEED = 0.42;

const directory = mkdtempSync(join(tmpdir(), 'breakeven-console-'));
const config = readConfig({
  PORT: '0',
  DATA_DIR: directory,
  BREAKEVEN_LOG_LEVEL: 'warn',
  BREAKEVEN_WEB: 'off',
});
const running = await startBreakeven(config);
try {
  const pool = new Pool({ connectionString: running.where.databaseUrl, max: 1 });
  await seed(pool);
  await pool.end();
  await using door = new ControlClient(directory);
  const { secret } = await door.call<{ secret: string }>('POST', '/operators', {
    name: 'bench',
    role: 'owner',
  });
  const load = loadavg().map((value) => value.toFixed(1));
  console.log(`${subscribers} subscribers × ${days} days; load ${load.join(' ')}`);
  for (const path of [
    '/api/console/overview',
    '/api/console/plans/pro',
    '/api/console/plans/pro/subscribers?sort=margin&limit=100',
    '/api/console/customers?sort=cost&limit=100',
  ]) {
    await measure(`${running.where.url}${path}`, path, secret);
  }
} finally {
  await running.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function measure(url: string, path: string, secret: string): Promise<void> {
  const times: number[] = [];
  const cpus: number[] = [];
  let bytes = 0;
  for (let run = 0; run <= RUNS; run++) {
    const cpuFrom = cpuSeconds();
    const from = performance.now();
    const answer = await fetch(`${url}${url.includes('?') ? '&' : '?'}book=demo`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    bytes = text.length;
    times.push(performance.now() - from);
    cpus.push((cpuSeconds() - cpuFrom) * 1000);
    // Past the moment in which the open days are not read again.
    await new Promise((resolve) => {
      setTimeout(resolve, 1_100);
    });
  }
  const [first = 0, ...rest] = times;
  console.log(
    `${path.padEnd(60)} first ${first.toFixed(0)} ms, then median ${median(rest).toFixed(0)} ms (${median(cpus.slice(1)).toFixed(0)} ms of CPU), ${(bytes / 1024).toFixed(0)} KB`,
  );
}

/** Of this process and of PostgreSQL: what a busy machine cannot lengthen. */
function cpuSeconds(): number {
  return processUse([process.pid]).cpuSeconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Rollups as months of use leave them, written day by day, heavy-tailed. */
async function seed(pool: Pool): Promise<void> {
  await pool.query(`SELECT setseed(${SEED})`);
  await pool.query('SET statement_timeout = 0');
  await pool.query(
    `CREATE TEMP TABLE seeded AS
       SELECT gen_random_uuid() AS customer, v.id AS plan_version,
              (v.body->>'priceNanoUsd')::bigint AS price, exp(random() * 7) AS weight, i
         FROM generate_series(1, $1::int) i
         JOIN (SELECT c.*, row_number() OVER (ORDER BY plan) - 1 AS n, count(*) OVER () AS plans
                 FROM (SELECT p.plan, p.plan_version_id AS id, b.body FROM plan_current p
                         JOIN plan_version b ON b.id = p.plan_version_id) c) v ON v.n = i % v.plans`,
    [subscribers],
  );
  await pool.query(
    `INSERT INTO customer (book, id, name) SELECT 'demo', customer, 'Subscriber ' || i FROM seeded`,
  );
  for (let ago = days - 1; ago >= 0; ago--) {
    await pool.query(
      `INSERT INTO usage_rollup SELECT 'demo', customer, (now() AT TIME ZONE 'UTC')::date - $1::int, plan_version,
              'sim-standard', 1 + (weight / 3)::bigint, 0, (weight * 4000)::bigint, (weight * 500)::bigint,
              (weight * 12000000)::bigint, 0, 0, 0, 0, 0, 0 FROM seeded`,
      [ago],
    );
    await pool.query(
      `INSERT INTO revenue_rollup SELECT 'demo', customer, (now() AT TIME ZONE 'UTC')::date - $1::int, plan_version,
              price / 30, 0, 0 FROM seeded`,
      [ago],
    );
  }
  await pool.query('VACUUM ANALYZE usage_rollup');
  await pool.query('VACUUM ANALYZE revenue_rollup');
}
