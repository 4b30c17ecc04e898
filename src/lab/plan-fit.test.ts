import { describe, expect, it } from 'vitest';
import { type PlanOutcome, verdictOf } from './plan-fit.ts';

const USD = 1_000_000_000;

function outcome(plan: string, priceUsd: number, rest: Partial<PlanOutcome> = {}): PlanOutcome {
  return {
    plan,
    displayName: plan,
    priceNanoUsd: priceUsd * USD,
    beyondNanoUsd: 0,
    requests: 100,
    refused: 0,
    refusedDays: 0,
    fellBack: 0,
    fellBackDays: 0,
    estimated: 0,
    unknown: 0,
    ...rest,
  };
}

describe('which plan is named first', () => {
  it.each([
    [
      'the own one, where nothing is cheaper',
      outcome('plus', 20),
      [outcome('pro', 200)],
      'right',
      undefined,
    ],
    [
      'a cheaper one that stops nothing more',
      outcome('pro', 200),
      [outcome('plus', 20), outcome('free', 0, { refused: 60, refusedDays: 9 })],
      'cheaper',
      'plus',
    ],
    [
      'a cheaper one with few limits, where none has none',
      outcome('pro', 200),
      [outcome('plus', 20, { refused: 5 }), outcome('free', 0, { refused: 60 })],
      'cheaper_with_limits',
      'plus',
    ],
    [
      'the own one, where the cheaper ones stop too much',
      outcome('pro', 200),
      [outcome('plus', 20, { refused: 30 })],
      'right',
      undefined,
    ],
    [
      'a dearer one with room, where the own one stopped people',
      outcome('free', 0, { refused: 12, refusedDays: 3 }),
      [outcome('plus', 20, { refused: 1 }), outcome('pro', 200)],
      'roomier',
      'plus',
    ],
    [
      'not one whose price leaves demand out that nobody has seen',
      outcome('pro', 200),
      [outcome('plus', 20, { unknown: 3 })],
      'right',
      undefined,
    ],
    [
      'usage beyond the price counts as money',
      outcome('plus', 20),
      [outcome('payg', 0, { beyondNanoUsd: 21 * USD })],
      'right',
      undefined,
    ],
  ])('%s', (_, own, others, kind, plan) => {
    expect(verdictOf({ own, others })).toEqual({ kind, plan });
  });
});
