import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  divideHalfEven,
  divideUp,
  formatUsd,
  formatUsdCents,
  nanoUsd,
  parsePicoUsd,
  parseUsd,
  picoUsd,
  roundHalfEven,
  roundUp,
  scaleHalfEven,
} from './money.ts';

describe('money', () => {
  it('refuses what is not an exact amount', () => {
    for (const value of [0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(() => nanoUsd(value)).toThrow(RangeError);
    }
  });

  it('has one zero', () => {
    expect(Object.is(nanoUsd(-0), 0)).toBe(true);
  });

  it('rounds halves to even, on both sides of zero', () => {
    const cases: [bigint, number][] = [
      [500n, 0],
      [1500n, 2],
      [2500n, 2],
      [2501n, 3],
      [-500n, 0],
      [-1500n, -2],
      [-2501n, -3],
    ];
    for (const [picos, nanos] of cases) expect(roundHalfEven(picoUsd(picos))).toBe(nanos);
  });

  it('never rounds a bound below the exact amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (picos) => {
        const bound = BigInt(roundUp(picoUsd(picos))) * 1000n;
        expect(bound >= picos && bound - picos < 1000n).toBe(true);
      }),
    );
  });

  it('is never more than half a unit away', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.bigInt({ min: 1n, max: 10n ** 9n }),
        (dividend, divisor) => {
          const error = divideHalfEven(dividend, divisor) * divisor - dividend;
          expect(2n * (error < 0n ? -error : error) <= divisor).toBe(true);
          expect(divideUp(dividend, divisor) * divisor >= dividend).toBe(true);
        },
      ),
    );
  });

  it('reads and prints dollars exactly', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (nanos) => {
        expect(parseUsd(formatUsd(nanoUsd(nanos)).replace(/[$,]/g, ''))).toBe(nanoUsd(nanos));
      }),
    );
    expect(parseUsd('0.0000000001')).toBeUndefined();
    expect(parseUsd('1e3')).toBeUndefined();
    expect(parseUsd('9007199.254740993')).toBeUndefined();
    expect(parsePicoUsd('0.0000000025')).toBe(2500n);
    expect(formatUsd(nanoUsd(420_000))).toBe('$0.00042');
    expect(formatUsd(nanoUsd(-1_234_500_000_000))).toBe('-$1,234.50');
    expect(formatUsdCents(nanoUsd(1_005_000_000))).toBe('$1.00');
  });

  it('scales without losing a nano', () => {
    expect(scaleHalfEven(nanoUsd(1001), { numerator: 1, denominator: 2 })).toBe(500);
    expect(scaleHalfEven(nanoUsd(1003), { numerator: 1, denominator: 2 })).toBe(502);
  });
});
