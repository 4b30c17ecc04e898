import { describe, expect, it } from 'vitest';
import { seededRandom } from '#base/random.ts';
import {
  choose,
  type Customer,
  DEFAULT_BEHAVIOUR,
  drawQuantiles,
  headroomAt,
  normalQuantile,
  qualityOf,
} from './behaviour.ts';

const PEOPLE = 20_000;
const usage = Array.from({ length: PEOPLE }, (_, i) => i);
const draws = drawQuantiles(usage, DEFAULT_BEHAVIOUR, seededRandom(3));

/** Someone who pays 100 and gets everything, at a quantile of the willingness to pay. */
function customer(quantile: number, change: Partial<Customer>, elasticity = 1): Customer {
  const now = { bill: 100, quality: 1 };
  return {
    now,
    changed: now,
    othersNow: [],
    othersChanged: [],
    headroom: headroomAt(quantile, elasticity),
    ...change,
  };
}

const leavers = (change: Partial<Customer>, elasticity = 1): number =>
  draws.filter(
    (quantile) =>
      choose(customer(quantile, change, elasticity), DEFAULT_BEHAVIOUR).kind === 'leave',
  ).length / PEOPLE;

describe('what people do', () => {
  it('is nothing where nothing changes, whatever other plans there are', () => {
    const others = [
      { bill: 10, quality: 0.9 },
      { bill: 0, quality: 0.5 },
    ];
    for (const quantile of draws.slice(0, 500)) {
      const same = customer(quantile, { othersNow: others, othersChanged: others });
      expect(choose(same, DEFAULT_BEHAVIOUR)).toEqual({ kind: 'stay' });
    }
  });

  it('follows the elasticity: of those who pay a price, (1 / x) ^ e would pay x times as much', () => {
    for (const [times, elasticity] of [
      [1.25, 1],
      [2, 1],
      [2, 0.4],
      [1.5, 2.6],
    ] as const) {
      const changed = { bill: 100 * times, quality: 1 };
      expect(leavers({ changed }, elasticity)).toBeCloseTo(1 - times ** -elasticity, 1);
    }
  });

  it('takes a plan that loses half of its worth as one that costs twice as much', () => {
    const dearer = leavers({ changed: { bill: 200, quality: 1 } });
    expect(leavers({ changed: { bill: 100, quality: 0.5 } })).toBeCloseTo(dearer, 5);
  });

  it('moves people to a plan that has become better by more than it takes to switch', () => {
    const others = [{ bill: 95, quality: 1 }];
    const changed = { bill: 150, quality: 1 };
    const choice = choose(
      customer(0.99, { changed, othersNow: others, othersChanged: others }),
      DEFAULT_BEHAVIOUR,
    );
    expect(choice).toEqual({ kind: 'move', to: 0 });
  });

  it('changes person by person with its assumptions: who leaves at a low elasticity leaves at a high one', () => {
    const changed = { bill: 160, quality: 1 };
    const leaving = (elasticity: number): readonly number[] =>
      draws
        .slice(0, 2000)
        .filter(
          (quantile) =>
            choose(customer(quantile, { changed }, elasticity), DEFAULT_BEHAVIOUR).kind === 'leave',
        );
    const high = new Set(leaving(2.6));
    expect(leaving(0.4).length).toBeGreaterThan(0);
    expect(leaving(0.4).every((quantile) => high.has(quantile))).toBe(true);
  });

  it('lets heavy users value a plan more: a dearer one loses the light ones', () => {
    const half = PEOPLE / 2;
    const mean = (part: readonly number[]): number =>
      part.reduce((sum, value) => sum + value, 0) / part.length;
    expect(mean(draws.slice(half))).toBeGreaterThan(mean(draws.slice(0, half)) + 0.2);
  });

  it('draws the same for the same seed', () => {
    const again = drawQuantiles(usage, DEFAULT_BEHAVIOUR, seededRandom(3));
    expect(again).toEqual(draws);
  });
});

describe('the quality of a plan', () => {
  it('falls with what is refused, served by less, or slowed', () => {
    const of = (refused: number, fellBack: number, slowed: number): number =>
      qualityOf({ requests: 100, refused, fellBack, slowed }, DEFAULT_BEHAVIOUR);
    expect(of(0, 0, 0)).toBe(1);
    expect(of(50, 0, 0)).toBe(0.5);
    expect(of(0, 100, 0)).toBeCloseTo(0.7);
    expect(of(0, 0, 100)).toBeCloseTo(0.9);
  });

  it('knows the normal distribution', () => {
    expect(normalQuantile(0.5)).toBeCloseTo(0, 8);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 5);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232, 5);
  });
});
