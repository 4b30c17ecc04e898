import { describe, expect, test } from 'vitest';
import { transaction } from '#db/pool.ts';
import { testDatabase } from '#testing/database.ts';
import { flatTier, testPrice } from '#pricing/testing-prices.ts';
import {
  announceCatalogChange,
  CATALOG_CHANNEL,
  loadCatalog,
  publishPrices,
  replaceOffering,
  setWithdrawn,
} from './catalog.store.ts';
import { readGenaiPrices } from './genai-prices.ts';
import { importPrices } from './import-prices.ts';
import { testModel, testRoute, testSupplier } from './testing-catalog.ts';

const clock = { nowMs: () => Date.parse('2026-11-24T00:00:00Z') };

describe('the stored catalogue', () => {
  test('comes back as it was written', async () => {
    await using database = await testDatabase();
    const offering = {
      suppliers: [
        testSupplier('zeta'),
        testSupplier('acme', { baseUrl: undefined, keyRef: undefined }),
      ],
      models: [testModel('m', { aliases: ['mm'] }), testModel('a')],
      routes: [testRoute('m', 'acme'), testRoute('m', 'zeta', { priority: 1 })],
    };
    const price = testPrice(
      {
        standard: [
          { aboveInputTokens: 0, rates: { input: 1, output: 9_007_199_254_740_991 } },
          { aboveInputTokens: 200_000, rates: { input: 2 } },
        ],
        flex: [{ aboveInputTokens: 0, rates: { input: 0 } }],
      },
      {
        supplier: 'acme',
        model: 'm',
        effectiveFromMs: 1_786_924_800_123,
        dayWindows: [
          {
            fromSecond: 59_400,
            toSecond: 1800,
            weekdays: [1, 5],
            serviceTiers: flatTier({ input: 7 }),
          },
        ],
      },
    );
    await transaction(database.pool, async (client) => {
      const { prices } = await loadCatalog(client);
      await replaceOffering(client, offering);
      await publishPrices(client, [price], { prices, correction: false, nowMs: clock.nowMs() });
      await announceCatalogChange(client);
    });
    const catalog = await loadCatalog(database.pool);
    expect(catalog.version).toBe(1);
    expect([...catalog.suppliers.keys()]).toEqual(['zeta', 'acme']);
    expect(catalog.resolve('mm')?.model).toEqual(offering.models[0]);
    expect(catalog.resolve('m')?.routes.map(({ route }) => route)).toEqual(offering.routes);
    expect([...catalog.prices]).toEqual([price]);
  });

  test('tells of a change when it commits', async () => {
    await using database = await testDatabase();
    const listener = await database.pool.connect();
    try {
      const heard = new Promise<string | undefined>((resolve) => {
        listener.on('notification', ({ payload }) => resolve(payload));
      });
      await listener.query(`LISTEN ${CATALOG_CHANNEL}`);
      await transaction(database.pool, announceCatalogChange);
      expect(await heard).toBe('1');
    } finally {
      listener.release(true);
    }
  });

  test('a published price cannot be changed, only withdrawn', async () => {
    await using database = await testDatabase();
    const price = testPrice(flatTier({ input: 5 }), { supplier: 'acme', model: 'm' });
    await transaction(database.pool, async (client) => {
      const { prices } = await loadCatalog(client);
      await publishPrices(client, [price], { prices, correction: false, nowMs: 0 });
    });
    for (const sql of [
      'UPDATE price_rate SET rate_pico_usd = 0',
      'DELETE FROM price_rate',
      "UPDATE price_version SET model = 'n'",
      'DELETE FROM price_version',
    ]) {
      await expect(database.pool.query(sql)).rejects.toThrow('immutable');
    }
    await transaction(database.pool, (client) => setWithdrawn(client, [price.id], new Date(0)));
    expect([...(await loadCatalog(database.pool)).prices]).toEqual([]);
  });

  test('the database itself refuses a negative rate', async () => {
    await using database = await testDatabase();
    const price = testPrice(flatTier({ input: 5 }), { supplier: 'acme', model: 'm' });
    await transaction(database.pool, async (client) => {
      const { prices } = await loadCatalog(client);
      await publishPrices(client, [price], { prices, correction: false, nowMs: 0 });
    });
    await expect(
      database.pool.query(
        `INSERT INTO price_rate SELECT price_version_id, day_window, 'x', 0, unit, -1 FROM price_rate`,
      ),
    ).rejects.toThrow('price_rate_rate_pico_usd_check');
  });

  test('a correction replaces the version of the same instant', async () => {
    await using database = await testDatabase();
    const wrong = testPrice(flatTier({ input: 5 }), { supplier: 'acme', model: 'm' });
    const right = {
      ...testPrice(flatTier({ input: 6 }), { supplier: 'acme', model: 'm2' }),
      model: 'm',
    };
    const publish = (price: typeof wrong, correction: boolean) =>
      transaction(database.pool, async (client) => {
        const { prices } = await loadCatalog(client);
        return publishPrices(client, [price], { prices, correction, nowMs: 0 });
      });
    await publish(wrong, false);
    await expect(publish(right, false)).rejects.toThrow('overlaps');
    expect(await publish(right, true)).toEqual([wrong.id]);
    expect([...(await loadCatalog(database.pool)).prices]).toEqual([right]);
  });
});

test('an import is written once and read back whole', async () => {
  await using database = await testDatabase();
  const imported = readGenaiPrices({ providers: ['openai', 'anthropic', 'deepseek'] });
  const first = await importPrices(database.pool, { imported, clock });
  expect(first.added.length).toBe(imported.models.length);
  const second = await importPrices(database.pool, { imported, clock });
  expect(second).toMatchObject({
    added: [],
    changed: [],
    publish: [],
    unchanged: imported.models.length,
  });
  const { prices } = await loadCatalog(database.pool);
  expect([...prices].length).toBe(first.publish.length);
  const model = prices.modelOf('openai', 'gpt-5-2025-08-07');
  expect(
    model && prices.at('openai', model, clock.nowMs())?.serviceTiers['standard']?.[0]?.rates.input,
  ).toBe(1_250_000);
});
