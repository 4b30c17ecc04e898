import type { Id } from '../src/base/id.ts';
import { Catalog } from '../src/catalog/catalog.ts';
import { PriceBook } from '../src/catalog/price-book.ts';
import { starterOffer } from '../src/offer/starter-offer.ts';

export function benchCatalog(): Catalog {
  const offer = starterOffer();
  return new Catalog({
    ...offer,
    version: 1,
    prices: new PriceBook(
      offer.prices.map((price) => ({ ...price, id: 'prv_bench' as Id<'priceVersion'> })),
      offer.priceNames,
    ),
  });
}
