import type { Pool } from 'pg';
import { describe, expect, test } from 'vitest';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { importPrices } from '#catalog/import-prices.ts';
import { readGenaiPrices } from '#catalog/genai-prices.ts';
import { readPlanVersions } from '#subscriptions/plans.store.ts';
import { testDatabase } from '#testing/database.ts';
import { applyOffer, diffOffer, undoOffer } from './apply-offer.ts';
import { loadOffer } from './load-offer.ts';
import { describeOfferDiff, isUnchanged } from './offer-diff.ts';
import { readOfferInForce, readOffers } from './offer.store.ts';
import { starterDocument, starterOffer } from './starter-offer.ts';

const START = Date.parse('2026-11-24T00:00:00Z');
const clockAt = (hours: number) => ({ nowMs: () => START + hours * 3_600_000 });
const by = (hours: number) => ({ clock: clockAt(hours), appliedBy: 'test' });

/** The starter document with some texts replaced. */
function edited(...changes: readonly (readonly [from: RegExp, to: string])[]) {
  let text = starterDocument();
  for (const [from, to] of changes) {
    expect(text).toMatch(from);
    text = text.replace(from, to);
  }
  return loadOffer(text);
}
const PLUS_AT_25 = [/(name: Plus\n\s+price: )\$20/, '$1$$25'] as const;
const SIM_AT_3 = [/(sim-standard: ?\{?\s*input: )\$2\.50/, '$1$$3'] as const;

async function inForce(pool: Pool, hours: number) {
  const { prices } = await loadCatalog(pool);
  const plus = (await readPlanVersions(pool)).find(
    ({ plan, current }) => plan === 'plus' && current,
  );
  const sim = prices.at('simulator', 'sim-standard', clockAt(hours).nowMs());
  return {
    plusVersion: plus?.version,
    plusPrice: (plus?.body as { priceNanoUsd?: number } | undefined)?.priceNanoUsd,
    simInput: sim?.serviceTiers['standard']?.[0]?.rates.input,
  };
}

describe('applyOffer', () => {
  test('publishes the starter; a second time changes nothing', async () => {
    await using database = await testDatabase();
    const first = await applyOffer(database.pool, starterOffer(), by(0));
    expect(first).toMatchObject({ version: 1, changed: true });
    const catalog = await loadCatalog(database.pool);
    expect(catalog.version).toBe(1);
    expect(catalog.resolve('sim-fast')?.routes[0]?.pricedModel).toBe('sim-fast');
    expect(catalog.resolve('mistral-large')?.model.name).toBe('mistral-large-2512');
    expect((await readPlanVersions(database.pool)).length).toBe(5);
    expect(isUnchanged(await diffOffer(database.pool, starterOffer(), { clock: clockAt(1) }))).toBe(
      true,
    );
    const second = await applyOffer(database.pool, starterOffer(), by(1));
    expect(second).toMatchObject({ version: 1, changed: false });
    expect((await loadCatalog(database.pool)).version).toBe(1);
  });

  test('a change becomes new versions, and undo points back', async () => {
    await using database = await testDatabase();
    const { pool } = database;
    await applyOffer(pool, starterOffer(), by(0));
    const before = { plusVersion: 1, plusPrice: 20_000_000_000, simInput: 2_500_000 };
    expect(await inForce(pool, 1)).toEqual(before);

    const changed = edited(PLUS_AT_25, SIM_AT_3);
    const text = describeOfferDiff(await diffOffer(pool, changed, { clock: clockAt(1) }));
    expect(text).toContain('~ price simulator/sim-standard from 2026-11-24T01:00:00.000Z');
    expect(text).toContain('input $2.50 per million → $3.00 per million');
    expect(text).toContain('~ plan plus as version 2');
    expect(text).toContain('price: $20 → $25');

    const applied = await applyOffer(pool, changed, by(1));
    expect(applied.version).toBe(2);
    const after = { plusVersion: 2, plusPrice: 25_000_000_000, simInput: 3_000_000 };
    expect(await inForce(pool, 2)).toEqual(after);
    // What was billed before the change keeps its price.
    expect((await inForce(pool, 0)).simInput).toBe(2_500_000);

    expect(await undoOffer(pool, { clock: clockAt(2) })).toEqual({ version: 1, undone: 2 });
    expect(await inForce(pool, 3)).toEqual(before);
    expect(isUnchanged(await diffOffer(pool, starterOffer(), { clock: clockAt(3) }))).toBe(true);

    // Applying it again points at the version that was published already.
    const again = await applyOffer(pool, changed, by(4));
    expect(again.diff.plans).toMatchObject([{ plan: 'plus', published: true }]);
    expect(await inForce(pool, 5)).toEqual(after);
    expect((await readOffers(pool)).map(({ version, undone }) => [version, undone])).toEqual([
      [3, false],
      [2, true],
      [1, false],
    ]);
  });

  test('the first document cannot be undone', async () => {
    await using database = await testDatabase();
    await applyOffer(database.pool, starterOffer(), by(0));
    await expect(undoOffer(database.pool, { clock: clockAt(1) })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('is refused whole where a route has no price', async () => {
    await using database = await testDatabase();
    const { pool } = database;
    await applyOffer(pool, starterOffer(), by(0));
    const unpriced = edited(PLUS_AT_25, [
      /(sim-fast:\n(?:.*\n)*?\s+routes: \[\{ supplier: simulator)/,
      '$1, model: stranger',
    ]);
    await expect(applyOffer(pool, unpriced, by(1))).rejects.toThrow(
      'there is no price for stranger at simulator',
    );
    expect((await inForce(pool, 2)).plusVersion).toBe(1);
    expect((await readOfferInForce(pool))?.version).toBe(1);
  });

  test('a plan that is left out is no longer offered, and its versions stay', async () => {
    await using database = await testDatabase();
    const { pool } = database;
    await applyOffer(pool, starterOffer(), by(0));
    const { diff } = await applyOffer(pool, edited([/\n {2}max:\n(?: {4}.*\n)+/, '\n']), by(1));
    expect(diff.plans).toMatchObject([{ plan: 'max', change: 'removed' }]);
    const max = (await readPlanVersions(pool)).filter(({ plan }) => plan === 'max');
    expect(max.map(({ version, current }) => [version, current])).toEqual([[1, false]]);
    await undoOffer(pool, { clock: clockAt(2) });
    const back = (await readPlanVersions(pool)).filter(({ plan }) => plan === 'max');
    expect(back.map(({ version, current }) => [version, current])).toEqual([[1, true]]);
  });

  test('a later date in the document is a price to come', async () => {
    await using database = await testDatabase();
    const { pool } = database;
    await applyOffer(pool, starterOffer(), by(0));
    const later = edited([
      /(sim-standard:(\s+))input: \$2\.50/,
      '$1effective: 2026-12-01$2input: $$3',
    ]);
    await applyOffer(pool, later, by(1));
    expect((await inForce(pool, 2)).simInput).toBe(2_500_000);
    expect((await inForce(pool, 24 * 8)).simInput).toBe(3_000_000);
    await expect(applyOffer(pool, starterOffer(), by(2))).rejects.toThrow('still to come');
  });

  test('concurrent applications happen one after the other', async () => {
    await using database = await testDatabase();
    const { pool } = database;
    await applyOffer(pool, starterOffer(), by(0));
    const applied = await Promise.all(
      [25, 26, 27, 28].map((price, i) =>
        applyOffer(pool, edited([PLUS_AT_25[0], `$1$$${price}`]), by(i + 1)),
      ),
    );
    expect(applied.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
    const plus = (await readPlanVersions(pool)).filter(({ plan }) => plan === 'plus');
    expect(plus.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
  });

  test('an import leaves alone what the document prices, and shows where it disagrees', async () => {
    await using database = await testDatabase();
    const { pool } = database;
    await applyOffer(pool, edited([/(gpt-5:\n\s+input: )\$1\.25/, '$1$$1.30']), by(0));
    const imported = readGenaiPrices({ providers: ['openai', 'anthropic', 'google'] });
    const result = await importPrices(pool, { imported, clock: clockAt(1) });
    expect(result.changed).toEqual([]);
    const disagreeing = new Map(result.disagreements.map(({ model, changes }) => [model, changes]));
    // The table does not know that these search once for each request.
    expect([...disagreeing.keys()].toSorted()).toEqual(['gpt-4o-search-preview', 'gpt-5']);
    expect(disagreeing.get('gpt-5')).toContainEqual({
      where: '',
      unit: 'input',
      fromPicoUsd: 1_300_000,
      toPicoUsd: 1_250_000,
    });
    const { prices } = await loadCatalog(pool);
    expect(prices.at('openai', 'gpt-5', START + 7_200_000)?.serviceTiers['batch']).toBeDefined();
    expect(prices.modelOf('anthropic', 'claude-3-5-sonnet-20241022')).toBe('claude-3-5-sonnet');
  });
});
