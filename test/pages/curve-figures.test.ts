import { expect, test } from 'vitest';
import { figuresAt } from '../../web/operator/lab/curve-figures.ts';

const side = {
  subscription: [100, 100, 100],
  bill: [100, 120, 100],
  margin: [-50, 10, 80],
  limited: [0, 1, 0],
  leaves: [0, 0, 1],
};
const today = { ...side, bill: [100, 120, 100], limited: [0, 0, 0], leaves: [0, 0, 0] };

test('at the price that was replayed, the figures are those of the replay', () => {
  const scenario = { weights: [1, 1, 1], today, side, priceNanoUsd: 100 };
  expect(figuresAt(scenario, 100)).toEqual({
    margins: [-50, 10, 80],
    subscribers: 3,
    below: 1,
    margin: 40,
    // One meets a limit, one leaves.
    harmed: 2,
    dearer: 0,
  });
});

test('another price moves what goes with it, and counts whoever pays more', () => {
  const scenario = { weights: [1, 1, 1], today, side, priceNanoUsd: 100 };
  expect(figuresAt(scenario, 150)).toMatchObject({ below: 0, margin: 190, harmed: 3, dearer: 3 });
  // Cheaper: nobody pays more; who leaves at that price is not known without a replay.
  expect(figuresAt(scenario, 50)).toMatchObject({ below: 2, margin: -110, harmed: 1, dearer: 0 });
});

test('subscribers who stand for others count as often, and take as much of the chart', () => {
  const scenario = { weights: [1, 4, 5], today, side, priceNanoUsd: 100 };
  const found = figuresAt(scenario, 100);
  expect(found).toMatchObject({ subscribers: 10, below: 1, margin: -50 + 40 + 400, harmed: 9 });
  expect(found.margins).toEqual([-50, 10, 10, 10, 10, 80, 80, 80, 80, 80]);
});
