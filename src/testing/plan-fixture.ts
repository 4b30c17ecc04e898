import { AccountState } from '#plans/account-state.ts';
import { type PlanProgram, compilePlan } from '#plans/compile.ts';
import type { Amounts, Candidate, DecisionRequest } from '#plans/decision.ts';
import { renewPeriod } from '#plans/funding.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';

/** Sunday, 1 November 2026. */
export const PERIOD_START_MS = Date.UTC(2026, 10, 1);
export const PERIOD_END_MS = Date.UTC(2026, 11, 1);

/** A sound plan version with one class and no gates, but for what is given. */
export function planOf(terms: { readonly [Key in keyof PlanVersion]?: unknown }): PlanVersion {
  return parsePlanVersion({
    id: 'plv_test',
    plan: 'test',
    version: 1,
    displayName: 'Test',
    listed: false,
    priceNanoUsd: 0,
    period: 'month',
    seatsMax: 1,
    classes: [{ name: 'standard', weightMilli: 1000 }],
    billing: 'included',
    tariff: { kind: 'markup', perMille: 1000 },
    gates: [],
    credits: { perPeriodNanoUsd: 0, rollover: { kind: 'none' } },
    overageCapNanoUsd: 0,
    overdraftNanoUsd: 0,
    queueClass: 'standard',
    ...terms,
  });
}

/** A gate of 100 tokens in an hour that refuses, but for what is given. */
export function gateOf(terms: Partial<Gate>): Gate {
  return {
    id: 'gate',
    unit: 'tokens',
    window: { kind: 'rolling', seconds: 3600 },
    scope: 'customer',
    classes: [],
    limit: 100,
    whenFull: { do: 'refuse' },
    ...terms,
  };
}

/** An account on a plan, in its first period. */
export function accountOn(
  plan: PlanVersion,
  timeZone = 'UTC',
): { account: AccountState; program: PlanProgram } {
  const program = compilePlan(plan);
  const account = new AccountState();
  account.planVersionId = program.planVersionId;
  renewPeriod(account, program, {
    atMs: PERIOD_START_MS,
    startMs: PERIOD_START_MS,
    endMs: PERIOD_END_MS,
    timeZone,
  });
  return { account, program };
}

export function amountsOf(amounts: Partial<Record<keyof Amounts, number>>): Amounts {
  return { tokens: 0, costNanoUsd: 0, chargeNanoUsd: 0, ...amounts } as Amounts;
}

export function candidateOf(className: string, quote: Amounts, available = true): Candidate {
  return { className, quote, available };
}

/** A request for one class; ids are given as plain words. */
export function requestOf(
  atMs: number,
  id: string,
  candidates: readonly Candidate[],
  who: { memberId?: string; keyId?: string; keyCapNanoUsd?: number } = {},
): DecisionRequest {
  return { atMs, requestId: id, candidates, ...who } as DecisionRequest;
}
