import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanTerms } from '#offer/offer.ts';
import { starterOffer } from '#offer/starter-offer.ts';
import { planCandidates } from './candidates.ts';
import { groupFixes, likeWords } from './fix-groups.ts';

const pro = starterOffer().plans.find(({ plan }) => plan === 'pro');
if (pro === undefined) throw new Error('the starter offer has no plan pro');
const candidates = planCandidates(
  pro,
  {
    costs: Array.from({ length: 40 }, (_, n) => (n + 1) * 17e9),
    weekly: new Map([['reasoning', Array.from({ length: 40 }, (_, n) => n * 9)]]),
    byCost: ['reasoning', 'standard', 'fast'],
  },
  { billMax: 2 },
);

/** Of few kinds, so that many differ in a limit alone. */
const limits = candidates
  .filter(({ changes }) => changes.length <= 2 && /refused|credits|fast/.test(changes[0] ?? ''))
  .map(({ terms }) => terms);

const fixOf = (rank: number, terms: PlanTerms, marginShare: number, harmedShare = 0) => ({
  rank,
  terms,
  misses: marginShare < 0.1 ? ['margin'] : [],
  marginShare,
  harmedShare,
  billMultipleMax: 1,
});

/** Fixes as a search might rank them: real candidates, and figures that often nearly agree. */
const fixes = fc
  .array(
    fc.record({
      terms: fc.constantFrom(...limits),
      marginShare: fc.integer({ min: 0, max: 8 }).map((n) => 0.09 + n / 400),
      harmedShare: fc.constantFrom(0, 0.003, 0.06),
    }),
    { maxLength: 24 },
  )
  .map((drawn) =>
    drawn.map((each, at) => fixOf(at + 1, each.terms, each.marginShare, each.harmedShare)),
  );

/** What is left of a plan without its amounts; its gates by name. */
const kindOf = (terms: PlanTerms) => ({
  plan: {
    ...terms,
    priceNanoUsd: 0,
    credits: { ...terms.credits, perPeriodNanoUsd: 0 },
    overageCapNanoUsd: 0,
    fareCapNanoUsd: 0,
    tariff: terms.tariff.kind,
    gates: [],
  },
  gates: terms.gates.map((gate) => JSON.stringify({ ...gate, limit: 0 })),
});

describe('ways out that are nearly the same', () => {
  it('are folded with every fix in one group, in order, of one kind, and near the best', () => {
    let folded = 0;
    fc.assert(
      fc.property(fixes, (ranked) => {
        const groups = groupFixes(pro, ranked);
        expect(groups.flatMap(({ ranks }) => ranks).toSorted((a, b) => a - b)).toEqual(
          ranked.map(({ rank }) => rank),
        );
        const bests = groups.map(({ ranks }) => ranks[0] ?? 0);
        expect(bests).toEqual(bests.toSorted((a, b) => a - b));
        for (const { ranks, range } of groups) {
          expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
          expect(range === null).toBe(ranks.length === 1);
          const [best, ...like] = ranks.map((rank) => ranked[rank - 1]);
          folded += like.length;
          for (const each of like) {
            const [one, other] = [kindOf(each?.terms ?? pro), kindOf(best?.terms ?? pro)];
            expect(one.plan).toEqual(other.plan);
            const more = one.gates.filter((gate) => !other.gates.includes(gate));
            expect(more.length).toBeLessThanOrEqual(range?.isMore === true ? 1 : 0);
            expect(one.gates).toEqual(expect.arrayContaining(other.gates));
            expect(each?.misses).toEqual(best?.misses);
            expect(Math.abs((each?.marginShare ?? 1) - (best?.marginShare ?? 0))).toBeLessThan(
              0.011,
            );
          }
        }
      }),
    );
    // Else it would have held of nothing.
    expect(folded).toBeGreaterThan(20);
  });

  const limited = (dollars: number): PlanTerms => {
    const found = candidates.find(
      ({ changes }) => changes.length === 1 && /refused/.test(changes[0] ?? ''),
    );
    const terms = found?.terms ?? pro;
    return {
      ...terms,
      gates: terms.gates.map((gate) =>
        gate.id === 'fair-use' ? { ...gate, limit: dollars * 1e9 } : gate,
      ),
    };
  };

  it('say how many they are, from which amount to which, and their numbers', () => {
    const groups = groupFixes(pro, [
      fixOf(1, limited(625), 0.2),
      fixOf(2, pro, 0.2),
      fixOf(3, limited(650), 0.199),
      fixOf(4, limited(600), 0.201),
      fixOf(5, limited(700), 0.15),
    ]);
    expect(groups.map(({ ranks }) => ranks)).toEqual([[1, 3, 4], [2], [5]]);
    expect(groups.map(likeWords)).toEqual(['and 2 like it, from $600 to $650 (3, 4)', '', '']);
  });

  it('say that others have one change more, and fold none under one that changes more', () => {
    const both = (dollars: number): PlanTerms => {
      const terms = limited(625);
      const [gate] = terms.gates.filter(({ id }) => id === 'fair-use');
      if (!gate) throw new Error('no limit');
      return { ...terms, gates: [...terms.gates, { ...gate, id: 'hard', limit: dollars * 1e9 }] };
    };
    const [plain, more] = [limited(625), both(900)] as const;
    expect(groupFixes(pro, [fixOf(1, plain, 0.2), fixOf(2, more, 0.2)]).map(likeWords)).toEqual([
      'and 1 like it, with one more change, at $900 (2)',
    ]);
    expect(groupFixes(pro, [fixOf(1, more, 0.2), fixOf(2, plain, 0.2)])).toHaveLength(2);
  });

  it('are none where the terms are not known', () => {
    const bare = [1, 2].map((rank) => ({ ...fixOf(rank, pro, 0.2), terms: undefined }));
    expect(groupFixes(pro, bare).map(({ ranks }) => ranks)).toEqual([[1], [2]]);
  });
});
