import { describe, expect, it } from 'vitest';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import {
  accountOn,
  amountsOf,
  candidateOf,
  gateOf,
  PERIOD_END_MS,
  PERIOD_START_MS as T0,
  planOf,
  requestOf,
} from '#testing/plan-fixture.ts';
import { compilePlan } from './compile.ts';
import { DecisionOut, SettleOut } from './decision-out.ts';
import { changePlan, expireLots, grant, refund, renewPeriod } from './funding.ts';
import { decide, settle } from './kernel.ts';

const nano = (amount: number) => amount as NanoUsd;
const credits = (perPeriodNanoUsd: number, maxNanoUsd?: number) => ({
  credits: {
    perPeriodNanoUsd,
    rollover: maxNanoUsd === undefined ? { kind: 'none' } : { kind: 'upTo', maxNanoUsd },
  },
});
const next = {
  atMs: PERIOD_END_MS,
  startMs: PERIOD_END_MS,
  endMs: Date.UTC(2027, 0, 1),
  timeZone: 'UTC',
};

describe('a new period', () => {
  it('grants the allowance anew; what was left is lost', () => {
    const { account, program } = accountOn(planOf(credits(100)));
    const moved = renewPeriod(account, program, next);
    expect(moved).toMatchObject({ allowanceNanoUsd: 0, breakage: { allowance: 100 } });
    expect(account.balance('allowance')).toBe(100);
  });

  it('carries what was left up to the maximum', () => {
    const { account, program } = accountOn(planOf(credits(100, 30)));
    expect(renewPeriod(account, program, next).breakage.allowance).toBe(70);
    expect(account.balance('allowance')).toBe(130);
  });

  it('leaves an open hold of the old period its credits', () => {
    const { account, program } = accountOn(planOf({ ...credits(100), billing: 'metered' }));
    const quote = amountsOf({ chargeNanoUsd: 60 });
    const request = requestOf(PERIOD_END_MS - 1, 'late', [candidateOf('standard', quote)]);
    decide(account, program, request, {}, new DecisionOut());
    expect(renewPeriod(account, program, next).breakage.allowance).toBe(40);
    const out = new SettleOut();
    const actual = amountsOf({ chargeNanoUsd: 50 });
    settle(
      account,
      program,
      { atMs: next.atMs + 5, requestId: 'late' as Id<'request'>, actual },
      {},
      out,
    );
    expect(out).toMatchObject({ allowanceNanoUsd: 50, overrunNanoUsd: 0 });
    expect(account.period.fareChargedNanoUsd).toBe(0);
    expect(expireLots(account, next.atMs + 6).breakage.allowance).toBe(10);
    expect(account.balance('allowance')).toBe(100);
  });
});

describe('a refund', () => {
  it('goes back to the bucket that paid', () => {
    const { account } = accountOn(planOf({}));
    const given = { atMs: T0, payer: 'bought', amountNanoUsd: nano(7), admittedAtMs: T0 } as const;
    expect(refund(account, given)).toMatchObject({ boughtNanoUsd: 7, promotionalNanoUsd: 0 });
  });

  it('becomes promotional where that has expired', () => {
    const { account } = accountOn(planOf({}));
    const given = {
      payer: 'allowance',
      expiresAtMs: T0 + 5,
      amountNanoUsd: nano(7),
      admittedAtMs: T0,
    } as const;
    expect(refund(account, { ...given, atMs: T0 + 5 })).toMatchObject({
      allowanceNanoUsd: 0,
      promotionalNanoUsd: 7,
    });
  });
});

describe('a grant', () => {
  it('pays off what is owed first', () => {
    const { account } = accountOn(planOf({}));
    account.debtNanoUsd = 30;
    const moved = grant(account, { atMs: T0, kind: 'promotional', amountNanoUsd: nano(100) });
    expect(moved).toMatchObject({ promotionalNanoUsd: 70, boughtNanoUsd: 30 });
  });
});

describe('a change of plan', () => {
  const half = T0 + (PERIOD_END_MS - T0) / 2;

  it('adds the difference of the allowances for the rest of the period', () => {
    const old = planOf(credits(100));
    const { account, program } = accountOn(old);
    const larger = compilePlan(planOf({ ...credits(301), id: 'plv_large' }));
    expect(changePlan(account, program, larger, half).allowanceNanoUsd).toBe(100);
    expect(account.planVersionId).toBe('plv_large');
  });

  it('takes back no more of the allowance than is left', () => {
    const { account, program } = accountOn(planOf({ ...credits(100), billing: 'metered' }));
    const request = requestOf(T0, 'open', [
      candidateOf('standard', amountsOf({ chargeNanoUsd: 80 })),
    ]);
    decide(account, program, request, {}, new DecisionOut());
    const smaller = compilePlan(planOf({ id: 'plv_small' }));
    expect(changePlan(account, program, smaller, half).allowanceNanoUsd).toBe(-20);
  });

  it('carries the count of a gate over by its id, and a return finds what was counted', () => {
    const gate = gateOf({ window: { kind: 'rolling', seconds: 40 * 86_400 } });
    const { account, program } = accountOn(planOf({ gates: [gate] }));
    const ask = (using: typeof program, id: string) => {
      const out = new DecisionOut();
      const request = requestOf(T0, id, [candidateOf('standard', amountsOf({ tokens: 60 }))]);
      decide(account, using, request, {}, out);
      return out.verdict;
    };
    ask(program, 'a');
    const wider = compilePlan(planOf({ id: 'plv_wide', gates: [{ ...gate, limit: 130 }] }));
    changePlan(account, program, wider, T0);
    expect([ask(wider, 'b'), ask(wider, 'c')]).toEqual(['admitted', 'refused']);
    const bare = compilePlan(planOf({ id: 'plv_bare' }));
    changePlan(account, wider, bare, T0);
    expect(ask(bare, 'd')).toBe('admitted');
    changePlan(account, bare, program, T0);
    expect(ask(program, 'e')).toBe('refused');
  });
});
