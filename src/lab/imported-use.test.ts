import { expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '#base/random.ts';
import { importBench, IMPORT_NOW_MS } from '#lake/import/testing-import.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { DEFAULT_BEHAVIOUR } from './behaviour.ts';
import { customerId, figuresOf, lossOf, oracleOf } from './figures.ts';
import { loadTape } from './load-tape.ts';
import { planThatLoses } from './plan-that-loses.ts';
import { rowsOfPlan } from './plan-study.ts';
import { recommend } from './recommend.ts';
import { ReplayPool } from './replay-pool.ts';
import { oracleText } from './replay-scenario.ts';
import { labBasis, recordedSpec, termsOf } from './scenario.ts';

const DAY_MS = 86_400_000;

/** A plan of $20 that everybody floats but one: `whale` costs more than all others pay. */
function useOf(): string {
  const random = seededRandom(8);
  const lines = ['time,customer,model,input,output'];
  const startMs = Date.UTC(2026, 0, 1);
  for (let day = 0; day < 31; day++) {
    for (let k = 0; k < 20; k++) {
      for (let n = 0; n < (k === 0 ? 60 : 2); n++) {
        const at = new Date(startMs + day * DAY_MS + random.below(DAY_MS)).toISOString();
        const name = k === 0 ? 'whale' : `user-${k}`;
        lines.push(`${at},${name},gpt-x,${k === 0 ? 300_000 : 2000},500`);
      }
    }
  }
  return lines.join('\n');
}

it('finds the break-even of somebody who does not run the gateway', async () => {
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  const bench = await importBench(directory.path);
  const file = directory.write('use.csv', useOf());
  const imported = await bench.run([file], { plan: 'plus', idle: 5, prices: 'now' });
  const { duck, lake, deps } = bench;
  const tape = await loadTape(duck, { lake, book: 'import:march' });
  expect(tape).toMatchObject({
    events: 31 * (60 + 38),
    fromDay: '2026-01-01',
    toDay: '2026-01-31',
  });
  const { catalog, plans } = deps;
  const basis = labBasis({ tape, catalog, planVersions: plans, atMs: IMPORT_NOW_MS });
  await using pool = new ReplayPool(tape, 1);
  const recorded = await pool.replay(recordedSpec(basis));
  const rows = rowsOfPlan(basis, 'plus');
  // A whole month of 25 subscribers, and exactly the cost that was imported.
  expect(figuresOf(recorded, rows)).toMatchObject({
    subscribers: 25,
    revenue: String(25 * 20_000_000_000),
    cost: imported.costNanoUsd,
    refused: 0,
  });
  expect(lossOf(tape, recorded, rows)).toMatchObject({
    subscribersBelowZero: 1,
    causedBy: [{ customer: 'whale' }],
  });
  expect(customerId(tape, rows.at(-1) ?? 0)).toMatch(/^(user-\d+|idle \d)$/);

  // Nothing stands behind the use to compare with, and the result says so.
  const oracle = oracleOf(recorded, rows);
  expect(oracle).toMatchObject({ exact: false, compared: 0, differingDecisions: 0 });
  expect(oracleText(oracle)).toContain('no decisions are on record');

  expect(planThatLoses(basis, recorded)).toBe('plus');
  const found = await recommend(basis, pool, {
    plan: 'plus',
    bounds: { targetMargin: 0.1, harmMax: 0.05, billMax: 2 },
    behaviour: DEFAULT_BEHAVIOUR,
    seed: 1,
    fromMs: 0,
    listed: plans.map(termsOf),
  });
  expect(found.fixes[0]?.fix).toMatchObject({ fits: true, harmed: 1 });
}, 180_000);
