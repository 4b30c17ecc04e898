/**
 * The lab over made-up events: `node bench/lab.ts [events] [customers]`. From Parquet to columns, a
 * replay of a plan of two windows, an allowance and credits on one thread and on all, DuckDB computing
 * the stateless charge of the same events, and a recommendation.
 */
import { availableParallelism, tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { idFromUuid } from '../src/base/id.ts';
import { openDuck, rowsOf } from '../src/lake/parquet.store.ts';
import { DEFAULT_BEHAVIOUR } from '../src/lab/behaviour.ts';
import { sumRows } from '../src/lab/figures.ts';
import { loadTape } from '../src/lab/load-tape.ts';
import { recommend } from '../src/lab/recommend.ts';
import { ReplayPool } from '../src/lab/replay-pool.ts';
import { labBasis, NO_CHANGES, scenarioSpec, termsOf } from '../src/lab/scenario.ts';
import { starterOffer } from '../src/offer/starter-offer.ts';
import { Catalog } from '../src/catalog/catalog.ts';
import { PriceBook } from '../src/catalog/price-book.ts';
import type { Id } from '../src/base/id.ts';
import { parsePlanVersion } from '../src/plans/plan-schema.ts';
import { BENCH_START_MS, makeBenchLake } from './lab-lake.ts';

const events = Number(process.argv[2] ?? 1_000_000);
const customers = Number(process.argv[3] ?? 1000);
const ROUNDS = Number(process.argv[4] ?? 3);
const PLAN_UUID = '019a0000-0000-7000-8000-000000000001';
const planVersionId = idFromUuid('planVersion', PLAN_UUID);
const plan = parsePlanVersion({
  id: planVersionId,
  plan: 'bench',
  version: 1,
  displayName: 'Bench',
  listed: true,
  priceNanoUsd: 20_000_000_000,
  period: 'month',
  seatsMax: 1,
  classes: [
    { name: 'standard', weightMilli: 1000 },
    { name: 'fast', weightMilli: 250 },
  ],
  billing: 'included',
  tariff: { kind: 'markup', perMille: 1200 },
  gates: [
    {
      id: 'messages-3h',
      unit: 'messages',
      window: { kind: 'rolling', seconds: 10_800 },
      scope: 'customer',
      classes: [],
      limit: 160_000,
      whenFull: { do: 'credits' },
    },
    {
      id: 'tokens-week',
      unit: 'tokens',
      window: { kind: 'calendar', unit: 'week' },
      scope: 'customer',
      classes: [],
      limit: 1_000_000_000_000,
      whenFull: { do: 'refuse' },
    },
  ],
  credits: { perPeriodNanoUsd: 5_000_000_000, rollover: { kind: 'none' } },
  overageCapNanoUsd: 0,
  overdraftNanoUsd: 1_000_000_000_000_000,
  queueClass: 'standard',
});

const offer = starterOffer();
const catalog = new Catalog({
  ...offer,
  version: 1,
  prices: new PriceBook(
    offer.prices.map((price) => ({ ...price, id: 'prv_bench' as Id<'priceVersion'> })),
    offer.priceNames,
  ),
});

const out = (text: string): void => void process.stdout.write(`${text}\n`);
const directory = mkdtempSync(join(process.env['TMPDIR'] ?? tmpdir(), 'breakeven-lab-'));
try {
  const duck = await openDuck({
    threads: 2,
    memoryLimit: '8GB',
    spillDirectory: join(directory, 'spill'),
  });
  await timed(`making ${events.toLocaleString('en')} events of ${customers} customers`, () =>
    makeBenchLake(duck, directory, { events, customers, planVersion: planVersionId }),
  );
  const tape = await timed('Parquet to columns', () =>
    loadTape(duck, { lake: directory, book: 'live' }),
  );
  const basis = labBasis({ tape, catalog, planVersions: [plan], atMs: BENCH_START_MS });
  const spec = scenarioSpec(basis, NO_CHANGES);
  const rows = tape.segments.map((_, row) => row);
  for (const threads of [1, availableParallelism()]) {
    await using pool = new ReplayPool(tape, threads);
    await pool.replay(spec);
    const rates: number[] = [];
    let matrix: Float64Array = new Float64Array();
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      matrix = await pool.replay(spec);
      rates.push(events / ((performance.now() - started) / 1000) / 1e6);
    }
    rates.sort((a, b) => a - b);
    out(
      `replay on ${threads} thread(s): ${(rates[Math.floor(rates.length / 2)] ?? 0).toFixed(2)} M events/s; ${sumRows(matrix, rows, 'served')} served, ${sumRows(matrix, rows, 'creditPaid')} by credits, cost ${sumRows(matrix, rows, 'cost')}`,
    );
  }
  const one = await openDuck({ threads: 1 });
  await timed('DuckDB, one thread: the stateless charge', () =>
    rowsOf(
      one,
      `SELECT sum(cost * 1200 // 1000) AS charge FROM read_parquet('${directory}/book=live/*/usage.parquet')`,
    ),
  );
  if (process.argv[5] !== 'no-recommend') {
    await using pool = new ReplayPool(tape, availableParallelism());
    const found = await timed('recommendation', () =>
      recommend(basis, pool, {
        plan: 'bench',
        bounds: { targetMargin: 0.1, harmMax: 0.1, billMax: 2 },
        behaviour: DEFAULT_BEHAVIOUR,
        seed: 1,
        fromMs: 0,
        listed: [termsOf(plan)],
      }),
    );
    out(
      `${found.candidates} candidates on ${found.sampled} of ${rows.length} subscribers; best: ${JSON.stringify(found.fixes[0]?.fix.changes)}`,
    );
  }
  const memory = process.memoryUsage();
  out(`resident ${(memory.rss / 2 ** 30).toFixed(2)} GiB`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  out(`${what}: ${((performance.now() - started) / 1000).toFixed(2)} s`);
  return result;
}
