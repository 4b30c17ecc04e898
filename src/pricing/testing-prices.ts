import fc from 'fast-check';
import { namedId } from '#base/id.ts';
import { NO_USAGE, USAGE_UNITS, type Usage, type UsageUnit } from '#metering/usage.ts';
import type { PriceOf } from './cost.ts';
import { completeRates, type PriceVersion, type Rates, type ServiceTiers } from './price.ts';

/** A price from readable figures: dollars per million tokens, or per unit for what is counted singly. Tests only. */
export function testPrice(
  serviceTiers: ServiceTiers,
  rest: Partial<Omit<PriceVersion, 'serviceTiers'>> = {},
): PriceVersion {
  return {
    id: namedId('priceVersion', rest.model ?? 'test'),
    supplier: 'test',
    model: 'test-model',
    effectiveFromMs: 0,
    serviceTiers,
    dayWindows: [],
    source: 'test',
    ...rest,
  };
}

/** One tier from 0 on. Rates in pico-dollars; dollars per million tokens × 1,000,000. */
export function flatTier(rates: Rates): ServiceTiers {
  return { standard: [{ aboveInputTokens: 0, rates: completeRates(rates) }] };
}

/** Always answers with one price at its standard tier, or at the tier asked for where the price has it. */
export function onlyPrice(price: PriceVersion): PriceOf {
  return (_model, serviceTier) => ({ price, serviceTier: serviceTier ?? 'standard' });
}

const anyRates = (rateMax: number): fc.Arbitrary<Rates> =>
  fc
    .record(Object.fromEntries(USAGE_UNITS.map((unit) => [unit, fc.nat({ max: rateMax })])))
    .map((rates) => rates as Rates);

/** Prices with every unit, one or two service tiers, up to three context tiers, now and then peak hours. */
export function anyPrice(rateMax = 200_000_000): fc.Arbitrary<PriceVersion> {
  const tiers = fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: 500_000 }), { maxLength: 2 }),
      fc.array(anyRates(rateMax), { minLength: 3, maxLength: 3 }),
    )
    .map(([borders, rates]) =>
      [0, ...borders.toSorted((a, b) => a - b)].map((aboveInputTokens, i) => ({
        aboveInputTokens,
        rates: rates[i] ?? {},
      })),
    );
  const serviceTiers = fc
    .record({ standard: tiers, priority: tiers }, { requiredKeys: ['standard'] })
    .map((value) => value as ServiceTiers);
  const window = fc.record({
    fromSecond: fc.integer({ min: 0, max: 86_400 }),
    toSecond: fc.integer({ min: 0, max: 86_400 }),
    serviceTiers,
  });
  return fc
    .tuple(serviceTiers, fc.array(window, { maxLength: 1 }))
    .map(([table, dayWindows]) => testPrice(table, { dayWindows }));
}

/** Usage of some units, up to `countMax` each. */
export function anyUsage(
  countMax = 300_000,
  units: readonly UsageUnit[] = USAGE_UNITS,
): fc.Arbitrary<Usage> {
  return fc
    .record(
      Object.fromEntries(
        units.map((unit) => [unit, fc.oneof(fc.constant(0), fc.nat({ max: countMax }))]),
      ),
    )
    .map((counts): Usage => ({ ...NO_USAGE, ...counts }));
}
