import { assert } from '#base/assert.ts';
import type { AccountState } from './account-state.ts';
import { COMPILED_GATES_MAX, type PlanProgram } from './compile.ts';
import { prepareCounters, type Scopes } from './counters.ts';
import type { RequestSender } from './decision.ts';
import { DecisionOut } from './decision-out.ts';
import { UNIT_CODE } from './plan-version.ts';
import { RollingWindow } from './rolling-window.ts';
import type { StretchClass } from './stretch.ts';

/** How a request is paid: `PAYING_MODES` as numbers. */
export const INCLUDED = 0;
export const CREDITS = 1;
export const OVERAGE = 2;
export const METERED = 3;
/** What a full gate does besides paying by one of the above. */
const SLOWS = 4;
const STOPS = 5;
const ACTION = {
  credits: CREDITS,
  overage: OVERAGE,
  slow: SLOWS,
  refuse: STOPS,
  fallback: STOPS,
} as const;
const UNITS = Object.keys(UNIT_CODE).length;
const { messages: MESSAGES, tokens: TOKENS, charge: CHARGE, cost: COST } = UNIT_CODE;
const { credits: PAID } = UNIT_CODE;
const GATES_MAX = COMPILED_GATES_MAX + 1;

/**
 * The gates as they stand while a stretch is lived through, by their index: `weigh` and the count of the
 * kernel over plain numbers. Used amounts stand here until {@link store}; rolling windows have them too.
 */
export class StretchCounters {
  /** The limits and windows of the sender's requests. */
  readonly prepared = new DecisionOut();
  /** No window or period ends before this instant. */
  untilMs = 0;
  /** Nothing leaves a rolling window before this one. */
  rollsAtMs = 0;
  /** The shortest rolling window: what lasts longer would end in a window that it has left. */
  rollingMsMin = 0;
  #count = 0;
  readonly #used = new Float64Array(GATES_MAX);
  readonly #limit = new Float64Array(GATES_MAX);
  readonly #unit = new Uint8Array(GATES_MAX);
  readonly #action = new Uint8Array(GATES_MAX);
  /** Bit n: counts class n. */
  readonly #classes = new Int32Array(GATES_MAX);
  readonly #rolling: (RollingWindow | undefined)[] = Array.from({ length: GATES_MAX });
  /** Bit n: gate n has a session that has yet to begin. */
  #blank = 0;
  /** By unit: what a request takes at the worst, and what it took. */
  readonly #most = new Float64Array(UNITS);
  readonly #taken = new Float64Array(UNITS);

  // What the last weighing found.
  /** Bit n: gate n counts the request. */
  counted = 0;
  mode = INCLUDED;
  isSlow = 0;
  /** The gate that makes credits or overage pay, or slows; -1 = none. */
  because = -1;
  /** The gate that is full; -1 = none. */
  stoppedBy = -1;

  clear(): void {
    this.#count = 0;
    this.untilMs = -Infinity;
  }

  /** Rolls the windows to an instant, as a decision does, and notes how they stand. */
  load(
    account: AccountState,
    program: PlanProgram,
    sender: RequestSender,
    scopes: Scopes,
    nowMs: number,
  ): void {
    const { prepared } = this;
    this.store();
    prepared.nowMs = nowMs;
    prepareCounters(account, program, sender, scopes, prepared);
    this.#count = prepared.gateCount;
    this.#blank = 0;
    this.untilMs = account.period.endMs;
    this.rollingMsMin = Infinity;
    for (let g = 0; g < this.#count; g++) {
      const gate = program.gates[g];
      const window = prepared.windows[g];
      this.#classes[g] = 0;
      if (this.#rolling[g] !== undefined) this.#rolling[g] = undefined;
      if (gate === undefined || window === undefined) continue;
      this.#classes[g] = gate.classMask;
      this.#limit[g] = prepared.limits[g] ?? 0;
      this.#unit[g] = gate.unitCode;
      this.#action[g] = ACTION[gate.whenFull];
      this.#used[g] = window.used;
      if (window instanceof RollingWindow) {
        this.#rolling[g] = window;
        this.rollingMsMin = Math.min(this.rollingMsMin, window.windowMs);
        continue;
      }
      const endMs = window.nextChangeMs(nowMs);
      if (endMs > nowMs) this.untilMs = Math.min(this.untilMs, endMs);
      else this.#blank |= 1 << g;
    }
    this.roll(nowMs);
  }

  /** Lets what has left rolling windows by an instant count no more. */
  roll(nowMs: number): void {
    let rollsAtMs = Infinity;
    for (let g = 0; g < this.#count; g++) {
      const window = this.#rolling[g];
      if (window === undefined) continue;
      window.roll(nowMs);
      this.#used[g] = window.used;
      const nextMs = window.nextChangeMs(nowMs);
      rollsAtMs = Math.min(rollsAtMs, nextMs > nowMs ? nextMs : nowMs + window.windowMs);
    }
    this.rollsAtMs = rollsAtMs;
  }

  /** Gives the windows what has been counted. @throws Error where that is not exact: a programmer's error */
  store(): void {
    for (let g = 0; g < this.#count; g++) {
      const window = this.prepared.windows[g];
      if (window === undefined) continue;
      const used = this.#used[g] ?? 0;
      assert(Number.isSafeInteger(used), 'a gate counts in whole numbers');
      if (this.#rolling[g] === undefined) window.used = used;
    }
  }

  /**
   * Works out what a request would take of a class; changes no count. See `weigh`.
   * @param bound the most that it can be charged
   */
  weigh(
    of: StretchClass,
    j: number,
    classIndex: number,
    weightMilli: number,
    metered: boolean,
    bound: number,
  ): void {
    const most = this.#most;
    most[MESSAGES] = weightMilli;
    most[TOKENS] = of.tokensHeld[j] ?? 0;
    most[CHARGE] = of.chargeHeld[j] ?? 0;
    most[COST] = of.costHeld[j] ?? 0;
    most[PAID] = metered ? bound : 0;
    const bit = 1 << classIndex;
    let mode = metered ? METERED : INCLUDED;
    let counted = 0;
    let because = -1;
    let isSlow = 0;
    let stoppedBy = -1;
    for (let g = 0; g < this.#count; g++) {
      if (((this.#classes[g] ?? 0) & bit) === 0) continue;
      const amount = most[this.#unit[g] ?? 0] ?? 0;
      if (amount === 0 || (this.#used[g] ?? 0) + amount <= (this.#limit[g] ?? 0)) {
        counted |= 1 << g;
        continue;
      }
      const action = this.#action[g] ?? STOPS;
      if (action === STOPS) {
        stoppedBy = g;
        break;
      }
      if (because < 0) because = g;
      if (action === SLOWS) isSlow = 1;
      else if (mode === INCLUDED || mode === OVERAGE) {
        mode = action;
        most[PAID] = bound;
      }
    }
    this.counted = counted;
    this.mode = mode;
    this.isSlow = isSlow;
    this.because = because;
    this.stoppedBy = stoppedBy;
  }

  /** Counts what the request took that was weighed last. */
  count(of: StretchClass, j: number, weightMilli: number, paid: number, nowMs: number): void {
    const { counted } = this;
    if ((counted & this.#blank) !== 0) this.#begin(counted & this.#blank, nowMs);
    const taken = this.#taken;
    taken[MESSAGES] = weightMilli;
    taken[TOKENS] = of.tokens[j] ?? 0;
    taken[CHARGE] = of.charge[j] ?? 0;
    taken[COST] = of.cost[j] ?? 0;
    taken[PAID] = paid;
    for (let g = 0; g < this.#count; g++) {
      if ((counted & (1 << g)) === 0) continue;
      const amount = taken[this.#unit[g] ?? 0] ?? 0;
      this.#used[g] = (this.#used[g] ?? 0) + amount;
      this.#rolling[g]?.add(nowMs, amount);
    }
  }

  /** When the gate opens that has stopped the request that was weighed last. */
  opensAtMs(nowMs: number): number {
    const g = this.stoppedBy;
    const amount = this.#most[this.#unit[g] ?? 0] ?? 0;
    const missing = (this.#used[g] ?? 0) + amount - (this.#limit[g] ?? 0);
    return this.prepared.windows[g]?.opensAtMs(nowMs, missing) ?? nowMs;
  }

  #begin(gates: number, nowMs: number): void {
    for (let g = 0; g < this.#count; g++) {
      const window = this.prepared.windows[g];
      if ((gates & (1 << g)) === 0 || window === undefined) continue;
      window.add(nowMs, 0);
      this.untilMs = Math.min(this.untilMs, window.nextChangeMs(nowMs));
    }
    this.#blank &= ~gates;
  }
}
