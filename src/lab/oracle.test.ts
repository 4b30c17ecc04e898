import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAdmission } from '#admission/admission-service.ts';
import { seededRandom } from '#base/random.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { sealedDays } from '#lake/lake-layout.ts';
import { openDuck } from '#lake/parquet.store.ts';
import { sealBook } from '#lake/seal-book.ts';
import { pnl } from '#economics/pnl.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import { readPlanVersions } from '#subscriptions/plans.store.ts';
import { testDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { loadDemo } from '#traffic/demo.ts';
import { LiveModels } from '#wiring/live-models.ts';
import { PlanBook } from '#wiring/plan-book.ts';
import { publishStarterOffer } from '#wiring/starter.ts';
import { loadTape } from './load-tape.ts';
import { metricOf, revenueOf } from './metrics.ts';
import { ReplayPool } from './replay-pool.ts';
import { DEFAULT_BEHAVIOUR } from './behaviour.ts';
import { groupCandidates } from './candidate-groups.ts';
import { planCandidates } from './candidates.ts';
import { byMerit } from './fix-merit.ts';
import { replayTerms, rowsOfPlan, studyOutcomes, studyPlan } from './plan-study.ts';
import { planUseOf } from './plan-use.ts';
import { recommend } from './recommend.ts';
import { sampleOf } from './sample.ts';
import { labBasis, NO_CHANGES, recordedSpec, scenarioSpec, termsOf } from './scenario.ts';
import { screen } from './screening.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 10, 30);

async function demoBooks() {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { pool, address } = database;
  const clock = { nowMs: () => NOW_MS };
  const random = seededRandom(5);
  await publishStarterOffer(pool, clock);
  const catalog = await loadCatalog(pool);
  const plans = new PlanBook({ pool, catalog: () => catalog, clock });
  await plans.reload();
  const noKeys: ReadonlyMap<string, string> = new Map();
  const models = new LiveModels({
    catalog: () => catalog,
    plans,
    supplierKeys: () => noKeys,
    simulatorUrl: 'http://127.0.0.1:1',
    clock,
  });
  const admission = createAdmission({ address, pool, plans, clock, random });
  await admission.start();
  onTestFinished(() => admission.close());
  await loadDemo(
    { pool, admission, models, plans, clock, random },
    { subscribers: 100, days: 8, calibration: 'heavy', seed: 4 },
    () => undefined,
  );
  return { pool, address, clock, catalog };
}

describe('a replay of the plan in force', () => {
  it('reproduces every decision and charge of the books, and recommends what brute force finds', async () => {
    const { pool, address, clock, catalog } = await demoBooks();
    const directory = temporaryDirectory();
    onTestFinished(() => directory[Symbol.dispose]());
    const duck = await openDuck();
    const lake = join(directory.path, 'lake');
    const deps = { address, duck, clock, lake };
    const sealed = await sealBook(deps, 'demo');
    expect(sealed.sealed.length).toBe(8);
    expect((await sealBook(deps, 'demo')).sealed).toEqual([]);
    expect(sealedDays(lake, 'demo').length).toBe(8);

    const tape = await loadTape(duck, { lake, book: 'demo' });
    const planVersions = (await readPlanVersions(pool)).map(({ body }) => parsePlanVersion(body));
    const basis = labBasis({ tape, catalog, planVersions, atMs: NOW_MS });
    await using replay = new ReplayPool(tape, 2);
    const total = (matrix: Float64Array, metric: Parameters<typeof metricOf>[2]): number =>
      tape.segments.reduce((sum, _, row) => sum + metricOf(matrix, row, metric), 0);
    const recorded = await replay.replay(recordedSpec(basis));
    expect(total(recorded, 'compared')).toBe(tape.events);
    expect(total(recorded, 'differingDecisions')).toBe(0);
    expect(total(recorded, 'differingCharges')).toBe(0);
    expect(total(recorded, 'refused')).toBeGreaterThan(100);
    expect(total(recorded, 'fellBack')).toBeGreaterThan(10);

    const books = await pnl(pool, {
      book: 'demo',
      by: 'plan',
      fromDay: '2026-01-01',
      toDay: '2027-01-01',
    });
    const revenue = tape.segments.reduce((sum, _, row) => sum + revenueOf(recorded, row), 0);
    expect(BigInt(total(recorded, 'cost'))).toBe(books.total.cost);
    expect(BigInt(revenue)).toBe(books.total.revenue);

    // A scenario that changes nothing derives nothing, and comes to the same.
    const unchanged = await replay.replay(scenarioSpec(basis, NO_CHANGES));
    expect(total(unchanged, 'cost')).toBe(total(recorded, 'cost'));
    expect(total(unchanged, 'refused')).toBe(total(recorded, 'refused'));
    expect(total(unchanged, 'derived')).toBe(0);

    // Against brute force: every candidate alone, on everybody, ranked by hand.
    const bounds = { targetMargin: 0.1, harmMax: 0.3, billMax: 2 };
    const listed = planVersions.map(termsOf);
    const options = {
      plan: 'pro',
      bounds,
      behaviour: DEFAULT_BEHAVIOUR,
      seed: 1,
      fromMs: 0,
      listed,
    };
    const found = await recommend(basis, replay, options);
    const rows = rowsOfPlan(basis, 'pro');
    const plan = planVersions.find((each) => each.plan === 'pro');
    if (plan === undefined) throw new Error('the starter offer has a plan pro');
    const study = await studyPlan(
      { ...options, basis, pool: replay, plan, rows, before: recorded },
      {},
    );
    const candidates = planCandidates(
      termsOf(plan),
      planUseOf(basis, termsOf(plan), rows, recorded),
      bounds,
    );
    expect(candidates.length).toBeGreaterThanOrEqual(200);
    const ranked: { changes: readonly string[]; rank: readonly number[] }[] = [];
    for (const { terms, changes } of candidates) {
      const after = await replayTerms(
        basis,
        replay,
        study,
        { plans: [terms], prices: [], fromMs: 0 },
        {},
      );
      const people = studyOutcomes(study, after);
      const sum = (of: (each: (typeof people)[number]) => number): number =>
        people.reduce((all, each) => all + of(each), 0);
      const stays = people.filter(({ choice }) => choice.kind === 'stay');
      const revenue = stays.reduce((all, each) => all + each.revenueAfter, 0);
      const margin = revenue - stays.reduce((all, each) => all + each.costAfter, 0);
      const least = Math.min(
        margin / revenue,
        sum((each) => each.revenueAfter - each.costAfter) / sum((each) => each.revenueAfter),
      );
      const harm = people.filter(({ isHarmed }) => isHarmed).length / people.length;
      const bill = Math.max(...people.map(({ billMultiple }) => billMultiple));
      const misses =
        Math.max(0, bounds.targetMargin - least) +
        Math.max(0, harm - bounds.harmMax) +
        Math.max(0, bill - bounds.billMax);
      ranked.push({
        changes,
        rank: [misses, harm, people.length - stays.length, -margin, changes.length],
      });
    }
    ranked.sort(
      (a, b) =>
        a.rank.map((value, i) => value - (b.rank[i] ?? 0)).find((difference) => difference !== 0) ??
        0,
    );
    expect(found.fixes[0]?.fix.changes).toEqual(ranked[0]?.changes);
    expect(found.fixes.every(({ fix }) => fix.exact)).toBe(true);

    // Giants are replayed only for what could be chosen: the ten best are those of replaying them for all.
    const sample = sampleOf(basis, rows, 1, { events: 2000, giantEvents: 1_000_000 });
    expect(sample.giants).toBeGreaterThan(1);
    const sampled = await studyPlan(
      { ...options, basis, pool: replay, plan, rows: sample.rows, before: recorded },
      {},
    );
    const trial = { basis, pool: replay, study: sampled, sample, bounds, fromMs: 0 };
    const best = async (giants: number): Promise<readonly (readonly unknown[])[]> => {
      const measured = await screen(
        { ...trial, sample: { ...sample, giants } },
        groupCandidates(candidates),
        { enough: 10, atOnce: 2, control: {}, onProgress: () => undefined },
      );
      const ranked = measured.toSorted(byMerit(bounds)).slice(0, 10);
      return ranked.map(({ fix }) => [fix.misses, fix.harmedShare, fix.margin, fix.changes.length]);
    };
    expect(await best(sample.giants)).toEqual(await best(0));
  }, 240_000);
});
