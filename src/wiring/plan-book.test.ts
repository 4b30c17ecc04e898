import { expect, test } from 'vitest';
import { namedId } from '#base/id.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { planTerms } from '#gateway/plan-directory.ts';
import { tally } from '#gateway/tally.ts';
import { usageOf } from '#metering/usage.ts';
import { applyOffer, undoOffer } from '#offer/apply-offer.ts';
import { loadOffer } from '#offer/load-offer.ts';
import { testDatabase } from '#testing/database.ts';
import { LiveModels } from './live-models.ts';
import { PlanBook } from './plan-book.ts';

const START_MS = Date.UTC(2026, 10, 24);
const HOUR_MS = 3_600_000;
const offerAt = (dollars: number) =>
  loadOffer(`breakeven: 1
suppliers:
  proxy: { protocol: openai-compatible, usage: groq, url: http://proxy.test/v1 }
  other: { protocol: openai-compatible, usage: cohere, url: http://other.test/v1 }
models:
  ours:
    class: standard
    context: 128000
    output: 16000
    p99: 2000
    routes: [{ supplier: proxy, model: theirs }, { supplier: other, model: else, priority: 1 }]
prices:
  proxy: { source: list, effective: 2026-01-01, models: { theirs: { input: $1, output: $2 } } }
  other: { source: list, effective: 2026-01-01, models: { else: { input: $1, output: $2 } } }
rates:
  retail:
    effective: 2026-01-01
    models:
      ours: { input: $${dollars}, output: $20, tiers: { priority: { input: $40, output: $80 } } }
plans:
  plus:
    price: $20
    classes: { standard: 1 }
    billing: metered
    tariff: prices of retail
    overage cap: $100
`);

async function world() {
  const stack = new AsyncDisposableStack();
  const { pool } = stack.use(await testDatabase());
  const clock = { atMs: START_MS, nowMs: () => clock.atMs };
  await applyOffer(pool, offerAt(10), { clock, appliedBy: 'test' });
  let catalog = await loadCatalog(pool);
  const plans = new PlanBook({ pool, catalog: () => catalog, clock });
  await plans.reload();
  const keys: ReadonlyMap<string, string> = new Map();
  const models = new LiveModels({
    catalog: () => catalog,
    plans,
    supplierKeys: () => keys,
    simulatorUrl: undefined,
    clock,
  });
  const [plan] = plans.current();
  if (plan === undefined) throw new Error('the offer has a plan');
  const subject = {
    book: 'live',
    customerId: namedId('customer', 'a'),
    subscriptionId: namedId('subscription', 'a'),
    planVersionId: plan.id,
  } as const;
  const reload = async () => {
    catalog = await loadCatalog(pool);
    await plans.reload();
  };
  return {
    pool,
    clock,
    plans,
    models,
    subject,
    reload,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('own rates charge whatever route served, by the version in force at the admission', async () => {
  await using house = await world();
  const { pool, clock, plans, models, subject, reload } = house;
  const [model] = models.candidates(subject, 'ours');
  const { basis } = planTerms(plans, subject.planVersionId);
  const usage = usageOf({ input: 1_000_000, requests: 1 });
  const chargedOn = (index: number, name: string, atMs: number, serviceTier?: string) => {
    const route = model?.routes[index];
    if (model === undefined || route === undefined) throw new Error('the model has two routes');
    const metering = { parts: [{ model: name, serviceTier, usage }], estimated: false };
    const { measurement } = tally([{ route, metering, isCharged: true }], {
      basis,
      model: model.name,
      atMs,
      outcome: 'completed',
      upstreamMs: 0,
    });
    return { ...measurement.actual };
  };
  const dollars = (charge: number) => ({ chargeNanoUsd: charge * 1e9, costNanoUsd: 1e9 });
  expect(chargedOn(0, 'theirs', clock.atMs)).toMatchObject(dollars(10));
  expect(chargedOn(1, 'else', clock.atMs)).toMatchObject(dollars(10));
  expect(chargedOn(0, 'theirs', clock.atMs, 'priority')).toMatchObject({ chargeNanoUsd: 40e9 });
  // A tier that the list does not name is charged like any other.
  expect(chargedOn(0, 'theirs', clock.atMs, 'flex')).toMatchObject({ chargeNanoUsd: 10e9 });

  clock.atMs += HOUR_MS;
  const { diff } = await applyOffer(pool, offerAt(12), { clock, appliedBy: 'test' });
  expect(diff.prices).toMatchObject([
    { supplier: 'rates/retail', model: 'ours', change: 'changed' },
  ]);
  await reload();
  clock.atMs += HOUR_MS;
  expect(chargedOn(0, 'theirs', clock.atMs)).toMatchObject(dollars(12));
  // What was admitted before pays what held then.
  expect(chargedOn(0, 'theirs', START_MS)).toMatchObject(dollars(10));

  await undoOffer(pool, { clock });
  await reload();
  expect(chargedOn(0, 'theirs', clock.atMs)).toMatchObject(dollars(10));
  await expect(undoOffer(pool, { clock })).rejects.toThrow(
    'Document 1 is the first one: there is none before it to go back to.',
  );
});

test('a compatible supplier is read in the dialect that the operator names', async () => {
  await using house = await world();
  const [model] = house.models.candidates(house.subject, 'ours');
  expect(model?.routes.map(({ supplier }) => supplier.dialect('openai-chat'))).toEqual([
    'groq',
    'cohere',
  ]);
  // A vendor behind it goes on generating when one answer is not waited for.
  expect(model?.routes[0]?.supplier.abortSaving).toBe('streams');
});
