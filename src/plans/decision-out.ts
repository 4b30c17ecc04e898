import { UNBOUNDED } from './account-state.ts';
import type { PlanProgram } from './compile.ts';
import type { GateStanding, RefusalReason } from './decision.ts';
import type { PayingMode } from './hold.ts';
import { PaymentParts } from './payment-parts.ts';
import type { WindowCounter } from './window-counter.ts';

/** What one candidate class would take, as {@link DecisionOut} has worked it out last. */
export class Weighing {
  /** Gate by gate index: the amount, or -1 where the gate does not count this request. */
  readonly amounts: number[] = [];
  mode: PayingMode = 'included';
  slow = false;
  /** The gate that makes credits or overage pay, or slows; -1 = none. */
  becauseOfGate = -1;
  /** The gate that is full, or whose slice is too small; -1 = none. */
  stoppedByGate = -1;
  chargeNanoUsd = 0;
  fareRoomNanoUsd = UNBOUNDED;
  readonly payments = new PaymentParts();
}

/**
 * The result of `decide`: one struct, reused by whoever replays, fresh for live traffic. Gates are
 * named by their index in the program; see {@link gateStandings} and its neighbours for names.
 */
export class DecisionOut {
  /**
   * `needsSlice`: nothing was decided and nothing recorded; the leased slice of gate
   * {@link sliceGate} is `sliceAmount` short. Lease more (or mark it exhausted) and decide again.
   */
  verdict: 'admitted' | 'refused' | 'needsSlice' = 'refused';
  /** Of a refusal. */
  reason: RefusalReason = 'gate';
  /** The account's time at the decision: record this, and replay with it. */
  nowMs = 0;
  /** The account's sequence number of this decision. */
  seq = 0;
  /** Index into the request's candidates, and into the program's classes; -1 on a refusal. */
  candidate = -1;
  classIndex = -1;
  slow = false;
  /** Why another class than the asked one serves. */
  fallback: 'none' | 'gate' | 'capacity' = 'none';
  /**
   * Gate that caused a fallback, slowed, or made credits or overage pay; on a refusal the gate that
   * refused, or whose credits could not pay. -1 = none.
   */
  gate = -1;
  sliceGate = -1;
  sliceAmount = 0;
  /** What is held in money; 0 for included requests. */
  heldChargeNanoUsd = 0;
  mode: PayingMode = 'included';
  /** Bit `n` set: class `n` would be admitted right now. Worked out on refusals, for the classes that have a candidate. */
  availableMask = 0;
  /** Credits that can still pay, net of holds and debt. */
  remainingNanoUsd = 0;
  /**
   * False: nobody will ask how the gates stand, what else would be admitted and what is left, as in a
   * replay. A limit that refuses says when it opens all the same.
   */
  tells = true;
  /** So many of the program's gates count requests like this one: see `PlanProgram.ownGateCount`. */
  gateCount = 0;
  /** Standings by gate index; a limit of -1 = no counter of this request's (no member, key or cap). */
  readonly limits: number[] = [];
  readonly used: number[] = [];
  readonly resetsAtMs: number[] = [];
  /** The window of each gate that has one for this request. */
  readonly windows: (WindowCounter | undefined)[] = [];
  /** The hold vector of the class that was admitted. */
  readonly weighing = new Weighing();

  /** Blank but for the standings, which every decision overwrites. */
  clear(nowMs: number): void {
    this.verdict = 'refused';
    this.reason = 'gate';
    this.nowMs = nowMs;
    this.candidate = -1;
    this.classIndex = -1;
    this.slow = false;
    this.fallback = 'none';
    this.gate = -1;
    this.sliceGate = -1;
    this.sliceAmount = 0;
    this.heldChargeNanoUsd = 0;
    this.mode = 'included';
    this.availableMask = 0;
    this.remainingNanoUsd = 0;
  }
}

/** How every gate stands that counts for this request. */
export function gateStandings(program: PlanProgram, out: DecisionOut): readonly GateStanding[] {
  const standings: GateStanding[] = [];
  for (const gate of program.gates) {
    const standing = gateStanding(program, out, gate.index);
    if (standing !== undefined) standings.push(standing);
  }
  return standings;
}

/** How one gate stands; `undefined` for index -1 and for a gate that does not count for this request. */
export function gateStanding(
  program: PlanProgram,
  out: DecisionOut,
  index: number,
): GateStanding | undefined {
  const gate = program.gates[index];
  const limit = out.limits[index] ?? -1;
  if (gate === undefined || limit < 0) return undefined;
  return Object.freeze({
    gateId: gate.name,
    limit,
    used: out.used[index] ?? 0,
    resetAtMs: out.resetsAtMs[index] ?? out.nowMs,
  });
}

/** On a refusal: the classes that would be admitted right now, in the plan's order. */
export function availableClasses(program: PlanProgram, out: DecisionOut): readonly string[] {
  return program.classNames.filter((_, index) => (out.availableMask & (1 << index)) !== 0);
}

/** The result of `extend`. */
export class ExtendOut {
  verdict: 'extended' | 'refused' | 'needsSlice' | 'noHold' = 'noHold';
  nowMs = 0;
  seq = 0;
  /**
   * Gate that is full or short of a slice, by `CompiledGate.key` in the plan version that admitted the
   * hold; 0 where the buckets do not cover it.
   */
  gateKey = 0;
  sliceAmount = 0;
  /** What is held in money now. */
  heldChargeNanoUsd = 0;
}

/** The result of `settle` and `voidHold`. */
export class SettleOut {
  /** False: nobody will ask what is left, as in a replay. */
  tells = true;
  /** False where no such hold is open: it has ended before, and nothing was booked. */
  found = false;
  nowMs = 0;
  seq = 0;
  admittedAtMs = 0;
  className = '';
  /** The version that admitted it. */
  planVersionId = '';
  mode: PayingMode = 'included';
  /** What the customer pays; 0 for included requests. The four payers sum to it. */
  chargeNanoUsd = 0;
  allowanceNanoUsd = 0;
  promotionalNanoUsd = 0;
  boughtNanoUsd = 0;
  overageNanoUsd = 0;
  /** What had been held in money. */
  heldChargeNanoUsd = 0;
  /** By how much the charge passed the hold: booked in full, and an incident. */
  overrunNanoUsd = 0;
  /** Gates (by count) whose booked amount passed the held one: an incident too. */
  gateOverruns = 0;
  /** Credits that can still pay, net of holds and debt; 0 where it does not {@link tells}. */
  remainingNanoUsd = 0;
  /** Lot by lot, with {@link lotExpiriesMs} beside it: what a refund reverses. */
  readonly payments = new PaymentParts();
  readonly lotExpiriesMs: number[] = [];

  clear(nowMs: number): void {
    this.found = false;
    this.nowMs = nowMs;
    this.chargeNanoUsd = 0;
    this.allowanceNanoUsd = 0;
    this.promotionalNanoUsd = 0;
    this.boughtNanoUsd = 0;
    this.overageNanoUsd = 0;
    this.heldChargeNanoUsd = 0;
    this.overrunNanoUsd = 0;
    this.gateOverruns = 0;
    this.remainingNanoUsd = 0;
    this.payments.clear();
  }
}
