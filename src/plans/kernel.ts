import { assert, unreachable } from '#base/assert.ts';
import type { Id } from '#base/id.ts';
import { type AccountState, UNBOUNDED } from './account-state.ts';
import type { PlanProgram } from './compile.ts';
import {
  adjustHeld,
  heldWindow,
  limitFor,
  prepareCounters,
  type Scopes,
  sliceOf,
  windowOf,
  writeStandings,
} from './counters.ts';
import type { Amounts, Candidate, DecisionRequest, RefusalReason } from './decision.ts';
import type { DecisionOut, ExtendOut, SettleOut, Weighing } from './decision-out.ts';
import type { Hold, HeldGate, PayingMode } from './hold.ts';
import { DEBT, OVERAGE, PaymentParts } from './payment-parts.ts';
import type { GateUnit } from './plan-version.ts';
import { cover, pay, release, reserve } from './waterfall.ts';

/**
 * The kernel: four pure operations over a mutable account state, the same for live traffic, bulk
 * import and replay. Each advances the account's time to `max(atMs, last seen)` and, where it
 * records something, its sequence number.
 */

const FITS = 0;
const GATE_FULL = 1;
const NO_FUNDS = 2;
const SLICE_SHORT = 3;
type Fit = typeof FITS | typeof GATE_FULL | typeof NO_FUNDS | typeof SLICE_SHORT;

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
  assert(account.planVersionId === program.planVersionId, 'an account is decided by its own plan version');
  assert(account.findHold(request.requestId) === undefined, 'a request is decided once');
  const nowMs = account.advance(request.atMs);
  out.clear(nowMs);
  prepareCounters(account, program, request, scopes, nowMs);
  if (nowMs < account.periodStartMs || nowMs >= account.periodEndMs) {
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
    const classIndex = program.classIndexes.get(candidate.className) ?? -1;
    const fit = weigh(account, program, request, candidate, classIndex, scopes, out);
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
    const next = fit === GATE_FULL ? fallbackOf(program, request, out.weighing.stoppedByGate, tried) : -1;
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
    if (candidate === undefined || !program.classIndexes.has(candidate.className)) continue;
    if (candidate.available) return i;
    none = NO_CAPACITY;
  }
  return none;
}

/** The candidate that a full gate falls back to, or -1 where it does not, or cannot. */
function fallbackOf(program: PlanProgram, request: DecisionRequest, gateIndex: number, tried: number): number {
  const to = program.gates[gateIndex]?.fallbackClass ?? -1;
  if (to < 0 || (tried & (1 << to)) !== 0) return -1;
  for (let i = 0; i < request.candidates.length; i++) {
    const candidate = request.candidates[i];
    if (candidate?.available && program.classIndexes.get(candidate.className) === to) return i;
  }
  return -1;
}

/** Works out what a candidate would take, into `out.weighing`; changes nothing else. */
function weigh(
  account: AccountState,
  program: PlanProgram,
  request: DecisionRequest,
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
  for (let i = 0; i < program.gates.length; i++) {
    const gate = program.gates[i];
    weighing.amounts[i] = -1;
    if (gate === undefined || (gate.classMask & (1 << classIndex)) === 0) continue;
    const limit = limitFor(gate, request);
    if (limit < 0) continue;
    const paid = weighing.mode === 'included' ? 0 : charge;
    const amount = amountOf(gate.unit, quote, weightMilli, paid);
    weighing.amounts[i] = amount;
    if (amount === 0) continue;
    if (gate.home === 'everyone') {
      const slice = sliceOf(gate.key, scopes, out.nowMs);
      if (slice !== undefined && slice.used + amount <= slice.leased) continue;
      if (slice === undefined || out.nowMs >= slice.exhaustedUntilMs) {
        weighing.stoppedByGate = i;
        return SLICE_SHORT;
      }
    } else if (windowOf(gate, account, scopes).used + amount <= limit) continue;
    // The gate is full. What goes on past it is not counted by it, but by the others.
    if (gate.whenFull === 'refuse' || gate.whenFull === 'fallback') {
      weighing.stoppedByGate = i;
      return GATE_FULL;
    }
    weighing.amounts[i] = -1;
    if (weighing.becauseOfGate < 0) weighing.becauseOfGate = i;
    if (gate.whenFull === 'slow') weighing.slow = true;
    else weighing.mode = modeAfter(weighing.mode, gate.whenFull);
  }
  weighing.payments.clear();
  weighing.chargeNanoUsd = weighing.mode === 'included' ? 0 : charge;
  const terms = { program, overageAllowed: mayOverage(weighing.mode), period: account.period };
  const uncovered = cover(account, weighing.chargeNanoUsd, terms, out.nowMs, weighing.payments);
  return uncovered === 0 ? FITS : NO_FUNDS;
}

/** Where one full gate allows credits only, another's overage does not widen it. */
function modeAfter(mode: PayingMode, action: 'credits' | 'overage'): PayingMode {
  if (mode === 'metered' || mode === 'credits') return mode;
  return action;
}

function mayOverage(mode: PayingMode): boolean {
  return mode === 'overage' || mode === 'metered';
}

function amountOf(unit: GateUnit, amounts: Amounts, weightMilli: number, paidNanoUsd: number): number {
  switch (unit) {
    case 'messages':
      return weightMilli;
    case 'tokens':
      return amounts.tokens;
    case 'charge':
      return amounts.chargeNanoUsd;
    case 'cost':
      return amounts.costNanoUsd;
    case 'credits':
      return paidNanoUsd;
    default:
      return unreachable(unit);
  }
}

function assertAmounts(amounts: Amounts): void {
  assert(Number.isSafeInteger(amounts.tokens) && amounts.tokens >= 0, 'tokens are counted in whole numbers');
  assert(Number.isSafeInteger(amounts.costNanoUsd) && amounts.costNanoUsd >= 0, 'a cost is exact and not negative');
  assert(
    Number.isSafeInteger(amounts.chargeNanoUsd) && amounts.chargeNanoUsd >= 0,
    'a charge is exact and not negative',
  );
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
  hold.periodStartMs = account.periodStartMs;
  hold.mode = weighing.mode;
  hold.fareCapNanoUsd = program.metered ? program.fareCapNanoUsd : UNBOUNDED;
  hold.fareRoomNanoUsd = weighing.fareRoomNanoUsd;
  for (let i = 0; i < program.gates.length; i++) {
    const gate = program.gates[i];
    const amount = weighing.amounts[i] ?? -1;
    if (gate === undefined || amount < 0) continue;
    const held = hold.nextGate();
    held.key = gate.key;
    held.home = gate.home;
    held.unit = gate.unit;
    held.amount = amount;
    held.limit = limitFor(gate, request);
    held.stamp = count(gate.home === 'everyone' ? undefined : windowOf(gate, account, scopes), held, scopes, out.nowMs);
  }
  hold.payments.copyFrom(weighing.payments);
  reserve(account, hold.payments, account.period);
  out.verdict = 'admitted';
  out.candidate = candidate;
  out.classIndex = classIndex;
  out.slow = weighing.slow;
  out.mode = weighing.mode;
  out.heldChargeNanoUsd = weighing.chargeNanoUsd;
  if (out.gate < 0) out.gate = weighing.becauseOfGate;
  out.seq = ++account.seq;
  out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
  writeStandings(account, program, request, scopes, out);
}

function count(
  window: ReturnType<typeof windowOf> | undefined,
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
  out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
  writeStandings(account, program, request, scopes, out);
  const gate = program.gates[out.gate];
  const amount = out.weighing.amounts[out.gate] ?? 0;
  if (reason === 'gate' && gate !== undefined && gate.home !== 'everyone') {
    const window = windowOf(gate, account, scopes);
    const missing = window.used + amount - (out.limits[out.gate] ?? 0);
    out.resetsAtMs[out.gate] = window.opensAtMs(out.nowMs, missing);
  }
  if (reason !== 'gate' && reason !== 'funds') return;
  for (const candidate of request.candidates) {
    const classIndex = program.classIndexes.get(candidate.className) ?? -1;
    if (classIndex < 0 || !candidate.available) continue;
    const fit = weigh(account, program, request, candidate, classIndex, scopes, out);
    if (fit === FITS) out.availableMask |= 1 << classIndex;
  }
}

export interface Extension {
  readonly atMs: number;
  readonly requestId: Id<'request'>;
  /** The new worst case of the whole request. */
  readonly upTo: Amounts;
}

const extraPayments = new PaymentParts();

/**
 * Raises a hold to a new worst case, all of it or nothing, in the windows and from the payers that
 * admitted it. A gate that is full refuses here, whatever it would do with a new request.
 */
export function extend(
  account: AccountState,
  program: PlanProgram,
  extension: Extension,
  scopes: Scopes,
  out: ExtendOut,
): void {
  out.nowMs = account.advance(extension.atMs);
  out.gateKey = 0;
  out.sliceAmount = 0;
  out.seq = account.seq;
  const hold = account.findHold(extension.requestId);
  if (hold === undefined) {
    out.verdict = 'noHold';
    out.heldChargeNanoUsd = 0;
    return;
  }
  assertAmounts(extension.upTo);
  const charge = Math.max(hold.payments.totalNanoUsd, payable(account, hold, extension.upTo));
  out.heldChargeNanoUsd = hold.payments.totalNanoUsd;
  out.verdict = roomInGates(account, hold, extension.upTo, charge, scopes, out);
  if (out.verdict === 'needsSlice') return;
  const period = account.periodThatBegan(hold.periodStartMs);
  extraPayments.clear();
  if (out.verdict === 'extended') {
    const terms = { program, overageAllowed: mayOverage(hold.mode), period };
    const extra = charge - hold.payments.totalNanoUsd;
    if (cover(account, extra, terms, out.nowMs, extraPayments) > 0) out.verdict = 'refused';
  }
  out.seq = ++account.seq;
  if (out.verdict !== 'extended') return;
  for (let i = 0; i < hold.gateCount; i++) {
    const held = hold.gates[i];
    if (held === undefined) continue;
    const amount = raised(held, extension.upTo, charge);
    adjustHeld(held, amount, account, scopes, out.nowMs);
    held.amount = amount;
  }
  reserve(account, extraPayments, period);
  for (let i = 0; i < extraPayments.count; i++) {
    hold.payments.add(extraPayments.lots[i] ?? 0, extraPayments.amounts[i] ?? 0);
  }
  out.heldChargeNanoUsd = hold.payments.totalNanoUsd;
}

/** What the buckets must pay of a charge: nothing where it is included, and never past the fare cap. */
function payable(account: AccountState, hold: Hold, amounts: Amounts): number {
  if (hold.mode === 'included') return 0;
  const charged = account.periodThatBegan(hold.periodStartMs)?.fareChargedNanoUsd ?? 0;
  const roomNow = Math.max(0, hold.fareCapNanoUsd - charged);
  return Math.min(amounts.chargeNanoUsd, roomNow, hold.fareRoomNanoUsd);
}

function raised(held: HeldGate, upTo: Amounts, chargeNanoUsd: number): number {
  return Math.max(held.amount, amountOf(held.unit, upTo, held.amount, chargeNanoUsd));
}

function roomInGates(
  account: AccountState,
  hold: Hold,
  upTo: Amounts,
  chargeNanoUsd: number,
  scopes: Scopes,
  out: ExtendOut,
): 'extended' | 'refused' | 'needsSlice' {
  for (let i = 0; i < hold.gateCount; i++) {
    const held = hold.gates[i];
    if (held === undefined) continue;
    const more = raised(held, upTo, chargeNanoUsd) - held.amount;
    if (more === 0) continue;
    out.gateKey = held.key;
    if (held.home === 'everyone') {
      const slice = sliceOf(held.key, scopes, out.nowMs);
      if (slice === undefined || slice.stamp !== held.stamp || slice.used + more <= slice.leased) continue;
      out.sliceAmount = more;
      return out.nowMs < slice.exhaustedUntilMs ? 'refused' : 'needsSlice';
    }
    const window = heldWindow(held, account, scopes);
    if (window === undefined || !window.holds(held.stamp, out.nowMs)) continue;
    window.roll(out.nowMs, account);
    if (window.used + more > held.limit) return 'refused';
  }
  out.gateKey = 0;
  return 'extended';
}

export interface Settlement {
  readonly atMs: number;
  readonly requestId: Id<'request'>;
  /** What was used; its charge before the plan says who pays. */
  readonly actual: Amounts;
}

/**
 * Ends a hold with what was used. An actual above the hold is booked in full: what no bucket covers
 * becomes debt of the `bought` bucket. Usage belongs to the admission instant: to its windows, its
 * period, and the plan version that admitted it.
 */
export function settle(
  account: AccountState,
  program: PlanProgram,
  settlement: Settlement,
  scopes: Scopes,
  out: SettleOut,
): void {
  assertAmounts(settlement.actual);
  endHold(account, program, settlement, settlement.actual, scopes, out);
}

/** Ends a hold of which nothing was used: gates and buckets are as if it had never been. */
export function voidHold(
  account: AccountState,
  program: PlanProgram,
  ending: { readonly atMs: number; readonly requestId: Id<'request'> },
  scopes: Scopes,
  out: SettleOut,
): void {
  endHold(account, program, ending, undefined, scopes, out);
}

function endHold(
  account: AccountState,
  program: PlanProgram,
  ending: { readonly atMs: number; readonly requestId: Id<'request'> },
  actual: Amounts | undefined,
  scopes: Scopes,
  out: SettleOut,
): void {
  out.clear(account.advance(ending.atMs));
  out.seq = account.seq;
  const hold = account.findHold(ending.requestId);
  if (hold === undefined) {
    out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
    return;
  }
  out.found = true;
  out.seq = ++account.seq;
  out.admittedAtMs = hold.admittedAtMs;
  out.className = hold.className;
  out.planVersionId = hold.planVersionId;
  out.mode = hold.mode;
  out.heldChargeNanoUsd = hold.payments.totalNanoUsd;
  out.chargeNanoUsd = actual === undefined ? 0 : payable(account, hold, actual);
  for (let i = 0; i < hold.gateCount; i++) {
    const held = hold.gates[i];
    if (held === undefined) continue;
    const amount = actual === undefined ? 0 : amountOf(held.unit, actual, held.amount, out.chargeNanoUsd);
    if (amount > held.amount) out.gateOverruns++;
    adjustHeld(held, amount, account, scopes, out.nowMs);
  }
  book(account, program, hold, out);
  account.closeHold(hold);
  account.dropEmptyLots();
  out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
}

/** Takes the charge from the held parts in the order of the waterfall, and any overrun from what is there now. */
function book(account: AccountState, program: PlanProgram, hold: Hold, out: SettleOut): void {
  if (hold.mode === 'included') return;
  const period = account.periodThatBegan(hold.periodStartMs);
  release(account, hold.payments, period);
  let left = out.chargeNanoUsd;
  for (let i = 0; i < hold.payments.count && left > 0; i++) {
    const amount = Math.min(left, hold.payments.amounts[i] ?? 0);
    bookPart(account, hold.payments.lots[i] ?? 0, amount, out);
    left -= amount;
  }
  out.overrunNanoUsd = left;
  for (let i = 0; i < out.payments.count; i++) {
    pay(account, out.payments.lots[i] ?? 0, out.payments.amounts[i] ?? 0, period);
  }
  if (left > 0) bookOverrun(account, program, hold, left, out);
  if (period !== undefined && hold.mode === 'metered') period.fareChargedNanoUsd += out.chargeNanoUsd;
}

function bookOverrun(account: AccountState, program: PlanProgram, hold: Hold, extra: number, out: SettleOut): void {
  const period = account.periodThatBegan(hold.periodStartMs);
  const terms = { program, overageAllowed: mayOverage(hold.mode), period };
  extraPayments.clear();
  const uncovered = cover(account, extra, terms, out.nowMs, extraPayments);
  if (uncovered > 0) extraPayments.add(DEBT, uncovered);
  for (let i = 0; i < extraPayments.count; i++) {
    const part = extraPayments.lots[i] ?? 0;
    const amount = extraPayments.amounts[i] ?? 0;
    bookPart(account, part, amount, out);
    pay(account, part, amount, period);
  }
}

function bookPart(account: AccountState, part: number, amount: number, out: SettleOut): void {
  const lot = account.lot(part);
  out.payments.add(part, amount);
  out.lotExpiriesMs[out.payments.count - 1] = lot?.expiresAtMs ?? UNBOUNDED;
  if (part === OVERAGE) out.overageNanoUsd += amount;
  else if (lot?.kind === 'allowance') out.allowanceNanoUsd += amount;
  else if (lot?.kind === 'promotional') out.promotionalNanoUsd += amount;
  else out.boughtNanoUsd += amount;
}
