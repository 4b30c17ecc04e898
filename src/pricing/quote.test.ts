import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { inputTokens, outputTokens, usageOf } from '#metering/usage.ts';
import { costOf } from './cost.ts';
import { type Modality, outputTokensWithin, quoteOf, quoteRangeOf } from './quote.ts';
import { anyPrice, anyUsage, flatTier, onlyPrice, testPrice } from './testing-prices.ts';

const MODALITIES: readonly Modality[] = ['audio_in', 'audio_out', 'image_in', 'image_out'];
const gpt = testPrice(flatTier({ input: 1_250_000, input_cached: 125_000, output: 10_000_000 }));

describe('quoteOf', () => {
  test('prices all input and all output at the dearest that they may be', () => {
    const bound = { inputTokensMax: 1000, outputTokensMax: 500 };
    expect(quoteOf({ prices: [gpt], bound })).toBe(1_250_000 + 5_000_000);
  });

  test('reckons with a cache write, unless the request cannot cause one', () => {
    const prices = [
      testPrice(flatTier({ input: 1000, cache_write_5m: 1250, cache_write_1h: 2000, output: 0 })),
    ];
    const quote = (cacheWrites?: 'never' | '5m' | '1h'): number =>
      quoteOf({
        prices,
        bound: { inputTokensMax: 100, outputTokensMax: 0, ...(cacheWrites && { cacheWrites }) },
      });
    expect([quote(), quote('1h'), quote('5m'), quote('never')]).toEqual([200, 200, 125, 100]);
  });

  test('reckons with the long context only where it is within reach', () => {
    const standard = [
      { aboveInputTokens: 0, rates: { input: 1000, output: 1000, requests: 0 } },
      { aboveInputTokens: 100, rates: { input: 2000, output: 1500, requests: 0 } },
    ];
    const quote = (inputTokensMax: number): number =>
      quoteOf({
        prices: [testPrice({ standard })],
        bound: { inputTokensMax, outputTokensMax: 10 },
      });
    expect(quote(100)).toBe(110);
    expect(quote(101)).toBe(202 + 15);
  });

  test('reckons with every allowed service tier, every route and peak hours', () => {
    const tier = (input: number) => [{ aboveInputTokens: 0, rates: { input, requests: 0 } }];
    const price = testPrice({ standard: tier(1000), priority: tier(2000) });
    const peak = testPrice(
      { standard: tier(1) },
      {
        dayWindows: [{ fromSecond: 0, toSecond: 60, serviceTiers: { standard: tier(3000) } }],
      },
    );
    const bound = { inputTokensMax: 10, outputTokensMax: 0 };
    expect(quoteOf({ prices: [price], bound })).toBe(10);
    expect(quoteOf({ prices: [price], serviceTiers: ['standard', 'priority'], bound })).toBe(20);
    expect(quoteOf({ prices: [price, peak], bound })).toBe(30);
  });

  test('rounds up', () => {
    const prices = [testPrice(flatTier({ input: 1 }))];
    expect(quoteOf({ prices, bound: { inputTokensMax: 1, outputTokensMax: 0 } })).toBe(1);
  });

  test('is refused where something that may be used has no price', () => {
    const bound = { inputTokensMax: 1, outputTokensMax: 1, webSearchesMax: 1 };
    expect(() => quoteOf({ prices: [gpt], bound })).toThrow('web_searches has no price');
    expect(() => quoteOf({ prices: [], bound })).toThrow('no price');
    expect(() => quoteOf({ prices: [gpt], serviceTiers: ['flex'], bound })).toThrow('no price');
  });

  test('no usage within the bound costs more', () => {
    fc.assert(
      fc.property(
        fc.array(anyPrice(), { minLength: 1, maxLength: 2 }),
        fc.array(fc.tuple(anyUsage(), fc.nat({ max: 1 }), fc.boolean()), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.nat({ max: 86_400_000 }),
        (prices, draws, atMs) => {
          const parts = draws.map(([usage, which, priority]) => ({
            model: String(which),
            serviceTier: priority ? 'priority' : 'standard',
            usage,
          }));
          const sum = (count: (usage: (typeof parts)[number]['usage']) => number): number =>
            parts.reduce((total, { usage }) => total + count(usage), 0);
          const quote = quoteOf({
            prices,
            serviceTiers: ['standard', 'priority'],
            bound: {
              inputTokensMax: sum(inputTokens),
              outputTokensMax: sum(outputTokens),
              modalities: MODALITIES,
              imagesMadeMax: sum((usage) => usage.images_made),
              videoSecondsMax: sum((usage) => usage.video_seconds),
              webSearchesMax: sum((usage) => usage.web_searches),
              toolCallsMax: sum((usage) => usage.tool_calls),
              requestsMax: sum((usage) => usage.requests),
            },
          });
          const cost = costOf({
            metering: { parts, estimated: false },
            priceOf: (model, serviceTier) => {
              const price = prices[Number(model)] ?? prices[0];
              return price && serviceTier ? { price, serviceTier } : undefined;
            },
            atMs,
          });
          expect(cost.nanoUsd).toBeLessThanOrEqual(quote);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('quoteRangeOf', () => {
  test('goes from all cached to the bound', () => {
    const bound = { inputTokensMax: 1000, outputTokensMax: 500 };
    const range = quoteRangeOf({
      prices: [gpt],
      bound,
      expected: { inputTokens: 800, outputTokens: 100 },
    });
    expect(range).toEqual({
      minNanoUsd: 100_000,
      expectedNanoUsd: 2_000_000,
      maxNanoUsd: 6_250_000,
    });
  });
});

describe('outputTokensWithin', () => {
  const bound = { inputTokensMax: 1000, outputTokensMax: 500 };
  const within = (headroom: number): number | undefined =>
    outputTokensWithin({ prices: [gpt], bound, headroomNanoUsd: nanoUsd(headroom) });

  test('is what the headroom pays for, at most what was asked for', () => {
    expect(within(1_249_999)).toBeUndefined();
    expect(within(1_250_000)).toBe(0);
    expect(within(1_269_999)).toBe(1);
    expect(within(99_000_000)).toBe(500);
  });

  test('a quote for that many tokens fits the headroom, and for one more does not', () => {
    fc.assert(
      fc.property(
        anyPrice(),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.nat({ max: 10 ** 12 }),
        (price, inputTokensMax, headroom) => {
          const asked = { inputTokensMax, outputTokensMax: 100_000 };
          const input = { prices: [price], headroomNanoUsd: nanoUsd(headroom) };
          const tokens = outputTokensWithin({ ...input, bound: asked });
          const fits = (outputTokensMax: number): boolean =>
            quoteOf({ ...input, bound: { ...asked, outputTokensMax } }) <= headroom;
          const most = tokens ?? -1;
          expect(most < 0 || fits(most)).toBe(true);
          expect(most >= asked.outputTokensMax || !fits(most + 1)).toBe(true);
        },
      ),
    );
  });
});

test('a response at its bound costs its quote', () => {
  const usage = usageOf({ input: 1000, output: 500, requests: 1 });
  const metering = { parts: [{ model: 'm', serviceTier: undefined, usage }], estimated: false };
  const cost = costOf({ metering, priceOf: onlyPrice(gpt), atMs: 0 });
  expect(cost.nanoUsd).toBe(
    quoteOf({ prices: [gpt], bound: { inputTokensMax: 1000, outputTokensMax: 500 } }),
  );
});
