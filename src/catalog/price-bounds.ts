import type { Rates, ServiceTiers } from '#pricing/price.ts';
import type { UsageUnit } from '#metering/usage.ts';
import type { DayWindow } from '#pricing/price.ts';

const PICO_PER_USD = 1_000_000_000_000;

/**
 * What an import refuses as a slip of the pen. The dearest token sold in November 2026 costs $0.0006
 * ($600 per million), so that $0.01 leaves a factor of 16 and still catches a price that was entered per
 * thousand instead of per million.
 */
const TOKEN_MAX = PICO_PER_USD / 100;
/** The dearest list prices of single things: about $0.50 a generated image or second of video, $0.035 a search. */
const THING_MAX = 10 * PICO_PER_USD;

const THINGS: ReadonlySet<string> = new Set<UsageUnit>([
  'images_made',
  'video_seconds',
  'web_searches',
  'tool_calls',
  'requests',
]);

/**
 * Why a price from a table is not believed; empty where it is. Refused by name: a negative rate; a token
 * above $0.01 or a thing above $10; a cached token dearer than a fresh one; no price for input or output
 * at all, or zero for both (what is free, the operator says in `breakeven.yaml`); rates that fall by more
 * than half when the context grows.
 */
export function absurdities(price: {
  readonly serviceTiers: ServiceTiers;
  readonly dayWindows: readonly DayWindow[];
}): readonly string[] {
  const tables = [price.serviceTiers, ...price.dayWindows.map((window) => window.serviceTiers)];
  const problems = tables.flatMap((table) =>
    Object.values(table).flatMap((tiers) => [
      ...tiers.flatMap(({ rates }) => rateAbsurdities(rates)),
      ...tiers.slice(1).flatMap((tier, i) => fallingRates(tiers[i]?.rates ?? {}, tier.rates)),
    ]),
  );
  return [...new Set(problems)];
}

function rateAbsurdities(rates: Rates): string[] {
  const problems: string[] = [];
  for (const [unit, rate] of Object.entries(rates)) {
    const max = THINGS.has(unit) ? THING_MAX : TOKEN_MAX;
    if (rate < 0) problems.push(`${unit} is negative`);
    else if (rate > max) problems.push(`${unit} is above $${max / PICO_PER_USD}`);
  }
  const { input, output, input_cached: cached } = rates;
  if (input !== undefined && cached !== undefined && cached > input)
    problems.push('input_cached is dearer than input');
  const billed = Object.entries(rates).filter(
    ([unit]) => unit !== 'requests' || rates.requests !== 0,
  );
  if (billed.length === 0) problems.push('no price');
  else if (billed.every(([, rate]) => rate === 0)) problems.push('every rate is zero');
  if (output !== undefined && input === undefined)
    problems.push('output has a price and input has none');
  return problems;
}

function fallingRates(lower: Rates, higher: Rates): string[] {
  return Object.entries(higher)
    .filter(([unit, rate]) => rate * 2 < (lower[unit as UsageUnit] ?? 0))
    .map(([unit]) => `${unit} falls by more than half when the context grows`);
}
