import { expect, test } from 'vitest';
import { canonicalServiceTier, serviceTierIn } from './service-tier.ts';

test.each([
  [undefined, 'standard'],
  ['', 'standard'],
  ['default', 'standard'],
  ['standard', 'standard'],
  ['on_demand', 'standard'],
  ['ON_DEMAND', 'standard'],
  ['flex', 'flex'],
  ['priority', 'priority'],
  ['batch', 'batch'],
  ['scale', 'scale'],
])('%s is %s', (name, tier) => {
  expect(canonicalServiceTier(name)).toBe(tier);
});

test('a search size is standard only where the price does not tell sizes apart; no other tier is', () => {
  const plain = { standard: [] };
  const sized = { standard: [], 'search-low': [] };
  expect(serviceTierIn(sized, 'search-low')).toBe('search-low');
  expect(serviceTierIn(plain, 'search-low')).toBe('standard');
  expect(serviceTierIn(sized, 'search-high')).toBe('standard');
  expect(serviceTierIn(plain, 'flex')).toBe('flex');
  expect(serviceTierIn(plain, undefined)).toBe('standard');
});
