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
import {
  availableClasses,
  DecisionOut,
  ExtendOut,
  gateStanding,
  SettleOut,
} from './decision-out.ts';
import { grant } from './funding.ts';
import { decide, extend, type Scopes, settle, voidHold } from './kernel.ts';
import type { Gate, PlanVersion } from './plan-version.ts';
import { ScopeState } from './scope-state.ts';
import { SharedCounters } from './shared-counters.ts';

const HOUR_MS = 3_600_000;
const usd = (amount: number) => Math.round(amount * 1e9) as NanoUsd;
const idOf = (name: string) => name as Id<'request'>;

/** One account with the moves of a customer. */
function customerOn(plan: PlanVersion, scopes: Scopes = {}, timeZone = 'UTC') {
  const { account, program } = accountOn(plan, timeZone);
  let requests = 0;
  return {
    account,
    program,
    ask(atMs: number, amounts: Parameters<typeof amountsOf>[0], who = {}, classes = ['standard']) {
      const out = new DecisionOut();
      const candidates = classes.map((name) => candidateOf(name, amountsOf(amounts)));
      decide(account, program, requestOf(atMs, `r${requests++}`, candidates, who), scopes, out);
      return out;
    },
    settle(id: string, atMs: number, amounts: Parameters<typeof amountsOf>[0]) {
      const out = new SettleOut();
      settle(
        account,
        program,
        { atMs, requestId: idOf(id), actual: amountsOf(amounts) },
        scopes,
        out,
      );
      return out;
    },
    void(id: string, atMs: number) {
      const out = new SettleOut();
      voidHold(account, program, { atMs, requestId: idOf(id) }, scopes, out);
      return out;
    },
    extend(id: string, atMs: number, amounts: Parameters<typeof amountsOf>[0]) {
      const out = new ExtendOut();
      extend(
        account,
        program,
        { atMs, requestId: idOf(id), upTo: amountsOf(amounts) },
        scopes,
        out,
      );
      return out;
    },
  };
}

const withGate = (gate: Partial<Gate>, terms: Parameters<typeof planOf>[0] = {}) =>
  planOf({ gates: [gateOf(gate)], ...terms });
const TWO_CLASSES = {
  classes: [
    { name: 'reasoning', weightMilli: 50_000 },
    { name: 'fast', weightMilli: 250 },
  ],
};

describe('the published vectors: nothing passes a budget before it is counted', () => {
  it('admits exactly 50 of 1,000 concurrent requests of $0.10 on $5', () => {
    const customer = customerOn(planOf({ billing: 'metered' }));
    grant(customer.account, { atMs: T0, kind: 'bought', amountNanoUsd: usd(5) });
    const verdicts = Array.from({ length: 1000 }, () =>
      customer.ask(T0, { chargeNanoUsd: usd(0.1) }),
    );
    expect(verdicts.filter((out) => out.verdict === 'admitted')).toHaveLength(50);
    expect(new Set(verdicts.slice(50).map((out) => out.reason))).toEqual(new Set(['funds']));
  });

  it.each([
    { requests: 20, tokens: 75, limit: 500, admitted: 6 },
    { requests: 5, tokens: 500, limit: 600, admitted: 1 },
  ])(
    'admits exactly $admitted of $requests × $tokens on $limit',
    ({ requests, tokens, limit, admitted }) => {
      const customer = customerOn(withGate({ limit }));
      const verdicts = Array.from({ length: requests }, () => customer.ask(T0, { tokens }).verdict);
      expect(verdicts.filter((verdict) => verdict === 'admitted')).toHaveLength(admitted);
    },
  );
});

describe('windows', () => {
  it('slides a few messages exactly, to the millisecond', () => {
    const gate = {
      unit: 'messages',
      window: { kind: 'rolling', seconds: 3 * 3600 },
      limit: 2000,
    } as const;
    const customer = customerOn(withGate(gate));
    customer.ask(T0, {});
    customer.ask(T0 + 5, {});
    const refused = customer.ask(T0 + 10, {});
    expect(gateStanding(customer.program, refused, 0)).toEqual({
      gateId: 'gate',
      limit: 2000,
      used: 2000,
      resetAtMs: T0 + 3 * HOUR_MS,
    });
    expect(customer.ask(T0 + 3 * HOUR_MS - 1, {}).verdict).toBe('refused');
    expect(customer.ask(T0 + 3 * HOUR_MS, {}).verdict).toBe('admitted');
  });

  it('slides amounts in sixtieths: at most that much late to open, never early', () => {
    const customer = customerOn(withGate({ limit: 100 }));
    const at = T0 + 12_345;
    customer.ask(at, { tokens: 100 });
    const refused = customer.ask(at + 1, { tokens: 1 });
    const opensAt = refused.resetsAtMs[0] ?? 0;
    expect(opensAt).toBeGreaterThanOrEqual(at + HOUR_MS);
    expect(opensAt).toBeLessThan(at + HOUR_MS + HOUR_MS / 60);
    expect(customer.ask(opensAt - 1, { tokens: 1 }).verdict).toBe('refused');
    expect(customer.ask(opensAt, { tokens: 1 }).verdict).toBe('admitted');
  });

  it('begins a session with its first message, and another after its end', () => {
    const customer = customerOn(withGate({ window: { kind: 'session', seconds: 5 * 3600 } }));
    customer.ask(T0 + HOUR_MS, { tokens: 60 });
    expect(customer.ask(T0 + 5 * HOUR_MS, { tokens: 60 }).resetsAtMs[0]).toBe(T0 + 6 * HOUR_MS);
    expect(customer.ask(T0 + 6 * HOUR_MS, { tokens: 60 }).verdict).toBe('admitted');
    expect(customer.ask(T0 + 11 * HOUR_MS - 1, { tokens: 60 }).verdict).toBe('refused');
  });

  it.each([
    { unit: 'day', zone: 'America/New_York', opens: '2026-11-02T05:00:00Z' },
    { unit: 'week', zone: 'UTC', opens: '2026-11-02T00:00:00Z' },
    { unit: 'month', zone: 'Asia/Kolkata', opens: '2026-11-30T18:30:00Z' },
  ] as const)('resets a calendar $unit in $zone', ({ unit, zone, opens }) => {
    const customer = customerOn(withGate({ window: { kind: 'calendar', unit } }), {}, zone);
    customer.ask(T0 + 5 * HOUR_MS, { tokens: 100 });
    const refused = customer.ask(T0 + 6 * HOUR_MS, { tokens: 1 });
    expect(new Date(refused.resetsAtMs[0] ?? 0).toISOString()).toBe(new Date(opens).toISOString());
    expect(customer.ask(Date.parse(opens), { tokens: 100 }).verdict).toBe('admitted');
  });

  it('counts a cycle to the end of the period, and then asks for renewal', () => {
    const customer = customerOn(withGate({ window: { kind: 'cycle' } }));
    customer.ask(T0, { tokens: 100 });
    expect(customer.ask(PERIOD_END_MS - 1, { tokens: 1 }).resetsAtMs[0]).toBe(PERIOD_END_MS);
    expect(customer.ask(PERIOD_END_MS, { tokens: 1 }).reason).toBe('subscription');
  });

  it('keeps its time when the clock steps back', () => {
    const customer = customerOn(withGate({ unit: 'messages', limit: 1000 }));
    customer.ask(T0 + HOUR_MS, {});
    expect(customer.ask(T0, {})).toMatchObject({ verdict: 'refused', nowMs: T0 + HOUR_MS });
  });
});

describe('scopes', () => {
  it('counts each class of a class gate apart', () => {
    const gate = gateOf({ scope: 'class', unit: 'messages', limit: 50_000 });
    const customer = customerOn(planOf({ ...TWO_CLASSES, gates: [gate] }));
    expect(customer.ask(T0, {}, {}, ['reasoning']).verdict).toBe('admitted');
    const refused = customer.ask(T0, {}, {}, ['reasoning', 'fast']);
    expect(gateStanding(customer.program, refused, refused.gate)?.gateId).toBe('gate/reasoning');
    expect(availableClasses(customer.program, refused)).toEqual(['fast']);
  });

  it('counts each member in a row of its own', () => {
    const rows = [new ScopeState(), new ScopeState()];
    const plan = withGate({ scope: 'member' });
    const { account, program } = accountOn(plan);
    const verdictOf = (row: number, id: string) => {
      const out = new DecisionOut();
      const request = requestOf(T0, id, [candidateOf('standard', amountsOf({ tokens: 60 }))], {
        memberId: `m${row}`,
      });
      decide(account, program, request, { member: rows[row] }, out);
      return out.verdict;
    };
    expect([verdictOf(0, 'a'), verdictOf(1, 'b'), verdictOf(0, 'c')]).toEqual([
      'admitted',
      'admitted',
      'refused',
    ]);
  });

  it('bounds a key by its own cap in a calendar month', () => {
    const customer = customerOn(planOf({}), { key: new ScopeState() });
    const who = { keyId: 'k', keyCapNanoUsd: 100 };
    expect(customer.ask(T0, { chargeNanoUsd: 70 }, who).verdict).toBe('admitted');
    const refused = customer.ask(T0, { chargeNanoUsd: 70 }, who);
    expect(gateStanding(customer.program, refused, refused.gate)).toMatchObject({
      gateId: 'key-cap',
      limit: 100,
    });
    expect(customer.ask(T0, { chargeNanoUsd: 70 }).verdict).toBe('admitted');
  });

  it('asks for a larger slice of a gate that everyone shares, and takes a full one at its word', () => {
    const shared = new SharedCounters();
    const plan = withGate({ scope: 'everyone', window: { kind: 'calendar', unit: 'day' } });
    const customer = customerOn(plan, { shared });
    const short = customer.ask(T0, { tokens: 60 });
    expect(short).toMatchObject({ verdict: 'needsSlice', sliceGate: 0, sliceAmount: 60 });
    expect(customer.account.holds).toHaveLength(0);
    const key = customer.program.gates[0]?.key ?? 0;
    const slice = {
      key,
      stamp: T0,
      validUntilMs: T0 + 24 * HOUR_MS,
      used: 0,
      limit: 100,
      leasedByAll: 100,
    };
    shared.put({ ...slice, leased: 80, knownUntilMs: T0 + 24 * HOUR_MS });
    expect(customer.ask(T0, { tokens: 60 }).verdict).toBe('admitted');
    expect(customer.ask(T0, { tokens: 60 })).toMatchObject({
      verdict: 'refused',
      reason: 'gate',
      gate: 0,
    });
    customer.void('r1', T0);
    expect(customer.ask(T0, { tokens: 80 }).verdict).toBe('admitted');
  });
});

describe('what a full gate does', () => {
  it('falls back through the other class and its gates, and names the gate that sent it there', () => {
    const gates = [
      gateOf({
        id: 'deep',
        classes: ['reasoning'],
        limit: 10,
        whenFull: { do: 'fallback', to: 'fast' },
      }),
      gateOf({ id: 'all', limit: 30 }),
    ];
    const customer = customerOn(planOf({ ...TWO_CLASSES, gates }));
    const classes = ['reasoning', 'fast'];
    expect(customer.ask(T0, { tokens: 20 }, {}, classes)).toMatchObject({
      candidate: 1,
      fallback: 'gate',
      gate: 0,
    });
    expect(customer.ask(T0, { tokens: 20 }, {}, classes)).toMatchObject({
      verdict: 'refused',
      gate: 1,
    });
  });

  it('pays from credits past the gate, which then counts no further', () => {
    const customer = customerOn(withGate({ limit: 50, whenFull: { do: 'credits' } }));
    grant(customer.account, { atMs: T0, kind: 'bought', amountNanoUsd: usd(1) });
    customer.ask(T0, { tokens: 50, chargeNanoUsd: 30 });
    const paid = customer.ask(T0, { tokens: 20, chargeNanoUsd: 30 });
    expect(paid).toMatchObject({
      verdict: 'admitted',
      mode: 'credits',
      heldChargeNanoUsd: 30,
      gate: 0,
    });
    expect(paid.used[0]).toBe(50);
    expect(customer.settle('r1', T0, { tokens: 10, chargeNanoUsd: 10 })).toMatchObject({
      boughtNanoUsd: 10,
    });
    expect(customer.settle('r0', T0, { tokens: 50, chargeNanoUsd: 30 }).chargeNanoUsd).toBe(0);
  });

  it('goes on metered up to the smaller of the two overage caps', () => {
    const terms = { overageCapNanoUsd: 100 };
    const customer = customerOn(withGate({ limit: 1, whenFull: { do: 'overage' } }, terms));
    customer.account.customerCapNanoUsd = 70;
    expect(customer.ask(T0, { tokens: 2, chargeNanoUsd: 60 }).mode).toBe('overage');
    expect(customer.ask(T0, { tokens: 2, chargeNanoUsd: 60 })).toMatchObject({
      reason: 'funds',
      gate: 0,
    });
  });

  it('slows', () => {
    const customer = customerOn(withGate({ limit: 1, whenFull: { do: 'slow' } }));
    expect(customer.ask(T0, { tokens: 2 })).toMatchObject({
      verdict: 'admitted',
      slow: true,
      gate: 0,
    });
  });

  it('tells a class that is not in the plan from one without capacity', () => {
    const customer = customerOn(planOf({}));
    expect(customer.ask(T0, {}, {}, ['other']).reason).toBe('class');
    const out = new DecisionOut();
    const request = requestOf(T0, 'x', [candidateOf('standard', amountsOf({}), false)]);
    decide(customer.account, customer.program, request, {}, out);
    expect(out.reason).toBe('capacity');
  });
});

describe('money', () => {
  const metered = { billing: 'metered', overageCapNanoUsd: 1000 };

  it('pays allowance, then promotional, then bought by soonest expiry, then overage', () => {
    const credits = { perPeriodNanoUsd: 10, rollover: { kind: 'none' } };
    const customer = customerOn(planOf({ ...metered, credits }));
    const give = (kind: 'promotional' | 'bought', amount: number, expiresAtMs: number) =>
      grant(customer.account, { atMs: T0, kind, amountNanoUsd: amount as NanoUsd, expiresAtMs });
    give('bought', 10, T0 + 9 * HOUR_MS);
    give('bought', 10, T0 + 8 * HOUR_MS);
    give('promotional', 10, T0 + 99 * HOUR_MS);
    customer.ask(T0, { chargeNanoUsd: 45 });
    const settled = customer.settle('r0', T0, { chargeNanoUsd: 25 });
    expect(settled).toMatchObject({
      allowanceNanoUsd: 10,
      promotionalNanoUsd: 10,
      boughtNanoUsd: 5,
      overageNanoUsd: 0,
    });
    expect(settled.lotExpiriesMs[2]).toBe(T0 + 8 * HOUR_MS);
    expect(customer.account).toMatchObject({ heldNanoUsd: 0, debtNanoUsd: 0 });
    customer.ask(T0, { chargeNanoUsd: 45 });
    expect(customer.settle('r1', T0, { chargeNanoUsd: 45 })).toMatchObject({
      boughtNanoUsd: 15,
      overageNanoUsd: 30,
    });
  });

  it('never shrinks a hold to what is left', () => {
    const customer = customerOn(planOf({ billing: 'metered' }));
    grant(customer.account, { atMs: T0, kind: 'bought', amountNanoUsd: 99 as NanoUsd });
    expect(customer.ask(T0, { chargeNanoUsd: 100 })).toMatchObject({
      reason: 'funds',
      remainingNanoUsd: 99,
    });
  });

  it('goes below zero as far as the overdraft, and by an overrun exactly its amount', () => {
    const customer = customerOn(planOf({ billing: 'metered', overdraftNanoUsd: 20 }));
    expect(customer.ask(T0, { chargeNanoUsd: 21 }).verdict).toBe('refused');
    expect(customer.ask(T0, { chargeNanoUsd: 20 }).verdict).toBe('admitted');
    const settled = customer.settle('r1', T0, { chargeNanoUsd: 27 });
    expect(settled).toMatchObject({ chargeNanoUsd: 27, overrunNanoUsd: 7, boughtNanoUsd: 27 });
    expect(customer.account.balance('bought')).toBe(-27);
  });

  it('stops charging at the fare cap, whatever is in flight', () => {
    const customer = customerOn(planOf({ ...metered, fareCapNanoUsd: 100 }));
    customer.ask(T0, { chargeNanoUsd: 80 });
    customer.ask(T0, { chargeNanoUsd: 80 });
    expect(customer.settle('r0', T0, { chargeNanoUsd: 80 }).chargeNanoUsd).toBe(80);
    expect(customer.settle('r1', T0, { chargeNanoUsd: 80 }).chargeNanoUsd).toBe(20);
    expect(customer.ask(T0, { chargeNanoUsd: 80 })).toMatchObject({
      verdict: 'admitted',
      heldChargeNanoUsd: 0,
    });
  });
});

describe('the end of a hold', () => {
  it('counts the actual in the window that admitted it, if that is still there', () => {
    const customer = customerOn(withGate({ window: { kind: 'calendar', unit: 'day' } }));
    customer.ask(T0, { tokens: 80 });
    customer.ask(T0 + 23 * HOUR_MS, { tokens: 20 });
    customer.settle('r0', T0 + 23 * HOUR_MS, { tokens: 30 });
    expect(customer.ask(T0 + 23 * HOUR_MS, { tokens: 50 }).used[0]).toBe(100);
    customer.ask(T0 + 24 * HOUR_MS, { tokens: 10 });
    customer.settle('r1', T0 + 24 * HOUR_MS, { tokens: 5 });
    expect(customer.ask(T0 + 24 * HOUR_MS, { tokens: 1 }).used[0]).toBe(11);
  });

  it('leaves no trace of a voided request', () => {
    const customer = customerOn(planOf({ billing: 'metered', gates: [gateOf({})] }));
    grant(customer.account, { atMs: T0, kind: 'bought', amountNanoUsd: 50 as NanoUsd });
    customer.ask(T0, { tokens: 100, chargeNanoUsd: 50 });
    expect(customer.void('r0', T0)).toMatchObject({
      found: true,
      chargeNanoUsd: 0,
      remainingNanoUsd: 50,
    });
    expect(customer.ask(T0, { tokens: 100, chargeNanoUsd: 50 }).verdict).toBe('admitted');
  });

  it('finds nothing the second time, and books nothing', () => {
    const customer = customerOn(withGate({}));
    customer.ask(T0, { tokens: 50 });
    expect(customer.settle('r0', T0, { tokens: 50 }).found).toBe(true);
    const { seq } = customer.account;
    expect(customer.settle('r0', T0, { tokens: 50 }).found).toBe(false);
    expect(customer.account.seq).toBe(seq);
  });

  it('books an overrun of a gate in full', () => {
    const customer = customerOn(withGate({}));
    customer.ask(T0, { tokens: 50 });
    expect(customer.settle('r0', T0, { tokens: 170 }).gateOverruns).toBe(1);
    expect(customer.ask(T0, { tokens: 1 })).toMatchObject({ verdict: 'refused' });
    expect(customer.ask(T0, { tokens: 1 }).used[0]).toBe(170);
  });
});

describe('extension', () => {
  it('raises gates and money together, or nothing', () => {
    const customer = customerOn(planOf({ billing: 'metered', gates: [gateOf({})] }));
    grant(customer.account, { atMs: T0, kind: 'bought', amountNanoUsd: 50 as NanoUsd });
    customer.ask(T0, { tokens: 40, chargeNanoUsd: 20 });
    expect(customer.extend('r0', T0, { tokens: 100, chargeNanoUsd: 51 })).toMatchObject({
      verdict: 'refused',
      gateKey: 0,
      heldChargeNanoUsd: 20,
    });
    expect(customer.extend('r0', T0, { tokens: 101, chargeNanoUsd: 50 }).verdict).toBe('refused');
    expect(customer.extend('r0', T0, { tokens: 100, chargeNanoUsd: 50 })).toMatchObject({
      verdict: 'extended',
      heldChargeNanoUsd: 50,
    });
    expect(customer.extend('none', T0, {}).verdict).toBe('noHold');
    expect(customer.settle('r0', T0, { tokens: 90, chargeNanoUsd: 45 })).toMatchObject({
      overrunNanoUsd: 0,
    });
  });
});
