import { describe, expect, it } from 'vitest';
import { byMerit, frontierOf, type MeasuredFix } from './fix-merit.ts';
import { sampleOf } from './sample.ts';
import type { LabBasis } from './scenario.ts';
import type { PlanCandidate } from './candidates.ts';
import type { Tape } from './tape.ts';

const BOUNDS = { targetMargin: 0.1, harmMax: 0.1, billMax: 2 };

function fix(given: {
  share: number;
  harm: number;
  margin?: number;
  leave?: number;
  bill?: number;
}): MeasuredFix {
  const misses = [
    ...(given.share < BOUNDS.targetMargin ? ['margin'] : []),
    ...(given.harm > BOUNDS.harmMax ? ['harm'] : []),
    ...((given.bill ?? 1) > BOUNDS.billMax ? ['bill'] : []),
  ];
  return {
    candidate: {} as PlanCandidate,
    fix: {
      changes: [JSON.stringify(given)],
      fits: misses.length === 0,
      misses,
      revenue: '100',
      cost: '0',
      margin: String(given.margin ?? Math.round(given.share * 100)),
      marginShare: given.share,
      mechanicalMargin: '0',
      mechanicalMarginShare: given.share,
      harmed: 0,
      harmedShare: given.harm,
      leave: given.leave ?? 0,
      move: 0,
      billMultipleMax: given.bill ?? 1,
      sampleError: '0',
      exact: true,
    },
  };
}

describe('the order of fixes', () => {
  it('has those that fit first, then by people harmed, driven away, margin', () => {
    const wanted = [
      fix({ share: 0.11, harm: 0.02 }),
      fix({ share: 0.2, harm: 0.05 }),
      fix({ share: 0.4, harm: 0.05, leave: 2 }),
      fix({ share: 0.5, harm: 0.08 }),
      // None of these fits: by how much they miss.
      fix({ share: 0.09, harm: 0.02 }),
      fix({ share: 0.3, harm: 0.2 }),
      fix({ share: 0.3, harm: 0.05, bill: 3 }),
    ];
    expect(wanted.toReversed().sort(byMerit(BOUNDS))).toEqual(wanted);
  });

  it('draws the frontier: nobody beats it in both margin and harm', () => {
    const all = Array.from({ length: 200 }, (_, i) =>
      fix({ share: ((i * 7919) % 100) / 100, harm: ((i * 104_729) % 50) / 50 }),
    );
    const frontier = frontierOf(all);
    const isBeaten = (one: MeasuredFix): boolean =>
      all.some(
        (other) =>
          Number(other.fix.margin) > Number(one.fix.margin) &&
          other.fix.harmedShare < one.fix.harmedShare,
      );
    expect(frontier.filter(isBeaten)).toEqual([]);
    expect(frontier.length).toBeGreaterThan(1);
  });
});

describe('the sample', () => {
  const sizes = [5000, 3000, ...Array.from({ length: 200 }, () => 50)];
  const opStarts = Uint32Array.from([
    0,
    ...sizes.map((_, k) => sizes.slice(0, k + 1).reduce((a, b) => a + b, 0)),
  ]);
  const segments = sizes.map((_, customer) => ({ customer, planVersionId: 'plv' }));
  const basis = { tape: { opStarts, segments } } as unknown as LabBasis<Tape>;
  const rows = sizes.map((_, row) => row);

  it('stands for everybody, the largest for themselves', () => {
    const sample = sampleOf(basis, rows, 1, 10_000);
    const people = sample.weights.reduce((sum, weight) => sum + weight, 0);
    expect(people).toBeCloseTo(rows.length, 6);
    expect(sample.rows.slice(0, sample.certain)).toContain(0);
    expect(new Set(sample.rows).size).toBe(sample.rows.length);
    expect(sampleOf(basis, rows, 1, 10_000)).toEqual(sample);
  });

  it('is everybody where they fit', () => {
    expect(sampleOf(basis, rows, 1, 1_000_000).rows).toEqual(rows);
  });
});
