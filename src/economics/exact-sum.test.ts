import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactSum } from './exact-sum.ts';

it('adds exactly, also past the safe integers and below zero', () => {
  const amounts = fc.array(fc.maxSafeInteger());
  fc.assert(
    fc.property(amounts, (values) => {
      const expected = values.reduce((sum, value) => sum + BigInt(value), 0n);
      expect(exactSum(Float64Array.from(values))).toBe(expected);
    }),
  );
});
