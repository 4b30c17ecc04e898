import { describe, expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { flatTier, testPrice } from '#pricing/testing-prices.ts';
import { admitVersion, PriceBook } from './price-book.ts';

const from = (effectiveFromMs: number, input = 1) =>
  testPrice(flatTier({ input }), { supplier: 's', model: 'm', effectiveFromMs });

describe('PriceBook', () => {
  const book = new PriceBook([from(200), from(100), from(300)]);

  test.each([
    [99, undefined],
    [100, 100],
    [199, 100],
    [200, 200],
    [1_000_000, 300],
  ])('at %i the version from %s is in force', (atMs, effectiveFromMs) => {
    expect(book.at('s', 'm', atMs)?.effectiveFromMs).toBe(effectiveFromMs);
  });

  test('knows nothing of other suppliers and models', () => {
    expect(book.at('s', 'n', 500)).toBeUndefined();
    expect(book.at('t', 'm', 500)).toBeUndefined();
    expect(book.modelOf('t', 'm')).toBeUndefined();
    expect(book.modelOf('s', 'm-2026-01-01')).toBe('m');
  });
});

describe('admitVersion', () => {
  const existing = [from(100), from(200)];

  test('takes a later version', () => {
    expect(() => admitVersion(from(201), { existing, correction: false })).not.toThrow();
  });

  test.each([50, 150, 200])(
    'refuses one from %i as overlapping, unless it is a correction',
    (atMs) => {
      expect(() => admitVersion(from(atMs), { existing, correction: false })).toThrow(
        /s\/m: .*overlaps/,
      );
      expect(() => admitVersion(from(atMs), { existing, correction: true })).not.toThrow();
    },
  );

  test('refuses a negative rate by name, also as a correction', () => {
    const negative = { existing: [], correction: true };
    expect(() => admitVersion(from(1, -5), negative)).toThrow(DomainError);
    expect(() => admitVersion(from(1, -5), negative)).toThrow('input is negative');
  });
});
