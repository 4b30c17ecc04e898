import { expect, it } from 'vitest';
import { pnlText } from './commands/books.ts';
import { table } from './output.ts';

it('prints columns as wide as they need to be, numbers to the right', () => {
  const text = table(
    [
      { name: 'pro', margin: '-$1.50' },
      { name: 'free', margin: '$20.00' },
    ],
    [
      { title: 'plan', value: (row) => row.name },
      { title: 'margin', value: (row) => row.margin, align: 'right' },
    ],
  );
  expect(text).toBe(['plan  margin', '────  ──────', 'pro   -$1.50', 'free  $20.00'].join('\n'));
});

it('says which plan is under water, by how much and because of whom', () => {
  const row = {
    key: 'plv_1',
    label: 'pro v1',
    subscribers: 1000,
    requests: 5,
    tokensIn: 1,
    tokensOut: 1,
    subscription: '200000000000000',
    usage: '0',
    breakage: '0',
    revenue: '200000000000000',
    promotional: '0',
    cost: '260000000000000',
    margin: '-60000000000000',
    marginBasisPoints: -3000,
    losses: {
      subscribersBelowZero: 84,
      belowZeroShare: 0.084,
      loss: '90000000000000',
      topPercentShare: 0.4,
      topTenPercentShare: 0.91,
    },
  };
  const text = pnlText(
    {
      book: 'demo',
      by: 'plan',
      fromDay: '2026-10-26',
      toDay: '2026-11-25',
      rows: [row],
      total: row,
    },
    20,
  );
  expect(text).toContain('pro v1 is under water: -$60,000.00 on 1,000 subscribers.');
  expect(text).toContain('8.4% of them are below zero');
  expect(text).toContain('costliest 1% cause 40.0% of that loss, the costliest 10% 91.0%');
  const empty = {
    book: 'live',
    by: 'plan',
    fromDay: 'a',
    toDay: 'b',
    rows: [],
    total: row,
  } as const;
  expect(pnlText(empty, 20)).toContain('Nothing was sold or used');
});
