import type { Id } from '../src/base/id.ts';
import { idFromUuid } from '../src/base/id.ts';
import { Catalog } from '../src/catalog/catalog.ts';
import { PriceBook } from '../src/catalog/price-book.ts';
import { starterOffer } from '../src/offer/starter-offer.ts';
import { parsePlanVersion } from '../src/plans/plan-schema.ts';
import type { PlanVersion } from '../src/plans/plan-version.ts';

/** A plan of two windows, an allowance and credits that are always there. */
export function benchPlan(): PlanVersion {
  return parsePlanVersion({
    id: idFromUuid('planVersion', '019a0000-0000-7000-8000-000000000001'),
    plan: 'bench',
    version: 1,
    displayName: 'Bench',
    listed: true,
    priceNanoUsd: 20_000_000_000,
    period: 'month',
    seatsMax: 1,
    classes: [
      { name: 'standard', weightMilli: 1000 },
      { name: 'fast', weightMilli: 250 },
    ],
    billing: 'included',
    tariff: { kind: 'markup', perMille: 1200 },
    gates: [
      {
        id: 'messages-3h',
        unit: 'messages',
        window: { kind: 'rolling', seconds: 10_800 },
        scope: 'customer',
        classes: [],
        limit: 160_000,
        whenFull: { do: 'credits' },
      },
      {
        id: 'tokens-week',
        unit: 'tokens',
        window: { kind: 'calendar', unit: 'week' },
        scope: 'customer',
        classes: [],
        limit: 1_000_000_000_000,
        whenFull: { do: 'refuse' },
      },
    ],
    credits: { perPeriodNanoUsd: 5_000_000_000, rollover: { kind: 'none' } },
    overageCapNanoUsd: 0,
    overdraftNanoUsd: 1_000_000_000_000_000,
    queueClass: 'standard',
  });
}

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
