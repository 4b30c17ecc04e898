import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsd, nanoUsd } from '#base/money.ts';
import { plainUsd } from './answer-headers.ts';

test('an amount for machines says what the printed one says', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (amount) => {
      expect(plainUsd(nanoUsd(amount))).toBe(
        formatUsd(nanoUsd(amount)).replace('$', '').replaceAll(',', ''),
      );
    }),
  );
  expect(plainUsd(nanoUsd(420_000))).toBe('0.00042');
});
