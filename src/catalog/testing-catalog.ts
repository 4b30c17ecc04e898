import type { PriceVersion } from '#pricing/price.ts';
import { flatTier, testPrice } from '#pricing/testing-prices.ts';
import { Catalog } from './catalog.ts';
import type { Model, Route } from './model.ts';
import { PriceBook } from './price-book.ts';
import type { Supplier } from './supplier.ts';

/** A supplier for tests. */
export function testSupplier(id: string, rest: Partial<Supplier> = {}): Supplier {
  return {
    id,
    displayName: id,
    protocol: 'openai',
    baseUrl: `https://${id}.test/v1`,
    keyRef: id,
    enabled: true,
    ...rest,
  };
}

/** A model for tests, of class `standard`. */
export function testModel(name: string, rest: Partial<Model> = {}): Model {
  return {
    name,
    aliases: [],
    displayName: name,
    className: 'standard',
    contextTokensMax: 128_000,
    outputTokensMax: 16_000,
    outputTokensP99: 2000,
    inputModalities: ['text'],
    outputModalities: ['text'],
    enabled: true,
    ...rest,
  };
}

/** A route for tests; the upstream's name is the model's own. */
export function testRoute(model: string, supplier: string, rest: Partial<Route> = {}): Route {
  return {
    model,
    supplier,
    upstreamModel: model,
    priority: 0,
    weight: 1,
    firstByteTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    enabled: true,
    ...rest,
  };
}

/** A catalogue of one supplier (`acme`), one model (`m`, $1 in, $2 out per million), one route. */
export function testCatalog(
  data: {
    readonly suppliers?: readonly Supplier[];
    readonly models?: readonly Model[];
    readonly routes?: readonly Route[];
    readonly prices?: readonly PriceVersion[];
    readonly usable?: (supplier: Supplier) => boolean;
  } = {},
): Catalog {
  const price = testPrice(flatTier({ input: 1_000_000, output: 2_000_000 }), {
    supplier: 'acme',
    model: 'm',
  });
  return new Catalog({
    version: 1,
    suppliers: data.suppliers ?? [testSupplier('acme')],
    models: data.models ?? [testModel('m')],
    routes: data.routes ?? [testRoute('m', 'acme')],
    prices: new PriceBook(data.prices ?? [price]),
    ...(data.usable && { usable: data.usable }),
  });
}
