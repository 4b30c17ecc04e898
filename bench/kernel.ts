/**
 * How fast the kernel decides and settles: a plan of two windows, allowance and credits, one reused
 * result, many accounts. `node bench/kernel.ts [events]` prints events per second of processor time; an
 * event is one decision and its settlement.
 */
import type { Id } from '../src/base/id.ts';
import type { NanoUsd } from '../src/base/money.ts';
import { AccountState } from '../src/plans/account-state.ts';
import { compilePlan } from '../src/plans/compile.ts';
import { DecisionOut, SettleOut } from '../src/plans/decision-out.ts';
import { grant, renewPeriod } from '../src/plans/funding.ts';
import { decide, settle } from '../src/plans/kernel.ts';
import type { Amounts } from '../src/plans/decision.ts';
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
const results: number[] = [];
for (let round = 0; round < ROUNDS; round++) results.push(run());
results.sort((a, b) => a - b);
const median = results[Math.floor(ROUNDS / 2)] ?? 0;
process.stdout.write(
  `${(median / 1e6).toFixed(2)} million events/s (median of ${ROUNDS} × ${events} events)\n`,
);

function run(): number {
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
  const decision = new DecisionOut();
  const settlement = new SettleOut();
  const candidates = [
    { className: 'standard', quote: amounts(2000), available: true },
    { className: 'fast', quote: amounts(2000), available: true },
  ];
  const request = { atMs: START_MS, requestId: 'req_bench' as Id<'request'>, candidates };
  const ending = { atMs: START_MS, requestId: request.requestId, actual: amounts(700) };
  const stepMs = (20 * 86_400_000) / events;
  const startedMicros = cpuMicros();
  for (let i = 0; i < events; i++) {
    const account = accounts[i % ACCOUNTS];
    if (account === undefined) continue;
    request.atMs = Math.floor(START_MS + i * stepMs);
    decide(account, program, request, {}, decision);
    if (decision.verdict !== 'admitted') continue;
    ending.atMs = request.atMs + 900;
    settle(account, program, ending, {}, settlement);
  }
  return (events / (cpuMicros() - startedMicros)) * 1e6;
}

/** Processor time, so that a busy machine measures the same. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
