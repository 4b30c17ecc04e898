/**
 * How fast the kernel decides and settles, one by one and in stretches: a plan of two windows, allowance
 * and credits, one reused result, many accounts. `node bench/kernel.ts [events]` prints events per second
 * of processor time; an event is one decision and its settlement.
 */
import type { Id } from '../src/base/id.ts';
import type { NanoUsd } from '../src/base/money.ts';
import { AccountState } from '../src/plans/account-state.ts';
import { compilePlan } from '../src/plans/compile.ts';
import { DecisionOut, SettleOut } from '../src/plans/decision-out.ts';
import { grant, renewPeriod } from '../src/plans/funding.ts';
import { decide, liveStretch, settle } from '../src/plans/kernel.ts';
import type { Amounts } from '../src/plans/decision.ts';
import { Stretch, STRETCH_MAX } from '../src/plans/stretch.ts';
import { benchPlan } from './bench-plan.ts';

const ACCOUNTS = 1000;
const ROUNDS = 5;
const START_MS = Date.UTC(2026, 10, 1);

const plan = benchPlan({
  markupPerMille: 1000,
  tokensAWeek: 1_000_000_000,
  overdraftNanoUsd: 0,
});

const amounts = (tokens: number): Amounts => ({
  tokens,
  costNanoUsd: (tokens * 1000) as NanoUsd,
  chargeNanoUsd: (tokens * 1200) as NanoUsd,
});

const events = Number(process.argv[2] ?? 1_000_000);
const program = compilePlan(plan);
const stepMs = (20 * 86_400_000) / events;
const QUOTE = 2000;
const USED = 700;
const LASTS_MS = 900;

for (const [name, measure] of [
  ['decided and settled', oneByOne],
  ['lived through in stretches', inStretches],
] as const) {
  const rates = Array.from({ length: ROUNDS }, () => rateOf(measure)).sort((a, b) => a - b);
  const median = rates[Math.floor(ROUNDS / 2)] ?? 0;
  process.stdout.write(
    `${name}: ${(median / 1e6).toFixed(2)} million events/s (median of ${ROUNDS} × ${events} events)\n`,
  );
}

function rateOf(measure: (accounts: readonly AccountState[]) => void): number {
  const accounts = Array.from({ length: ACCOUNTS }, () => {
    const account = new AccountState();
    account.planVersionId = program.planVersionId;
    const period = {
      atMs: START_MS,
      startMs: START_MS,
      endMs: START_MS + 30 * 86_400_000,
      timeZone: 'UTC',
    };
    renewPeriod(account, program, period);
    grant(account, { atMs: START_MS, kind: 'bought', amountNanoUsd: 1_000_000_000_000 as NanoUsd });
    return account;
  });
  const startedMicros = cpuMicros();
  measure(accounts);
  return (events / (cpuMicros() - startedMicros)) * 1e6;
}

/** As live traffic does it, an account after the other. */
function oneByOne(accounts: readonly AccountState[]): void {
  const decision = new DecisionOut();
  const settlement = new SettleOut();
  const candidates = [
    { className: 'standard', quote: amounts(QUOTE), available: true },
    { className: 'fast', quote: amounts(QUOTE), available: true },
  ];
  const request = { atMs: START_MS, requestId: 'req_bench' as Id<'request'>, candidates };
  const ending = { atMs: START_MS, requestId: request.requestId, actual: amounts(USED) };
  for (let i = 0; i < events; i++) {
    const account = accounts[i % ACCOUNTS];
    if (account === undefined) continue;
    request.atMs = Math.floor(START_MS + i * stepMs);
    decide(account, program, request, {}, decision);
    if (decision.verdict !== 'admitted') continue;
    ending.atMs = request.atMs + LASTS_MS;
    settle(account, program, ending, {}, settlement);
  }
}

/** As a replay does it: the same requests, account by account; what a stretch leaves is not measured. */
function inStretches(accounts: readonly AccountState[]): void {
  const stretch = new Stretch();
  const of = stretch.ofAsked;
  const most = amounts(QUOTE);
  const actual = amounts(USED);
  for (const [k, account] of accounts.entries()) {
    for (let i = k; i < events;) {
      let j = 0;
      for (; j < STRETCH_MAX && i < events; j++, i += ACCOUNTS) {
        stretch.atMs[j] = Math.floor(START_MS + i * stepMs);
        stretch.endedMs[j] = (stretch.atMs[j] ?? 0) + LASTS_MS;
        stretch.asked[j] = 0;
        of.tokensHeld[j] = most.tokens;
        of.costHeld[j] = most.costNanoUsd;
        of.chargeHeld[j] = most.chargeNanoUsd;
        of.tokens[j] = actual.tokens;
        of.cost[j] = actual.costNanoUsd;
        of.charge[j] = actual.chargeNanoUsd;
      }
      // One that two pay together stops it; it is left out.
      for (let at = 0; at < j; at++) at = liveStretch(account, program, {}, {}, stretch, at, j);
    }
  }
}

/** Processor time, so that a busy machine measures the same. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
