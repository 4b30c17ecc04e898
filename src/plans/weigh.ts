import type { AccountState } from './account-state.ts';
import { UNBOUNDED } from './account-state.ts';
import { amountOf, assertAmounts, mayOverage } from './amounts.ts';
import type { PlanProgram } from './compile.ts';
import { type Scopes, sliceOf } from './counters.ts';
import type { Candidate } from './decision.ts';
import type { DecisionOut } from './decision-out.ts';
import type { PayingMode } from './hold.ts';
import { fitInSlice } from './shared-counters.ts';
import { cover } from './waterfall.ts';

export const FITS = 0;
export const GATE_FULL = 1;
export const NO_FUNDS = 2;
export const SLICE_SHORT = 3;
export type Fit = typeof FITS | typeof GATE_FULL | typeof NO_FUNDS | typeof SLICE_SHORT;

/** Works out what a candidate would take, into `out.weighing`; changes nothing else. */
export function weigh(
  account: AccountState,
  program: PlanProgram,
  candidate: Candidate,
  classIndex: number,
  scopes: Scopes,
  out: DecisionOut,
): Fit {
  const { weighing } = out;
  const { quote } = candidate;
  const weightMilli = program.weightsMilli[classIndex] ?? 0;
  assertAmounts(quote);
  weighing.mode = program.metered ? 'metered' : 'included';
  weighing.slow = false;
  weighing.becauseOfGate = -1;
  weighing.stoppedByGate = -1;
  weighing.fareRoomNanoUsd = program.metered
    ? Math.max(0, program.fareCapNanoUsd - account.period.fareChargedNanoUsd)
    : UNBOUNDED;
  const charge = Math.min(quote.chargeNanoUsd, weighing.fareRoomNanoUsd);
  const { gates } = program;
  const { amounts } = weighing;
  const bit = 1 << classIndex;
  for (let i = 0; i < out.gateCount; i++) {
    const gate = gates[i];
    const limit = out.limits[i] ?? -1;
    if (gate === undefined || (gate.classMask & bit) === 0 || limit < 0) {
      amounts[i] = -1;
      continue;
    }
    const paid = weighing.mode === 'included' ? 0 : charge;
    const amount = amountOf(gate.unitCode, quote, weightMilli, paid);
    amounts[i] = amount;
    if (amount === 0) continue;
    const window = out.windows[i];
    if (window === undefined) {
      const fit = fitInSlice(sliceOf(gate.key, scopes, out.nowMs), amount, limit, out.nowMs);
      if (fit === 'fits') continue;
      if (fit === 'short') {
        weighing.stoppedByGate = i;
        return SLICE_SHORT;
      }
    } else if (window.used + amount <= limit) continue;
    // The gate is full. What goes on past it is not counted by it, but by the others.
    if (gate.whenFull === 'refuse' || gate.whenFull === 'fallback') {
      weighing.stoppedByGate = i;
      return GATE_FULL;
    }
    amounts[i] = -1;
    if (weighing.becauseOfGate < 0) weighing.becauseOfGate = i;
    if (gate.whenFull === 'slow') weighing.slow = true;
    else weighing.mode = modeAfter(weighing.mode, gate.whenFull);
  }
  weighing.payments.clear();
  weighing.chargeNanoUsd = weighing.mode === 'included' ? 0 : charge;
  if (weighing.chargeNanoUsd === 0) return FITS;
  const terms = { program, overageAllowed: mayOverage(weighing.mode), period: account.period };
  const uncovered = cover(account, weighing.chargeNanoUsd, terms, out.nowMs, weighing.payments);
  return uncovered === 0 ? FITS : NO_FUNDS;
}

/** Where one full gate allows credits only, another's overage does not widen it. */
function modeAfter(mode: PayingMode, action: 'credits' | 'overage'): PayingMode {
  if (mode === 'metered' || mode === 'credits') return mode;
  return action;
}
