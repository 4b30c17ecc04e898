import { describe, expect, it } from 'vitest';
import { seededRandom } from '#base/random.ts';
import { normalQuantile } from './behaviour.ts';
import { byMerit, fixOf, frontierOf, type MeasuredFix } from './fix-merit.ts';
import type { Outcome } from './outcome.ts';
import { sampleOf } from './sample.ts';
import type { LabBasis } from './scenario.ts';
import type { PlanCandidate } from './candidates.ts';
import type { Tape } from './tape.ts';

const UNCHANGED = { changes: [] } as unknown as PlanCandidate;
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

/** A subscriber who pays nothing and stays. */
function lossOf(row: number, costAfter: number): Outcome {
  const nothing = { billBefore: 0, billAfter: 0, revenueBefore: 0, revenueAfter: 0, costBefore: 0 };
  const met = { newlyRefused: 0, newlyFellBack: 0, newlySlowed: 0, freed: 0 };
  const marks = { isLimited: false, isHarmed: false, billMultiple: 1 };
  const chosen = { choice: { kind: 'stay' } as const, revenueChosen: 0, costChosen: costAfter };
  return { row, costAfter, ...nothing, ...met, ...marks, ...chosen };
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
    const size = { events: 10_000, giantEvents: 10_000 };
    const sample = sampleOf(basis, rows, 1, size);
    const people = sample.weights.reduce((sum, weight) => sum + weight, 0);
    expect(people).toBeCloseTo(rows.length, 6);
    expect(sample.rows.slice(0, sample.giants)).toEqual([0, 1]);
    expect(sample.weights.slice(0, sample.giants)).toEqual([1, 1]);
    expect(new Set(sample.rows).size).toBe(sample.rows.length);
    expect(sampleOf(basis, rows, 1, size)).toEqual(sample);
  });

  it('draws of many giants too, and says how far off that may be', () => {
    const random = seededRandom(7);
    const events = Array.from({ length: 400 }, () =>
      Math.round(50 * Math.exp(1.4 * normalQuantile(random.next()))),
    );
    const cost = events.map((own) => own * (0.5 + random.next()));
    const truth = -cost.reduce((a, b) => a + b, 0);
    const starts = [0];
    for (const own of events) starts.push((starts.at(-1) ?? 0) + own);
    const people = {
      tape: {
        opStarts: Uint32Array.from(starts),
        segments: events.map((_, customer) => ({ customer, planVersionId: 'plv' })),
      },
    } as unknown as LabBasis<Tape>;
    const all = events.map((_, row) => row);
    let covered = 0;
    let sum = 0;
    const seeds = 200;
    for (let seed = 0; seed < seeds; seed++) {
      const sample = sampleOf(people, all, seed, { events: 800, giantEvents: 16_000 });
      expect(sample.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(all.length, 6);
      expect(sample.drawn.length).toBe(2);
      const outcomes = sample.rows.map((row) => lossOf(row, cost[row] ?? 0));
      const { margin, sampleError } = fixOf(UNCHANGED, outcomes, sample, BOUNDS);
      sum += Number(margin);
      if (Math.abs(Number(margin) - truth) <= Number(sampleError)) covered++;
    }
    expect(Math.abs(sum / seeds / truth - 1)).toBeLessThan(0.02);
    expect(covered / seeds).toBeGreaterThan(0.8);
    expect(covered / seeds).toBeLessThan(0.98);
  });

  it('is everybody where they fit', () => {
    expect(sampleOf(basis, rows, 1).rows).toEqual(rows);
  });
});
