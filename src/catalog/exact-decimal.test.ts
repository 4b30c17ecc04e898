import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactRate } from './exact-decimal.ts';

describe('exactRate', () => {
  test.each([
    [1.25, 1_000_000, 1_250_000],
    [0.0028, 1_000_000, 2800],
    [0.003625, 1_000_000, 3625],
    [1e-6, 1_000_000, 1],
    [1e-7, 1_000_000, undefined],
    [0.08333333333333334, 1_000_000, undefined],
    [0.1 + 0.2, 1_000_000, undefined],
    [12, 1000, 12_000_000_000],
    [2.5, 1000, 2_500_000_000],
    [1, 3, undefined],
    [-1, 1_000_000, -1_000_000],
    [0, 1_000_000, 0],
    [Number.NaN, 1, undefined],
    [Number.POSITIVE_INFINITY, 1, undefined],
  ])('$%d per %d is %s picos', (dollars, per, rate) => {
    expect(exactRate(dollars, per)).toBe(rate);
  });

  test('reads back every rate that a table could print per million', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (rate) => {
        expect(exactRate(Number(`${rate}e-6`), 1_000_000)).toBe(rate);
      }),
    );
  });
});
