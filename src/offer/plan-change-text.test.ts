import { expect, test } from 'vitest';
import { loadOffer } from './load-offer.ts';
import type { PlanTerms } from './offer.ts';
import { planChangeText } from './plan-change-text.ts';
import { starterDocument } from './starter-offer.ts';

function proOf(document: string): PlanTerms {
  const pro = loadOffer(document).plans.find(({ plan }) => plan === 'pro');
  if (pro === undefined) throw new Error('the starter offer has a plan pro');
  return pro;
}

test('says what changes of a plan as the document writes it', () => {
  const pro = proOf(starterDocument());
  const [exposure] = pro.gates;
  if (exposure === undefined) throw new Error('pro has a gate');
  const fairUse = {
    ...exposure,
    id: 'fair-use',
    limit: 375_000_000_000,
    classes: ['reasoning', 'standard'],
    whenFull: { do: 'fallback', to: 'fast' },
  } as const;
  const dearer = { ...pro, priceNanoUsd: 250_000_000_000 as PlanTerms['priceNanoUsd'] };
  expect(
    planChangeText(pro, { ...dearer, gates: [fairUse, { ...exposure, limit: 5e12 }] }),
  ).toEqual([
    'price: $200 → $250',
    '~ gate exposure: $10,000 of cost, window billing period, when full refuse → $5,000 of cost, window billing period, when full refuse',
    '+ gate fair-use: $375 of cost, window billing period, classes reasoning and standard, when full fall back to fast',
  ]);
  expect(planChangeText(pro, { ...pro, gates: [] })).toEqual([
    '- gate exposure: $10,000 of cost, window billing period, when full refuse',
  ]);
  expect(planChangeText(pro, pro)).toEqual([]);
});
