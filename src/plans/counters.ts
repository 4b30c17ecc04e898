import { assert } from '#base/assert.ts';
import type { AccountState } from './account-state.ts';
import type { CompiledGate, PlanProgram } from './compile.ts';
import type { DecisionRequest } from './decision.ts';
import type { DecisionOut } from './decision-out.ts';
import type { HeldGate } from './hold.ts';
import type { ScopeState } from './scope-state.ts';
import type { SharedCounters, SharedSlice } from './shared-counters.ts';
import type { WindowCounter } from './window-counter.ts';

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

export function scopesOf(
  program: PlanProgram,
  request: Pick<DecisionRequest, 'memberId' | 'keyId' | 'keyCapNanoUsd'>,
): ScopesNeeded {
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
  request: DecisionRequest,
  scopes: Scopes,
  out: DecisionOut,
): void {
  account.windows.bind(program.accountGates);
  if (scopes.member !== undefined) bindScope(scopes.member, program.memberGates, out.nowMs);
  if (scopes.key !== undefined) bindScope(scopes.key, program.keyGates, out.nowMs);
  for (let i = 0; i < program.gates.length; i++) {
    const gate = program.gates[i];
    if (gate === undefined) continue;
    const limit = limitFor(gate, request);
    out.limits[i] = limit;
    const window =
      limit >= 0 && gate.home !== 'everyone' ? windowOf(gate, account, scopes) : undefined;
    out.windows[i] = window;
    if (window !== undefined) window.roll(out.nowMs, account);
  }
}

function bindScope(scope: ScopeState, gates: readonly CompiledGate[], nowMs: number): void {
  if (scope.windows.bind(gates)) scope.windows.prune(gates.length, nowMs);
}

/** The limit that a gate sets for a request; -1 where it has no counter for it. */
function limitFor(gate: CompiledGate, request: DecisionRequest): number {
  if (gate.home === 'account' || gate.home === 'everyone') return gate.limit;
  if (gate.home === 'member') return request.memberId === undefined ? -1 : gate.limit;
  if (request.keyId === undefined) return -1;
  return gate.limit > 0 ? gate.limit : (request.keyCapNanoUsd ?? -1);
}

/** The window of a gate. @throws Error where its counter was not given. */
function windowOf(gate: CompiledGate, account: AccountState, scopes: Scopes): WindowCounter {
  const set =
    gate.home === 'account'
      ? account.windows
      : gate.home === 'member'
        ? scopes.member?.windows
        : scopes.key?.windows;
  const window = set?.windows[gate.slot];
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
  if (held.home === 'account') return account.windows.find(held.key);
  const scope = held.home === 'member' ? scopes.member : scopes.key;
  assert(scope !== undefined, `the ${held.home} counters of a hold are given when it changes`);
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
  if (held.home === 'everyone') {
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
      out.resetsAtMs[i] =
        slice === undefined ? out.nowMs : Math.max(slice.exhaustedUntilMs, out.nowMs);
      continue;
    }
    out.used[i] = window.used;
    out.resetsAtMs[i] = window.nextChangeMs(out.nowMs);
  }
}
