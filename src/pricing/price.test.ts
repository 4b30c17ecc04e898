import { describe, expect, test } from 'vitest';
import { completeRates, priceProblems, ratesFor, serviceTiersAt } from './price.ts';
import { flatTier, testPrice } from './testing-prices.ts';

const tiers = [
  { aboveInputTokens: 0, rates: { input: 1 } },
  { aboveInputTokens: 200_000, rates: { input: 2 } },
  { aboveInputTokens: 500_000, rates: { input: 3 } },
];

describe('ratesFor', () => {
  test.each([
    [0, 1],
    [200_000, 1],
    [200_001, 2],
    [500_000, 2],
    [500_001, 3],
  ])('a request of %i input tokens is priced whole at rate %i', (inputTokens, rate) => {
    expect(ratesFor(tiers, inputTokens)?.input).toBe(rate);
  });
});

describe('serviceTiersAt', () => {
  const peak = flatTier({ input: 2 });
  const at = (time: string): number => Date.parse(`2026-09-01T${time}Z`);

  test('a window holds from its start to before its end', () => {
    const price = testPrice(flatTier({ input: 1 }), {
      dayWindows: [{ fromSecond: 3600, toSecond: 4 * 3600, serviceTiers: peak }],
    });
    expect(serviceTiersAt(price, at('00:59:59.999'))).toBe(price.serviceTiers);
    expect(serviceTiersAt(price, at('01:00:00'))).toBe(peak);
    expect(serviceTiersAt(price, at('03:59:59.999'))).toBe(peak);
    expect(serviceTiersAt(price, at('04:00:00'))).toBe(price.serviceTiers);
  });

  test('a window may hold on some weekdays only', () => {
    const price = testPrice(flatTier({ input: 1 }), {
      dayWindows: [
        { fromSecond: 3600, toSecond: 7200, weekdays: [1, 2, 3, 4, 5], serviceTiers: peak },
      ],
    });
    const on = (day: string) => serviceTiersAt(price, Date.parse(`${day}T01:30:00Z`));
    expect(on('2026-09-04')).toBe(peak); // Friday
    expect(on('2026-09-05')).toBe(price.serviceTiers); // Saturday
    expect(on('2026-09-06')).toBe(price.serviceTiers); // Sunday
    expect(on('2026-09-07')).toBe(peak); // Monday
  });

  test('a window may wrap over midnight', () => {
    const price = testPrice(flatTier({ input: 1 }), {
      dayWindows: [{ fromSecond: 59_400, toSecond: 1800, serviceTiers: peak }],
    });
    expect(serviceTiersAt(price, at('16:29:59'))).toBe(price.serviceTiers);
    expect(serviceTiersAt(price, at('16:30:00'))).toBe(peak);
    expect(serviceTiersAt(price, at('00:29:59'))).toBe(peak);
    expect(serviceTiersAt(price, at('00:30:00'))).toBe(price.serviceTiers);
  });
});

describe('completeRates', () => {
  test('thinking, images, cached and written input follow text where they have no rate', () => {
    expect(completeRates({ input: 10, output: 20 })).toEqual({
      input: 10,
      output: 20,
      reasoning: 20,
      input_cached: 10,
      image_in: 10,
      image_in_cached: 10,
      cache_write_5m: 10,
      cache_write_1h: 10,
      requests: 0,
    });
  });

  test('a one-hour write is not guessed from a five-minute one', () => {
    expect(completeRates({ input: 10, cache_write_5m: 12 }).cache_write_1h).toBeUndefined();
  });

  test('audio, searches and tools are never derived', () => {
    const rates = completeRates({ input: 10, output: 20 });
    for (const unit of [
      'audio_in',
      'audio_out',
      'image_out',
      'images_made',
      'web_searches',
      'tool_calls',
    ] as const) {
      expect(rates[unit]).toBeUndefined();
    }
  });

  test('a rate of its own stays, also when it is zero', () => {
    expect(completeRates({ input: 10, output: 20, reasoning: 3, input_cached: 0 })).toMatchObject({
      reasoning: 3,
      input_cached: 0,
    });
  });
});

describe('priceProblems', () => {
  test('a sound price has none', () => {
    expect(priceProblems(testPrice({ standard: tiers }))).toEqual([]);
  });

  test.each([
    ['negative', { standard: [{ aboveInputTokens: 0, rates: { input: -1 } }] }],
    [
      'whole number of pico-dollars',
      { standard: [{ aboveInputTokens: 0, rates: { input: 0.5 } }] },
    ],
    ['no unit of usage', { standard: [{ aboveInputTokens: 0, rates: { tokens: 1 } as never }] }],
    ['no standard', { flex: [{ aboveInputTokens: 0, rates: {} }] }],
    ['must start at 0', { standard: [{ aboveInputTokens: 5, rates: {} }] }],
    ['ascending', { standard: [tiers[0], tiers[2], tiers[1]] as never }],
  ])('names what is wrong: %s', (words, serviceTiers) => {
    expect(priceProblems({ serviceTiers, dayWindows: [] }).join()).toContain(words);
  });

  test('looks into day windows', () => {
    const dayWindows = [{ fromSecond: 0, toSecond: 86_401, serviceTiers: flatTier({ input: -1 }) }];
    expect(priceProblems({ serviceTiers: flatTier({}), dayWindows }).length).toBeGreaterThanOrEqual(
      2,
    );
  });
});
