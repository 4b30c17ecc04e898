import type { Pool } from 'pg';
import { onTestFinished } from 'vitest';
import { createAdmission } from '#admission/admission-service.ts';
import { seededRandom } from '#base/random.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { testDatabase } from '#testing/database.ts';
import { LiveModels } from './live-models.ts';
import { PlanBook } from './plan-book.ts';
import { publishStarterOffer } from './starter.ts';
import type { DemoDeps } from '#traffic/demo.ts';

/** The instant at which demos are loaded in tests. */
export const NOW_MS = Date.UTC(2026, 10, 24, 10, 30);

/** What a demo is loaded into: the starter offer on a new database, until the test ends. */
export async function demoWorld() {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { pool, address } = database;
  const clock = { nowMs: () => NOW_MS };
  const random = seededRandom(11);
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
  const deps: DemoDeps = { pool, admission, models, plans, clock, random };
  return { deps, pool, admission, plans };
}

/** How many rows of the demo's there are. */
export async function demoRows(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM customer WHERE book = 'demo') + (SELECT count(*) FROM account WHERE book = 'demo')
          + (SELECT count(*) FROM decision WHERE book = 'demo') + (SELECT count(*) FROM usage_event WHERE book = 'demo')
          + (SELECT count(*) FROM transfer WHERE book = 'demo') + (SELECT count(*) FROM usage_rollup WHERE book = 'demo') AS count`,
  );
  return rows[0]?.count ?? -1;
}
