import { describe, expect, test } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { usageOf } from '#metering/usage.ts';
import { chargeOf, markUp } from './charge.ts';
import { flatTier, onlyPrice, testPrice } from './testing-prices.ts';

const metering = {
  parts: [{ model: 'm', serviceTier: undefined, usage: usageOf({ input: 1000, web_searches: 1 }) }],
  estimated: false,
};
const cost = { nanoUsd: nanoUsd(1001), unpriced: [], priceVersionId: undefined };

describe('markUp', () => {
  test.each([
    [1001, 1000, 1001],
    [1001, 1250, 1251], // 1251.25
    [1002, 1250, 1252], // 1252.5 to even
    [1006, 1250, 1258], // 1257.5 to even
    [1001, 0, 0],
  ])('%i nUSD × %i/1000 = %i', (amount, perMille, expected) => {
    expect(markUp(nanoUsd(amount), perMille)).toBe(expected);
  });

  test('refuses a negative mark-up', () => {
    expect(() => markUp(nanoUsd(1), -1)).toThrow(RangeError);
  });
});

describe('chargeOf', () => {
  test('a mark-up applies to the booked cost', () => {
    const charge = chargeOf({
      metering,
      cost,
      basis: { kind: 'markup', perMille: 1250 },
      model: 'm',
      atMs: 0,
    });
    expect(charge).toEqual({ nanoUsd: 1251, unpriced: [] });
  });

  test('own rates price the usage itself and name what they leave out', () => {
    const priceOf = onlyPrice(testPrice(flatTier({ input: 2000 })));
    const charge = chargeOf({
      metering,
      cost,
      basis: { kind: 'rates', priceOf },
      model: 'm',
      atMs: 0,
    });
    expect(charge.nanoUsd).toBe(2000);
    expect(charge.unpriced).toEqual([{ model: 'm', serviceTier: undefined, unit: 'web_searches' }]);
  });

  test('own rates go by the name under which the model is offered, and by the instant', () => {
    const asked: unknown[] = [];
    const priceOf = (...call: unknown[]) => {
      asked.push(call);
      return { price: testPrice(flatTier({ input: 1, web_searches: 1 })), serviceTier: 'standard' };
    };
    const basis = { kind: 'rates', priceOf } as const;
    chargeOf({ metering, cost, basis, model: 'ours', atMs: 7 });
    expect(asked).toContainEqual(['ours', undefined, 7]);
    expect(asked).not.toContainEqual(['m', undefined, 7]);
  });
});
