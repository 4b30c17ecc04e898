import { assert } from '#base/assert.ts';
import type { AccountState } from './account-state.ts';
import { type CompiledGate, HOME, type PlanProgram } from './compile.ts';
import type { RequestSender } from './decision.ts';
import type { DecisionOut } from './decision-out.ts';
import type { HeldGate } from './hold.ts';
import type { ScopeState } from './scope-state.ts';
import type { SharedCounters, SharedSlice } from './shared-counters.ts';
import type { WindowCounter } from './window-counter.ts';

/** Its own name here, so that the compiler of V8 knows it for a constant. */
const ACCOUNT = HOME.account;

/** The counters outside the account that an operation may touch. */
export interface Scopes {
  /** Wanted where {@link scopesOf} says so. */
  readonly member?: ScopeState | undefined;
  readonly key?: ScopeState | undefined;
  /** This process's slices of the gates of scope everyone. */
  readonly shared?: SharedCounters | undefined;
}

/** Which counters outside the account a request needs under a plan. */
export interface ScopesNeeded {
  readonly member: boolean;
  readonly key: boolean;
  readonly shared: boolean;
}

export function scopesOf(program: PlanProgram, request: RequestSender): ScopesNeeded {
  const ownKeyGates = program.keyGates.length > 1 || request.keyCapNanoUsd !== undefined;
  return {
    member: program.memberGates.length > 0 && request.memberId !== undefined,
    key: ownKeyGates && request.keyId !== undefined,
    shared: program.everyoneGates.length > 0,
  };
}

/**
 * Makes the counters of a request ready for a decision now, and notes the limits that they set in
 * `out.limits` (and its windows); -1 where a gate has no counter for this request.
 * @throws Error where a counter that is needed was not given.
 */
export function prepareCounters(
  account: AccountState,
  program: PlanProgram,
  request: RequestSender,
  scopes: Scopes,
  out: DecisionOut,
): void {
  account.windows.bind(program.accountGates);
  if (scopes.member !== undefined) bindScope(scopes.member, program.memberGates, out.nowMs);
  if (scopes.key !== undefined) bindScope(scopes.key, program.keyGates, out.nowMs);
  const { gates, ownGateCount } = program;
  out.gateCount = request.keyCapNanoUsd === undefined ? ownGateCount : gates.length;
  // The cap on keys that no request carries has no counter either.
  out.limits[ownGateCount] = -1;
  out.windows[ownGateCount] = undefined;
  const ofAccount = account.windows.windows;
  for (let i = 0; i < out.gateCount; i++) {
    const gate = gates[i];
    if (gate === undefined) continue;
    if (gate.home !== ACCOUNT) {
      prepareOther(gate, account, request, scopes, out);
      continue;
    }
    const window = ofAccount[gate.slot];
    assert(window !== undefined, 'the counters of a gate are given');
    out.limits[i] = gate.limit;
    out.windows[i] = window;
    window.roll(out.nowMs, account);
  }
}

function prepareOther(
  gate: CompiledGate,
  account: AccountState,
  request: RequestSender,
  scopes: Scopes,
  out: DecisionOut,
): void {
  const limit = limitFor(gate, request);
  out.limits[gate.index] = limit;
  const window = limit >= 0 && gate.home !== HOME.everyone ? windowOf(gate, scopes) : undefined;
  out.windows[gate.index] = window;
  if (window !== undefined) window.roll(out.nowMs, account);
}

function bindScope(scope: ScopeState, gates: readonly CompiledGate[], nowMs: number): void {
  if (scope.windows.bind(gates)) scope.windows.prune(gates.length, nowMs);
}

/** The limit that a gate outside the account sets for a request; -1 where it has no counter for it. */
function limitFor(gate: CompiledGate, request: RequestSender): number {
  if (gate.home === HOME.everyone) return gate.limit;
  if (gate.home === HOME.member) return request.memberId === undefined ? -1 : gate.limit;
  if (request.keyId === undefined) return -1;
  return gate.limit > 0 ? gate.limit : (request.keyCapNanoUsd ?? -1);
}

/** The window of a member's or key's gate. @throws Error where its counter was not given. */
function windowOf(gate: CompiledGate, scopes: Scopes): WindowCounter {
  const scope = gate.home === HOME.member ? scopes.member : scopes.key;
  const window = scope?.windows.windows[gate.slot];
  assert(window !== undefined, 'the counters of a gate are given');
  return window;
}

/** The slice of a gate of scope everyone that is valid now. */
export function sliceOf(key: number, scopes: Scopes, nowMs: number): SharedSlice | undefined {
  const slice = scopes.shared?.find(key);
  return slice !== undefined && nowMs < slice.validUntilMs ? slice : undefined;
}

/** The window that a hold counts in; `undefined` where it is gone. */
export function heldWindow(
  held: HeldGate,
  account: AccountState,
  scopes: Scopes,
): WindowCounter | undefined {
  if (held.home === ACCOUNT) return account.windows.find(held.key);
  const scope = held.home === HOME.member ? scopes.member : scopes.key;
  assert(scope !== undefined, 'the counters of a hold are given when it changes');
  return scope.windows.find(held.key);
}

/** Counts the difference between what was held and what it became, in the window it was held in. */
export function adjustHeld(
  held: HeldGate,
  amount: number,
  account: AccountState,
  scopes: Scopes,
  nowMs: number,
): void {
  const delta = amount - held.amount;
  if (delta === 0) return;
  if (held.home === HOME.everyone) {
    const slice = scopes.shared?.find(held.key);
    if (slice !== undefined && slice.stamp === held.stamp) slice.used += delta;
  } else heldWindow(held, account, scopes)?.adjust(held.stamp, delta, nowMs);
}

/** Writes how every gate stands that has a limit for the request. */
export function writeStandings(program: PlanProgram, scopes: Scopes, out: DecisionOut): void {
  for (let i = 0; i < program.gates.length; i++) {
    const gate = program.gates[i];
    if (gate === undefined || (out.limits[i] ?? -1) < 0) continue;
    const window = out.windows[i];
    if (window === undefined) {
      const slice = sliceOf(gate.key, scopes, out.nowMs);
      out.used[i] = slice === undefined ? 0 : slice.leasedByAll - slice.leased + slice.used;
      out.resetsAtMs[i] = slice === undefined ? out.nowMs : Math.max(slice.knownUntilMs, out.nowMs);
      continue;
    }
    out.used[i] = window.used;
    out.resetsAtMs[i] = window.nextChangeMs(out.nowMs);
  }
}
