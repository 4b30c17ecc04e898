import { expect, test } from 'vitest';
import { canonicalServiceTier } from './service-tier.ts';

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
