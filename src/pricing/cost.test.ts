import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { roundHalfEven } from '#base/money.ts';
import type { MeteredPart, Metering } from '#metering/metering.ts';
import { usageOf } from '#metering/usage.ts';
import { costLines, costOf, exactPicos, requirePriced } from './cost.ts';
import { anyPrice, anyUsage, flatTier, onlyPrice, testPrice } from './testing-prices.ts';

const part = (
  usage: Parameters<typeof usageOf>[0],
  rest: Partial<MeteredPart> = {},
): MeteredPart => ({
  model: 'm',
  serviceTier: undefined,
  usage: usageOf(usage),
  ...rest,
});
const metering = (...parts: MeteredPart[]): Metering => ({ parts, estimated: false });

describe('costOf', () => {
  test('sums every unit at its rate', () => {
    // 1,000 in at $1.25, 9,000 cached at $0.125, 400 visible and 600 thought at $10 per million.
    const price = testPrice(
      flatTier({ input: 1_250_000, input_cached: 125_000, output: 10_000_000 }),
    );
    const usage = { input: 1000, input_cached: 9000, output: 400, reasoning: 600, requests: 1 };
    const cost = costOf({ metering: metering(part(usage)), priceOf: onlyPrice(price), atMs: 0 });
    expect(cost).toEqual({ nanoUsd: 12_375_000, unpriced: [], priceVersionId: price.id });
  });

  test('rounds once over all parts, half to even', () => {
    const priceOf = onlyPrice(testPrice(flatTier({ input: 500 })));
    const nanos = (...parts: MeteredPart[]): number =>
      costOf({ metering: metering(...parts), priceOf, atMs: 0 }).nanoUsd;
    expect(nanos(part({ input: 1 }))).toBe(0);
    expect(nanos(part({ input: 1 }), part({ input: 1 }))).toBe(1);
    expect(nanos(part({ input: 3 }))).toBe(2);
  });

  test('each part is priced by its own model, tier and context size', () => {
    const standard = [
      { aboveInputTokens: 0, rates: { input: 1000 } },
      { aboveInputTokens: 100, rates: { input: 2000 } },
    ];
    const flex = [{ aboveInputTokens: 0, rates: { input: 500 } }];
    const priceOf = onlyPrice(testPrice({ standard, flex }));
    const long = part({ input: 101 });
    const short = part({ input: 100 });
    const onFlex = part({ input: 100 }, { serviceTier: 'flex' });
    expect(costOf({ metering: metering(long, short, onFlex), priceOf, atMs: 0 }).nanoUsd).toBe(
      202 + 100 + 50,
    );
  });

  test('cached, written and image tokens count for the context tier', () => {
    const standard = [
      { aboveInputTokens: 0, rates: { input: 1, input_cached: 1, cache_write_5m: 1 } },
      { aboveInputTokens: 200, rates: { input: 1000, input_cached: 1000, cache_write_5m: 1000 } },
    ];
    const usage = { input: 1, input_cached: 100, cache_write_5m: 100 };
    const cost = costOf({
      metering: metering(part(usage)),
      priceOf: onlyPrice(testPrice({ standard })),
      atMs: 0,
    });
    expect(cost.nanoUsd).toBe(201);
  });

  test('an unknown model, an unknown tier and a unit without a rate are named, never zero', () => {
    const price = testPrice(flatTier({ input: 1000 }));
    const priceOf = (model: string | undefined, serviceTier: string | undefined) =>
      model === 'm' ? { price, serviceTier: serviceTier ?? 'standard' } : undefined;
    const cost = costOf({
      metering: metering(
        part({ input: 5, web_searches: 1 }),
        part({ input: 1 }, { model: 'gpt-9' }),
        part({ input: 1 }, { serviceTier: 'constructor' }),
      ),
      priceOf,
      atMs: 0,
    });
    expect(cost.nanoUsd).toBe(5);
    expect(cost.unpriced).toEqual([
      { model: 'm', serviceTier: undefined, unit: 'web_searches' },
      { model: 'gpt-9', serviceTier: undefined, unit: undefined },
      { model: 'm', serviceTier: 'constructor', unit: undefined },
    ]);
    expect(() => requirePriced(cost)).toThrow(DomainError);
    expect(() => requirePriced(cost)).toThrow('web_searches of m; gpt-9; m on constructor');
  });

  test('equals exact arithmetic, on both sides of 2^53 picos', () => {
    let beyond = 0;
    fc.assert(
      fc.property(
        anyPrice(),
        fc.array(anyUsage(), { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (price, usages, atMs) => {
          const parts = usages.map((usage) => ({ model: 'm', serviceTier: undefined, usage }));
          const input = { metering: metering(...parts), priceOf: onlyPrice(price), atMs };
          const exact = exactPicos(input);
          if (exact > BigInt(Number.MAX_SAFE_INTEGER)) beyond += 1;
          expect(costOf(input).nanoUsd).toBe(roundHalfEven(exact));
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 2 ** 26, max: 2 ** 27 }),
        fc.integer({ min: 2 ** 26, max: 2 ** 27 }),
        (count, rate) => {
          const price = testPrice(flatTier({ input: rate, output: 333 }));
          const input = {
            metering: metering(part({ input: count, output: 7 })),
            priceOf: onlyPrice(price),
            atMs: 0,
          };
          expect(costOf(input).nanoUsd).toBe(roundHalfEven(exactPicos(input)));
          if (exactPicos(input) > BigInt(Number.MAX_SAFE_INTEGER)) beyond += 1;
        },
      ),
      { numRuns: 1000 },
    );
    expect(beyond).toBeGreaterThan(0);
  });
});

describe('costLines', () => {
  test('shows count, rate and exact amount of each used unit', () => {
    const price = testPrice(flatTier({ input: 1_250_000 }));
    const input = {
      metering: metering(part({ input: 3, tool_calls: 1 })),
      priceOf: onlyPrice(price),
      atMs: 0,
    };
    expect(costLines(input)).toEqual([
      {
        model: 'm',
        serviceTier: 'standard',
        unit: 'input',
        count: 3,
        ratePicoUsd: 1_250_000,
        picoUsd: 3_750_000n,
      },
      {
        model: 'm',
        serviceTier: 'standard',
        unit: 'tool_calls',
        count: 1,
        ratePicoUsd: undefined,
        picoUsd: undefined,
      },
    ]);
  });
});
