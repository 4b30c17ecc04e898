import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { audit } from '#ledger/audit.ts';
import { heldRequests } from '#admission/held-requests.ts';
import { Catalog } from '#catalog/catalog.ts';
import { PriceBook } from '#catalog/price-book.ts';
import { openDuck } from '#lake/parquet.store.ts';
import { sealBook } from '#lake/seal-book.ts';
import { loadTape } from '#lab/load-tape.ts';
import { METRIC, METRIC_COUNT, metricOf, revenueOf } from '#lab/metrics.ts';
import { ReplayPool } from '#lab/replay-pool.ts';
import { ReplayStream } from '#lab/replay-stream.ts';
import { bookBasis, labBasis, NO_CHANGES, recordedSpec, scenarioSpec } from '#lab/scenario.ts';
import {
  OP_DECIDE,
  OP_LIFECYCLE,
  OP_SETTLE,
  opKind,
  opOf,
  opRef,
  sharedIntegers,
  type Tape,
} from '#lab/tape.ts';
import { indexTape } from '#lab/tape.store.ts';
import { testDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { fillBooks } from './lab-books.ts';

/** `BREAKEVEN_LAB_PLANS=1000` for the long run, `BREAKEVEN_SIMULATION_SEED` for another one. */
const plans = Number(process.env['BREAKEVEN_LAB_PLANS'] ?? 150);
const seed = Number(process.env['BREAKEVEN_SIMULATION_SEED'] ?? 1);
const NO_CATALOG = new Catalog({
  suppliers: [],
  models: [],
  routes: [],
  prices: new PriceBook([]),
  version: 1,
});

it(
  `replays the books of ${plans} random plans exactly: decisions, payers, revenue`,
  async () => {
    await using database = await testDatabase();
    const { planVersions, endMs } = await fillBooks(database, {
      customers: plans,
      rounds: 60,
      seed,
    });
    expect((await audit(database.pool, { book: 'test', readHolds: heldRequests })).ok).toBe(true);
    const directory = temporaryDirectory();
    onTestFinished(() => directory[Symbol.dispose]());
    const duck = await openDuck();
    const lake = join(directory.path, 'lake');
    const clock = { nowMs: () => endMs };
    await sealBook({ address: database.address, duck, clock, lake }, 'test');
    const tape = await loadTape(duck, { lake, book: 'test' });
    const basis = labBasis({ tape, catalog: NO_CATALOG, planVersions, atMs: endMs });
    await using pool = new ReplayPool(tape, 2);
    const recorded = await pool.replay(recordedSpec(basis));
    // A slice of customers at a time, straight from the lake, comes to the same; so does what is sent again.
    const index = await indexTape(duck, { lake, book: 'test' });
    const book = bookBasis({ tape: index, catalog: NO_CATALOG, planVersions, atMs: endMs });
    await using stream = new ReplayStream(index, 2, 300);
    const deferring = { ...NO_CHANGES, deferredShare: 0.5 };
    const [sliced, again] = await Promise.all([
      stream.replay(recordedSpec(book)),
      stream.replay(scenarioSpec(book, deferring)),
    ]);
    // And so does a customer's time in parts, whatever is open, to be sent again or given back between them.
    await using parted = new ReplayStream(index, 2, 17);
    const [inParts, againInParts] = await Promise.all([
      parted.replay(recordedSpec(book)),
      parted.replay(scenarioSpec(book, deferring)),
    ]);
    expect(Math.max(...index.eventsOf)).toBeGreaterThan(2 * 17);
    expect(inParts).toEqual(recorded);
    expect(againInParts).toEqual(again);
    expect(index.segments).toEqual(tape.segments);
    expect(sliced).toEqual(recorded);
    expect(again).toEqual(await pool.replay(scenarioSpec(basis, deferring)));
    // What is lived through in stretches comes to what its requests come to one by one.
    await using single = new ReplayPool(oneByOne(tape), 2);
    expect(await single.replay(recordedSpec(basis))).toEqual(recorded);
    expect(await single.replay(scenarioSpec(basis, deferring))).toEqual(again);
    const wrong = tape.segments
      .map(({ customer, planVersionId }, row) => ({
        customer: tape.customers[customer],
        decisions: metricOf(recorded, row, 'differingDecisions'),
        charges: metricOf(recorded, row, 'differingCharges'),
        plan: planVersions.find(({ id }) => id === planVersionId),
      }))
      .filter(({ decisions, charges }) => decisions + charges > 0);
    expect(wrong.slice(0, 3)).toEqual([]);
    const total = (metric: keyof typeof METRIC): number =>
      tape.segments.reduce(
        (sum, _, row) => sum + (recorded[row * METRIC_COUNT + METRIC[metric]] ?? 0),
        0,
      );
    // What several gates over everyone had to do with a refusal is on no record: not compared, not hidden.
    expect(total('compared') + total('uncomparable')).toBe(tape.events);
    expect(total('compared')).toBeGreaterThan(0.6 * tape.events);
    expect(total('refused')).toBeGreaterThan(plans / 4);
    expect(total('overrun')).toBeGreaterThan(0);
    const unknown = new Set(
      tape.segments
        .filter((_, row) => metricOf(recorded, row, 'uncomparable') > 0)
        .map(({ customer }) => customer),
    );
    const known = tape.segments.flatMap(({ customer }, row) =>
      unknown.has(customer) ? [] : [row],
    );
    const customers = known.map((row) => tape.customers[tape.segments[row]?.customer ?? 0]);
    const { rows } = await database.pool.query<{ revenue: string; cost: string }>(
      `SELECT (SELECT sum(paid_bought + paid_overage) FROM usage_rollup WHERE book = 'test' AND customer = ANY ($1))
          + (SELECT sum(subscription + breakage - refunded) FROM revenue_rollup WHERE book = 'test' AND customer = ANY ($1)) AS revenue,
            (SELECT sum(cost) FROM usage_rollup WHERE book = 'test' AND customer = ANY ($1)) AS cost`,
      [customers],
    );
    const revenue = known.reduce((sum, row) => sum + revenueOf(recorded, row), 0);
    expect(String(revenue)).toBe(rows[0]?.revenue);
    const cost = known.reduce((sum, row) => sum + metricOf(recorded, row, 'cost'), 0);
    expect(String(cost)).toBe(rows[0]?.cost);
  },
  Math.max(300_000, plans * 2000),
);

/** The same tape, on which no request ends at once: each is decided, and then it ends. */
function oneByOne(tape: Tape): Tape {
  const ops: number[] = [];
  const opStarts = Array.from(tape.opStarts, () => 0);
  for (let k = 0; k + 1 < tape.opStarts.length; k++) {
    for (const op of tape.ops.subarray(tape.opStarts[k], tape.opStarts[k + 1])) {
      if (opKind(op) === OP_LIFECYCLE)
        ops.push(opOf(OP_DECIDE, opRef(op)), opOf(OP_SETTLE, opRef(op)));
      else ops.push(op);
    }
    opStarts[k + 1] = ops.length;
  }
  return { ...tape, ops: sharedIntegers(ops), opStarts: sharedIntegers(opStarts) };
}
