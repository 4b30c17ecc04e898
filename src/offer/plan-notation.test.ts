import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { seededRandom } from '#base/random.ts';
import { randomPlan } from '../../test/simulation/random-plan.ts';
import { loadOffer } from './load-offer.ts';
import type { PlanTerms } from './offer.ts';
import { withPlans } from './plan-notation.ts';
import { starterOffer } from './starter-offer.ts';

const starter = starterOffer().document;

describe('plans in the notation of the document', () => {
  it('read back as what they were, whatever the plan', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { id: _id, version: _version, ...random } = randomPlan(seededRandom(seed), 'plv_x');
      const terms: PlanTerms = { ...random, plan: 'pro' };
      const read = loadOffer(withPlans(starter, [terms])).plans.find(({ plan }) => plan === 'pro');
      expect(read).toEqual(terms);
    }
  });

  it('leave every other line of the document as it was', () => {
    const pro = loadOffer(starter).plans.find(({ plan }) => plan === 'pro');
    if (pro === undefined) throw new Error('the starter offer has a plan pro');
    expect(loadOffer(withPlans(starter, [pro])).plans).toEqual(loadOffer(starter).plans);
    const dearer = withPlans(starter, [{ ...pro, priceNanoUsd: nanoUsd(250e9) }]);
    const lines = (text: string): readonly string[] => text.split('\n');
    const written = lines(dearer).filter((line) => !lines(starter).includes(line));
    expect(written).toEqual(['    price: $250']);
    expect(lines(dearer).length).toBe(lines(starter).length);
    const before = loadOffer(starter);
    const after = loadOffer(dearer);
    const changed = after.plans.filter((plan, i) => !isDeepStrictEqual(plan, before.plans[i]));
    expect(changed.map(({ plan }) => plan)).toEqual(['pro']);
    expect(after.prices).toEqual(before.prices);
    expect(after.models).toEqual(before.models);
  });
});
