import { assert } from '#base/assert.ts';
import { type AccountState, UNBOUNDED } from './account-state.ts';
import { classIndexOf, type PlanProgram } from './compile.ts';
import { prepareCounters, type Scopes, sliceOf, writeStandings } from './counters.ts';
import type { DecisionRequest, RefusalReason } from './decision.ts';
import type { DecisionOut } from './decision-out.ts';
import type { HeldGate } from './hold.ts';
import type { WindowCounter } from './window-counter.ts';
import { reserve } from './waterfall.ts';
import { FITS, GATE_FULL, SLICE_SHORT, weigh } from './weigh.ts';

/**
 * Decides a request and, where it is admitted, opens its hold: all of it or nothing.
 * @throws Error where a request id has an open hold already, an amount is no exact non-negative
 *   integer, or a counter that the plan needs was not given: programmers' errors.
 */
export function decide(
  account: AccountState,
  program: PlanProgram,
  request: DecisionRequest,
  scopes: Scopes,
  out: DecisionOut,
): void {
  assert(
    account.planVersionId === program.planVersionId,
    'an account is decided by its own plan version',
  );
  assert(account.findHold(request.requestId) === undefined, 'a request is decided once');
  const nowMs = account.advance(request.atMs);
  out.clear(nowMs);
  prepareCounters(account, program, request, scopes, out);
  const { period } = account;
  if (nowMs < period.startMs || nowMs >= period.endMs) {
    refuse(account, program, request, scopes, 'subscription', out);
    return;
  }
  let at = firstServed(program, request);
  if (at < 0) {
    refuse(account, program, request, scopes, at === NOT_IN_PLAN ? 'class' : 'capacity', out);
    return;
  }
  if (at > 0) out.fallback = 'capacity';
  let tried = 0;
  for (;;) {
    const candidate = request.candidates[at];
    assert(candidate !== undefined, 'a candidate that was found exists');
    const classIndex = classIndexOf(program, candidate.className);
    const fit = weigh(account, program, candidate, classIndex, scopes, out);
    if (fit === FITS) {
      admit(account, program, request, scopes, at, classIndex, out);
      return;
    }
    if (fit === SLICE_SHORT) {
      out.verdict = 'needsSlice';
      out.sliceGate = out.weighing.stoppedByGate;
      out.sliceAmount = out.weighing.amounts[out.sliceGate] ?? 0;
      return;
    }
    tried |= 1 << classIndex;
    const next =
      fit === GATE_FULL ? fallbackOf(program, request, out.weighing.stoppedByGate, tried) : -1;
    if (next < 0) {
      out.gate = fit === GATE_FULL ? out.weighing.stoppedByGate : out.weighing.becauseOfGate;
      refuse(account, program, request, scopes, fit === GATE_FULL ? 'gate' : 'funds', out);
      return;
    }
    // The first gate that sent the request elsewhere is the one people are told of.
    if (out.gate < 0) out.gate = out.weighing.stoppedByGate;
    out.fallback = 'gate';
    at = next;
  }
}

const NOT_IN_PLAN = -1;
const NO_CAPACITY = -2;

function firstServed(program: PlanProgram, request: DecisionRequest): number {
  let none = NOT_IN_PLAN;
  for (let i = 0; i < request.candidates.length; i++) {
    const candidate = request.candidates[i];
    if (candidate === undefined || classIndexOf(program, candidate.className) < 0) continue;
    if (candidate.available) return i;
    none = NO_CAPACITY;
  }
  return none;
}

/** The candidate that a full gate falls back to, or -1 where it does not, or cannot. */
function fallbackOf(
  program: PlanProgram,
  request: DecisionRequest,
  gateIndex: number,
  tried: number,
): number {
  const to = program.gates[gateIndex]?.fallbackClass ?? -1;
  if (to < 0 || (tried & (1 << to)) !== 0) return -1;
  for (let i = 0; i < request.candidates.length; i++) {
    const candidate = request.candidates[i];
    if (candidate?.available && classIndexOf(program, candidate.className) === to) return i;
  }
  return -1;
}

function admit(
  account: AccountState,
  program: PlanProgram,
  request: DecisionRequest,
  scopes: Scopes,
  candidate: number,
  classIndex: number,
  out: DecisionOut,
): void {
  const { weighing } = out;
  const hold = account.openHold();
  hold.requestId = request.requestId;
  hold.memberId = request.memberId ?? '';
  hold.keyId = request.keyId ?? '';
  hold.className = program.classNames[classIndex] ?? '';
  hold.planVersionId = program.planVersionId;
  hold.admittedAtMs = out.nowMs;
  hold.periodStartMs = account.period.startMs;
  hold.mode = weighing.mode;
  hold.fareCapNanoUsd = program.metered ? program.fareCapNanoUsd : UNBOUNDED;
  hold.fareRoomNanoUsd = weighing.fareRoomNanoUsd;
  const { gates } = program;
  for (let i = 0; i < out.gateCount; i++) {
    const gate = gates[i];
    const amount = weighing.amounts[i] ?? -1;
    if (gate === undefined || amount < 0) continue;
    const held = hold.nextGate();
    held.key = gate.key;
    held.home = gate.home;
    held.unit = gate.unitCode;
    held.amount = amount;
    held.limit = out.limits[i] ?? 0;
    held.stamp = count(out.windows[i], held, scopes, out.nowMs);
  }
  if (weighing.payments.count > 0) {
    hold.payments.copyFrom(weighing.payments);
    reserve(account, hold.payments, account.period);
  }
  out.verdict = 'admitted';
  out.candidate = candidate;
  out.classIndex = classIndex;
  out.slow = weighing.slow;
  out.mode = weighing.mode;
  out.heldChargeNanoUsd = weighing.chargeNanoUsd;
  if (out.gate < 0) out.gate = weighing.becauseOfGate;
  out.seq = ++account.seq;
  if (!out.tells) return;
  out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
  writeStandings(program, scopes, out);
}

function count(
  window: WindowCounter | undefined,
  held: HeldGate,
  scopes: Scopes,
  nowMs: number,
): number {
  if (window !== undefined) {
    const stamp = window.add(nowMs, held.amount);
    assert(held.amount === 0 || window.used <= held.limit, 'no gate is admitted past its limit');
    return stamp;
  }
  const slice = sliceOf(held.key, scopes, nowMs);
  if (slice === undefined) return 0;
  slice.used += held.amount;
  return slice.stamp;
}

function refuse(
  account: AccountState,
  program: PlanProgram,
  request: DecisionRequest,
  scopes: Scopes,
  reason: RefusalReason,
  out: DecisionOut,
): void {
  out.verdict = 'refused';
  out.reason = reason;
  out.fallback = 'none';
  out.seq = ++account.seq;
  if (out.tells) {
    out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
    writeStandings(program, scopes, out);
  }
  const gate = program.gates[out.gate];
  const amount = out.weighing.amounts[out.gate] ?? 0;
  const window = out.windows[out.gate];
  if (reason === 'gate' && gate !== undefined && window !== undefined) {
    const missing = window.used + amount - (out.limits[out.gate] ?? 0);
    out.resetsAtMs[out.gate] = window.opensAtMs(out.nowMs, missing);
  }
  if (!out.tells || (reason !== 'gate' && reason !== 'funds')) return;
  for (const candidate of request.candidates) {
    const classIndex = classIndexOf(program, candidate.className);
    if (classIndex < 0 || !candidate.available) continue;
    const fit = weigh(account, program, candidate, classIndex, scopes, out);
    if (fit === FITS) out.availableMask |= 1 << classIndex;
  }
}
