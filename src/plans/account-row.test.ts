import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NanoUsd } from '#base/money.ts';
import {
  accountOn,
  amountsOf,
  candidateOf,
  gateOf,
  PERIOD_START_MS as T0,
  planOf,
  requestOf,
} from '#testing/plan-fixture.ts';
import { decodeAccount, encodeAccount } from './account-row.ts';
import { DecisionOut } from './decision-out.ts';
import { grant } from './funding.ts';
import { decide } from './kernel.ts';

const plan = planOf({
  billing: 'metered',
  fareCapNanoUsd: 4_000_000_000_000_000,
  gates: [
    gateOf({ id: 'rolling', limit: 1e15 }),
    gateOf({ id: 'exact', unit: 'messages', limit: 200_000 }),
    gateOf({ id: 'session', window: { kind: 'session', seconds: 60 }, limit: 1e15 }),
    gateOf({ id: 'day', window: { kind: 'calendar', unit: 'day' }, limit: 1e15 }),
    gateOf({ id: 'cycle', window: { kind: 'cycle' }, limit: 1e15 }),
  ],
});

function accountAfter(uses: readonly (readonly [number, number])[]) {
  const { account, program } = accountOn(plan, 'Europe/Berlin');
  grant(account, { atMs: T0, kind: 'bought', amountNanoUsd: 3e15 as NanoUsd });
  let atMs = T0;
  for (const [index, [afterMs, amount]] of uses.entries()) {
    atMs += afterMs;
    const quote = amountsOf({ tokens: amount, chargeNanoUsd: amount });
    const request = requestOf(atMs, `req_${index}`, [candidateOf('standard', quote)], {
      memberId: 'mem_1',
    });
    decide(account, program, request, {}, new DecisionOut());
  }
  return account;
}

describe('the row of an account', () => {
  it('reads back as it was written', () => {
    const uses = fc.array(fc.tuple(fc.nat(3_600_000), fc.nat(1e9)), { maxLength: 40 });
    fc.assert(
      fc.property(uses, (list) => {
        const account = accountAfter(list);
        const row = encodeAccount(account);
        const read = decodeAccount(row);
        expect(encodeAccount(read)).toEqual(row);
        expect(JSON.stringify(read)).toBe(JSON.stringify(account));
      }),
      { numRuns: 100 },
    );
  });

  it('copies without sharing', () => {
    const account = accountAfter([[5, 100]]);
    const before = JSON.stringify(encodeAccount(account));
    const copy = account.clone();
    expect(JSON.stringify(encodeAccount(copy))).toBe(before);
    grant(copy, { atMs: T0, kind: 'bought', amountNanoUsd: 5 as NanoUsd });
    copy.holds[0]?.payments.add(2, 5);
    expect(JSON.stringify(encodeAccount(account))).toBe(before);
  });

  it('is refused where column and bytes disagree, or the bytes are cut', () => {
    const row = encodeAccount(accountAfter([[5, 100]]));
    expect(() => decodeAccount({ ...row, boughtNanoUsd: row.boughtNanoUsd + 1 })).toThrow('bought');
    expect(() => decodeAccount({ ...row, heldNanoUsd: 0 })).toThrow('held');
    expect(() => decodeAccount({ ...row, ring: row.ring.subarray(0, -1) })).toThrow(RangeError);
    expect(() => decodeAccount({ ...row, sub: Buffer.from([9]) })).toThrow('format');
  });
});
