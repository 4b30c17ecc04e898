import { expect, it } from 'vitest';
import { testPlan, USD } from '#admission/testing-admission.ts';
import { nanoUsd } from '#base/money.ts';
import { quoteShares } from './quote-shares.ts';

const cycle = { kind: 'cycle' } as const;
const refuse = { do: 'refuse' } as const;
const gate = { window: cycle, scope: 'customer', classes: [], whenFull: refuse } as const;
const plan = testPlan({
  plan: 'flat',
  billing: 'included',
  classes: [
    { name: 'fast', weightMilli: 1000 },
    { name: 'reasoning', weightMilli: 20_000 },
  ],
  gates: [
    { ...gate, id: 'messages', unit: 'messages', limit: 100_000 },
    { ...gate, id: 'exposure', unit: 'cost', limit: 10 * USD },
    { ...gate, id: 'deep', unit: 'tokens', limit: 1_000_000, classes: ['reasoning'] },
  ],
});
const standing = (gateId: string, used: number, limit: number) => ({
  gateId,
  used,
  limit,
  resetAtMs: 0,
});
const standings = {
  gates: [
    standing('messages', 50_000, 100_000),
    standing('exposure', 9 * USD, 10 * USD),
    standing('deep', 0, 1_000_000),
  ],
};
const most = { tokens: 50_000, costNanoUsd: nanoUsd(2 * USD), chargeNanoUsd: nanoUsd(3 * USD) };

it('says what a message takes of each limit that it counts in, the largest first', () => {
  const shares = quoteShares(plan, standings, { className: 'reasoning', most, usualShare: 0.5 });
  expect(shares).toMatchObject([
    { gate: 'messages', expectedPerMille: 200, maxPerMille: 200, leftPerMille: 500 },
    { gate: 'exposure', expectedPerMille: 100, maxPerMille: 200, leftPerMille: 100 },
    { gate: 'deep', expectedPerMille: 25, maxPerMille: 50, leftPerMille: 1000 },
  ]);
  expect(JSON.stringify(shares)).not.toContain(String(2 * USD));
});

it('leaves out what does not count it, and messages that everybody can count', () => {
  const shares = quoteShares(plan, standings, { className: 'fast', most, usualShare: 0.5 });
  expect(shares.map(({ gate: name }) => name)).toEqual(['exposure']);
});
