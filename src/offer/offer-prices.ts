import { ratesKey, type SupplierNameRule } from '#catalog/price-book.ts';
import { USAGE_UNITS, type UsageUnit } from '#metering/usage.ts';
import {
  type ContextTier,
  completeRates,
  type DayWindow,
  priceProblems,
  type Rates,
  STANDARD_TIER,
} from '#pricing/price.ts';
import type { OfferDocument } from './offer-document.schema.ts';
import type { OfferedPrice, OfferProblem } from './offer.ts';
import { readRate } from './readable-units.ts';

type DocumentPrice = Omit<OfferDocument['prices'][string]['models'][string], 'names'>;
type Table = Partial<Record<UsageUnit, string | undefined>> & Pick<DocumentPrice, 'long context'>;

/** Units that are priced each; all others are tokens, priced per million. */
const SINGLE: ReadonlySet<UsageUnit> = new Set([
  'images_made',
  'video_seconds',
  'web_searches',
  'tool_calls',
  'requests',
]);
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The price sections of a document, suppliers' and our own, as prices; what is wrong goes to `problems`. */
export function offeredPrices(
  document: OfferDocument,
  problems: OfferProblem[],
): readonly OfferedPrice[] {
  const { prices, rates } = document;
  const lists = [
    ...Object.entries(prices).map(([name, section]) => ({
      at: ['prices', name],
      key: name,
      section,
    })),
    ...Object.entries(rates).map(([name, section]) => ({
      at: ['rates', name],
      key: ratesKey(name),
      section,
    })),
  ];
  return lists.flatMap(({ at, key: supplier, section }) =>
    Object.entries(section.models).map(([model, price]): OfferedPrice => {
      const path = [...at, 'models', model];
      const reader = new PriceReader(path, problems);
      const offered: OfferedPrice = {
        supplier,
        model,
        effectiveFromMs: price.effective ?? section.effective,
        serviceTiers: reader.serviceTiers(price),
        dayWindows: reader.dayWindows(price),
        source: section.source,
      };
      for (const message of priceProblems(offered)) problems.push({ path, message });
      return offered;
    }),
  );
}

/** The names by which responses mean the priced models. */
export function offeredPriceNames(document: OfferDocument): readonly SupplierNameRule[] {
  return Object.entries(document.prices).flatMap(([supplier, section]) =>
    Object.entries(section.models).flatMap(([model, { names }]) =>
      names.map((text): SupplierNameRule =>
        text.endsWith('*')
          ? { supplier, kind: 'prefix', text: text.slice(0, -1), model }
          : { supplier, kind: 'exact', text, model },
      ),
    ),
  );
}

class PriceReader {
  readonly #path: readonly PropertyKey[];
  readonly #problems: OfferProblem[];

  constructor(path: readonly PropertyKey[], problems: OfferProblem[]) {
    this.#path = path;
    this.#problems = problems;
  }

  serviceTiers(price: DocumentPrice): Record<string, readonly ContextTier[]> {
    const standard = this.#contextTiers(price, []);
    const serviceTiers: Record<string, readonly ContextTier[]> = { [STANDARD_TIER]: standard };
    for (const [name, tier] of Object.entries(price.tiers)) {
      const path = ['tiers', name];
      if (name === STANDARD_TIER) this.#problem(path, 'the standard tier is the price itself');
      serviceTiers[name] =
        typeof tier === 'number'
          ? this.#scaled(standard, tier, path)
          : this.#contextTiers(tier, path);
    }
    return serviceTiers;
  }

  dayWindows(price: DocumentPrice): readonly DayWindow[] {
    return price.hours.map(({ utc, weekdays, ...table }, i) => ({
      ...utc,
      ...(weekdays !== undefined && { weekdays: weekdays.map((day) => WEEKDAYS.indexOf(day)) }),
      serviceTiers: { [STANDARD_TIER]: this.#contextTiers(table, ['hours', i]) },
    }));
  }

  /** A longer context has the rates of the shorter one but for those that it names. */
  #contextTiers(table: Table, path: readonly PropertyKey[]): readonly ContextTier[] {
    let rates = this.#rates(table, path);
    const tiers = [{ aboveInputTokens: 0, rates: completeRates(rates) }];
    for (const [i, tier] of table['long context'].entries()) {
      rates = { ...rates, ...this.#rates(tier, [...path, 'long context', i]) };
      const aboveInputTokens = tier.above ?? (tier.from ?? 1) - 1;
      tiers.push({ aboveInputTokens, rates: completeRates(rates) });
    }
    return tiers;
  }

  #rates(
    table: Partial<Record<UsageUnit, string | undefined>>,
    path: readonly PropertyKey[],
  ): Rates {
    const rates: Partial<Record<UsageUnit, number>> = {};
    for (const unit of USAGE_UNITS) {
      const text = table[unit];
      if (text === undefined) continue;
      const reading = readRate(text, SINGLE.has(unit) ? 'one' : 'million');
      if ('value' in reading) rates[unit] = reading.value;
      else this.#problem([...path, unit], reading.problem);
    }
    return rates;
  }

  /** Tokens at a share of their standard rates; what is priced each costs the same on every tier. */
  #scaled(
    tiers: readonly ContextTier[],
    perMille: number,
    path: readonly PropertyKey[],
  ): readonly ContextTier[] {
    return tiers.map(({ aboveInputTokens, rates }) => ({
      aboveInputTokens,
      rates: Object.fromEntries(
        Object.entries(rates).map(([unit, rate]) => {
          if (SINGLE.has(unit as UsageUnit)) return [unit, rate];
          if ((rate * perMille) % 1000 !== 0)
            this.#problem(path, `${unit} comes to no whole number of pico-dollars`);
          return [unit, Math.floor((rate * perMille) / 1000)];
        }),
      ) as Rates,
    }));
  }

  #problem(path: readonly PropertyKey[], message: string): void {
    this.#problems.push({ path: [...this.#path, ...path], message });
  }
}
