import { describe, expect, test } from 'vitest';
import { flatTier, testPrice } from '#pricing/testing-prices.ts';
import { testCatalog, testModel, testRoute, testSupplier } from './testing-catalog.ts';

const price = (model: string, input: number, effectiveFromMs = 0) =>
  testPrice(flatTier({ input }), { supplier: 'acme', model, effectiveFromMs });

describe('resolve', () => {
  test('finds a model by its name and its aliases; a name goes before an alias', () => {
    const catalog = testCatalog({
      models: [testModel('m'), testModel('n', { aliases: ['m', 'nn'] })],
    });
    expect(catalog.resolve('m')?.model.name).toBe('m');
    expect(catalog.resolve('nn')?.model.name).toBe('n');
    expect(catalog.resolve('x')).toBeUndefined();
    expect(catalog.resolve('constructor')).toBeUndefined();
  });

  test('leaves out what is disabled', () => {
    const off = { enabled: false };
    expect(testCatalog({ models: [testModel('m', off)] }).resolve('m')).toBeUndefined();
    expect(testCatalog({ suppliers: [testSupplier('acme', off)] }).resolve('m')?.routes).toEqual(
      [],
    );
    expect(testCatalog({ routes: [testRoute('m', 'acme', off)] }).resolve('m')?.routes).toEqual([]);
  });

  test('knows a model whose suppliers cannot be called now, and does not list it', () => {
    const catalog = testCatalog({ usable: ({ id }) => id !== 'acme' });
    expect(catalog.resolve('m')?.routes).toEqual([]);
    expect(catalog.available()).toEqual([]);
    expect(catalog.ofClass('standard')).toEqual([]);
    expect(testCatalog().available()).toHaveLength(1);
  });

  test('orders routes by priority, then weight', () => {
    const catalog = testCatalog({
      suppliers: ['a', 'b', 'c'].map((id) => testSupplier(id)),
      routes: [
        testRoute('m', 'a', { priority: 1 }),
        testRoute('m', 'b', { weight: 1 }),
        testRoute('m', 'c', { weight: 9 }),
      ],
    });
    expect(catalog.resolve('m')?.routes.map(({ supplier }) => supplier.id)).toEqual([
      'c',
      'b',
      'a',
    ]);
  });
});

describe('pricingOf', () => {
  const catalog = testCatalog({
    prices: [price('m', 1), price('m', 2, 1000), price('m-2024-05-13', 9)],
  });
  const route = catalog.resolve('m')?.routes[0];
  if (route === undefined) throw new Error('no route');
  const priced = (name: string | undefined, atMs: number) => {
    const found = catalog.pricingOf(route, atMs)(name, undefined);
    return found && found.price.serviceTiers[found.serviceTier]?.[0]?.rates.input;
  };

  test('prices by the model that the response names, at the instant of admission', () => {
    expect(priced('m', 999)).toBe(1);
    expect(priced('m', 1000)).toBe(2);
    expect(priced('m-2025-11-11', 1000)).toBe(2);
    expect(priced('m-2024-05-13', 1000)).toBe(9);
  });

  test('takes the route’s model where the response names none, and nothing where it names a stranger', () => {
    expect(priced(undefined, 1000)).toBe(2);
    expect(priced('stranger', 1000)).toBeUndefined();
  });

  test('turns the vendor’s word for its standard tier into ours', () => {
    expect(catalog.pricingOf(route, 0)('m', 'default')?.serviceTier).toBe('standard');
    expect(catalog.pricingOf(route, 0)('m', 'flex')?.serviceTier).toBe('flex');
  });

  test('priceOfRoute is the version in force', () => {
    expect(catalog.priceOfRoute(route, 5)?.effectiveFromMs).toBe(0);
  });
});
