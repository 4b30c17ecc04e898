import type { Catalog, ServedModel } from '#catalog/catalog.ts';
import { roundUpSafe, roundHalfEvenSafe } from '#base/money.ts';
import type { UsageUnit } from '#metering/usage.ts';
import type { PriceVersion } from '#pricing/price.ts';
import { ratesFor, STANDARD_TIER } from '#pricing/price.ts';
import type { Tape } from './tape.ts';

type UsedClasses = Pick<Tape, 'uses'>;

/** Pico-dollars a token, of the units that one model's price and another's both have. */
export interface TokenRates {
  readonly input: number;
  readonly inputCached: number;
  readonly output: number;
  readonly reasoning: number;
}

/** What serving a class takes, for requests that another class served. */
export interface ClassPrice {
  readonly className: string;
  /** The model that stands for the class: the one that served it most, else the first on offer. */
  readonly model: string;
  /** `undefined` where no model of the class has a price: it cannot be replayed then. */
  readonly rates: TokenRates | undefined;
  readonly thinks: boolean;
  /** Hidden thinking for each visible token, where the class thinks. */
  readonly reasoningPerOutput: number;
  /** What a stream holds at first. */
  readonly outputTokensHeld: number;
  readonly contextTokensMax: number;
}

/** The four rates of a price at its standard tier; `undefined` where one is missing. */
export function tokenRates(price: PriceVersion): TokenRates | undefined {
  const rates = ratesFor(price.serviceTiers[STANDARD_TIER] ?? [], 0);
  const rate = (unit: UsageUnit): number | undefined => rates?.[unit];
  const [input, inputCached, output, reasoning] = [
    rate('input'),
    rate('input_cached'),
    rate('output'),
    rate('reasoning'),
  ];
  if (input === undefined || inputCached === undefined) return undefined;
  return { input, inputCached, output: output ?? 0, reasoning: reasoning ?? output ?? 0 };
}

/** What so many tokens cost, rounded once, half to even. */
export function costAt(
  rates: TokenRates,
  input: number,
  inputCached: number,
  output: number,
  reasoning: number,
): number {
  return roundHalfEvenSafe(
    input * rates.input +
      inputCached * rates.inputCached +
      output * rates.output +
      reasoning * rates.reasoning,
  );
}

/** What a request is held for at the worst, rounded up. */
export function heldAt(rates: TokenRates, inputTokens: number, outputTokens: number): number {
  return roundUpSafe(
    inputTokens * Math.max(rates.input, rates.inputCached) +
      outputTokens * Math.max(rates.output, rates.reasoning),
  );
}

/** The prices of every class that the tape or a plan names, in the order of `classNames`. */
export function classPrices(
  tape: UsedClasses,
  classNames: readonly string[],
  catalog: Catalog,
  atMs: number,
): readonly ClassPrice[] {
  const uses = usesOfClasses(tape, classNames);
  return classNames.map((className, index) => {
    const use = uses[index];
    const known = use?.model === undefined ? undefined : catalog.models.get(use.model);
    const served = known?.model.className === className ? known : priced(catalog, className, atMs);
    const price = served && priceOf(catalog, served, atMs);
    const thinks = className === 'reasoning';
    return {
      className,
      model: served?.model.name ?? '',
      rates: price && tokenRates(price),
      thinks,
      reasoningPerOutput: use !== undefined && use.output > 0 ? use.reasoning / use.output : 0,
      outputTokensHeld: thinks
        ? (served?.model.outputTokensMax ?? 0)
        : (served?.model.outputTokensP99 ?? 0),
      contextTokensMax: served?.model.contextTokensMax ?? 0,
    };
  });
}

function priced(catalog: Catalog, className: string, atMs: number): ServedModel | undefined {
  return catalog.ofClass(className).find((served) => priceOf(catalog, served, atMs) !== undefined);
}

/** The price in force of the first route that has one. */
export function priceOf(
  catalog: Catalog,
  served: ServedModel,
  atMs: number,
): PriceVersion | undefined {
  for (const route of served.routes) {
    const price = catalog.priceOfRoute(route, atMs);
    if (price !== undefined) return price;
  }
  return undefined;
}

interface ClassUse {
  readonly model: string | undefined;
  readonly output: number;
  readonly reasoning: number;
}

function usesOfClasses(tape: UsedClasses, classNames: readonly string[]): readonly ClassUse[] {
  return classNames.map((className) => {
    const counts = new Map<string, number>();
    let output = 0;
    let reasoning = 0;
    for (const use of tape.uses) {
      if (use.className !== className) continue;
      counts.set(use.model, (counts.get(use.model) ?? 0) + use.events);
      output += use.output;
      reasoning += use.reasoning;
    }
    return { model: [...counts].sort(([, a], [, b]) => b - a)[0]?.[0], output, reasoning };
  });
}
