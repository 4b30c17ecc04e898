import type { Id } from '#base/id.ts';
import { USAGE_UNITS, type UsageUnit } from '#metering/usage.ts';

/** Pico-dollars per unit; safe integers, never negative. A unit that is absent has no price: an error when it is used, not zero. */
export type Rates = Readonly<Partial<Record<UsageUnit, number>>>;

/**
 * The rates of one service tier above one context size. The **whole** request is priced at the
 * highest tier whose `aboveInputTokens` is less than its input tokens (strictly: a request of exactly
 * the border is still below it). A vendor that says "from 272,000 on" is written as 271,999; no vendor
 * in the price book prices only the part above the border.
 */
export interface ContextTier {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
}

/** Rates by the supplier's service tier (`standard` always exists), each sorted by `aboveInputTokens`, first 0. */
export type ServiceTiers = Readonly<Record<string, readonly ContextTier[]>>;

/**
 * A part of every UTC day that has its own rates (DeepSeek's peak hours). It holds from `fromSecond`
 * to before `toSecond` of the day, and wraps over midnight where `toSecond` is not greater. `weekdays`
 * (UTC, 0 = Sunday) narrows it to some days; the day is that of the instant, also after midnight.
 */
export interface DayWindow {
  readonly fromSecond: number;
  readonly toSecond: number;
  readonly weekdays?: readonly number[];
  readonly serviceTiers: ServiceTiers;
}

/** What a supplier charges for a model from an instant on. Immutable: a change is a new version. */
export interface PriceVersion {
  readonly id: Id<'priceVersion'>;
  readonly supplier: string;
  readonly model: string;
  readonly effectiveFromMs: number;
  readonly serviceTiers: ServiceTiers;
  /** Windows of the day that override `serviceTiers` whole; the first that matches counts. */
  readonly dayWindows: readonly DayWindow[];
  /** Where the figures come from: an importer with its version, or the operator. */
  readonly source: string;
}

/** The service tier that every price has, and that a response which names none was served on. */
export const STANDARD_TIER = 'standard';

const SECONDS_PER_DAY = 86_400;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** The rates table in force at an instant: that of the matching window of the day, else the base. */
export function serviceTiersAt(price: PriceVersion, atMs: number): ServiceTiers {
  if (price.dayWindows.length === 0) return price.serviceTiers;
  const seconds = Math.floor(atMs / 1000);
  const second = seconds % SECONDS_PER_DAY;
  const weekday = (Math.floor(seconds / SECONDS_PER_DAY) + EPOCH_WEEKDAY) % 7;
  for (const window of price.dayWindows) {
    if (holdsAt(window, second) && (window.weekdays?.includes(weekday) ?? true)) {
      return window.serviceTiers;
    }
  }
  return price.serviceTiers;
}

function holdsAt({ fromSecond, toSecond }: DayWindow, second: number): boolean {
  if (fromSecond < toSecond) return second >= fromSecond && second < toSecond;
  return second >= fromSecond || second < toSecond;
}

/** The rates of one tier table for a request of `inputTokens`. */
export function ratesFor(tiers: readonly ContextTier[], inputTokens: number): Rates | undefined {
  let rates = tiers[0]?.rates;
  for (let i = 1; i < tiers.length; i++) {
    const tier = tiers[i];
    if (tier === undefined || inputTokens <= tier.aboveInputTokens) break;
    rates = tier.rates;
  }
  return rates;
}

/** Every table of a price, whatever the hour: what a bound must look at. */
export function everyServiceTiers(price: PriceVersion): readonly ServiceTiers[] {
  if (price.dayWindows.length === 0) return [price.serviceTiers];
  return [price.serviceTiers, ...price.dayWindows.map((window) => window.serviceTiers)];
}

/**
 * Fills in the rates that a price list leaves out because they follow from another one. The rules are
 * those of the vendors' own pages:
 * - thinking is billed as output, image input as text input, unless they have a rate of their own;
 * - without a rate for cached input there is no discount: it costs what fresh input costs;
 * - without any rate for cache writes there is no surcharge. Where a write to the five-minute cache
 *   has a rate, a write to the one-hour cache is *not* guessed from it: it stays unpriced;
 * - a request as such costs nothing unless it has a rate.
 *
 * Nothing else is derived: audio, generated images, searches and tool calls without a rate have none.
 */
export function completeRates(rates: Rates): Rates {
  const complete: Partial<Record<UsageUnit, number>> = { ...rates };
  const inherit = (unit: UsageUnit, from: UsageUnit): void => {
    const rate = complete[from];
    if (complete[unit] === undefined && rate !== undefined) complete[unit] = rate;
  };
  const hasWriteRate = rates.cache_write_5m !== undefined || rates.cache_write_1h !== undefined;
  inherit('reasoning', 'output');
  inherit('input_cached', 'input');
  inherit('image_in', 'input');
  inherit('image_in_cached', rates.image_in === undefined ? 'input_cached' : 'image_in');
  inherit('audio_in_cached', 'audio_in');
  if (!hasWriteRate) {
    inherit('cache_write_5m', 'input');
    inherit('cache_write_1h', 'input');
  }
  complete.requests ??= 0;
  return Object.freeze(complete);
}

/**
 * What is wrong with a price version, in words that name the tier and unit; empty where it is sound.
 * Prices from outside pass through here before they reach the price book.
 */
export function priceProblems(
  price: Pick<PriceVersion, 'serviceTiers' | 'dayWindows'>,
): readonly string[] {
  const problems = serviceTierProblems(price.serviceTiers, '');
  for (const [index, window] of price.dayWindows.entries()) {
    const where = `day window ${index + 1}: `;
    for (const second of [window.fromSecond, window.toSecond]) {
      if (!Number.isInteger(second) || second < 0 || second > SECONDS_PER_DAY) {
        problems.push(`${where}${second} is no second of a day`);
      }
    }
    if (window.weekdays?.some((day) => !Number.isInteger(day) || day < 0 || day > 6)) {
      problems.push(`${where}a weekday is a number from 0 (Sunday) to 6`);
    }
    problems.push(...serviceTierProblems(window.serviceTiers, where));
  }
  return problems;
}

function serviceTierProblems(serviceTiers: ServiceTiers, where: string): string[] {
  const problems: string[] = [];
  if (!Object.hasOwn(serviceTiers, STANDARD_TIER))
    problems.push(`${where}no standard service tier`);
  for (const [name, tiers] of Object.entries(serviceTiers)) {
    if (tiers[0]?.aboveInputTokens !== 0)
      problems.push(`${where}${name}: the first context tier must start at 0`);
    let border = -1;
    for (const tier of tiers) {
      if (!Number.isSafeInteger(tier.aboveInputTokens) || tier.aboveInputTokens <= border) {
        problems.push(`${where}${name}: context borders must be whole numbers in ascending order`);
      }
      border = tier.aboveInputTokens;
      problems.push(...rateProblems(tier.rates, `${where}${name}`));
    }
  }
  return problems;
}

function rateProblems(rates: Rates, where: string): string[] {
  const problems: string[] = [];
  for (const [unit, rate] of Object.entries(rates)) {
    if (!(USAGE_UNITS as readonly string[]).includes(unit))
      problems.push(`${where}: ${unit} is no unit of usage`);
    else if (!Number.isSafeInteger(rate))
      problems.push(`${where}: ${unit} is not a whole number of pico-dollars`);
    else if (rate < 0) problems.push(`${where}: ${unit} is negative`);
  }
  return problems;
}
