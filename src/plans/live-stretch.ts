import { assert } from '#base/assert.ts';
import { type AccountState, type Lot, UNBOUNDED } from './account-state.ts';
import { COMPILED_GATES_MAX, type PlanProgram } from './compile.ts';
import { prepareCounters, type Scopes } from './counters.ts';
import type { RequestSender } from './decision.ts';
import { DecisionOut } from './decision-out.ts';
import { UNIT_CODE } from './plan-version.ts';
import { RollingWindow } from './rolling-window.ts';
import { ONE_BY_ONE, PAYER, type Stretch } from './stretch.ts';

/** How a request is paid, as numbers. */
const INCLUDED = 0;
const CREDITS = 1;
const OVERAGE = 2;
const METERED = 3;
/** What a full gate does: pays by one of the above, slows, or stops the request. */
const SLOWS = 4;
const STOPS = 5;
const ACTION = { credits: CREDITS, overage: OVERAGE, slow: SLOWS, refuse: STOPS, fallback: STOPS };

const { messages: MESSAGES, tokens: TOKENS, charge: CHARGE, cost: COST } = UNIT_CODE;
const { credits: PAID } = UNIT_CODE;

/** The gates as they stand while a stretch is lived through, by their index. */
class Counters {
  readonly prepared = new DecisionOut();
  count = 0;
  /** No window or period ends before this instant. */
  untilMs = 0;
  /** Nothing leaves a rolling window before this one. */
  rollsAtMs = 0;
  /** The shortest rolling window: what lasts longer would end in a window that it has left. */
  rollingMsMin = Infinity;
  readonly used = new Float64Array(COMPILED_GATES_MAX + 1);
  readonly limit = new Float64Array(COMPILED_GATES_MAX + 1);
  readonly unit = new Uint8Array(COMPILED_GATES_MAX + 1);
  readonly action = new Uint8Array(COMPILED_GATES_MAX + 1);
  /** Classes that it counts. */
  readonly mask = new Int32Array(COMPILED_GATES_MAX + 1);
  readonly rolling: (RollingWindow | undefined)[] = [];
  /** Bit n: gate n has a session that has yet to begin. */
  blank = 0;

  /** Rolls the windows to an instant, as a decision does. */
  load(account: AccountState, program: PlanProgram, sender: RequestSender, scopes: Scopes): void {
    const { prepared } = this;
    const { nowMs } = prepared;
    prepareCounters(account, program, sender, scopes, prepared);
    this.count = prepared.gateCount;
    this.untilMs = account.period.endMs;
    this.rollsAtMs = Infinity;
    this.rollingMsMin = Infinity;
    this.blank = 0;
    for (let g = 0; g < this.count; g++) {
      const gate = program.gates[g];
      const window = prepared.windows[g];
      const limit = prepared.limits[g] ?? -1;
      this.mask[g] = 0;
      this.rolling[g] = undefined;
      if (gate === undefined || window === undefined || limit < 0) continue;
      this.mask[g] = gate.classMask;
      this.limit[g] = limit;
      this.unit[g] = gate.unitCode;
      this.action[g] = ACTION[gate.whenFull];
      this.used[g] = window.used;
      const nextMs = window.nextChangeMs(nowMs);
      if (window instanceof RollingWindow) {
        this.rolling[g] = window;
        this.rollingMsMin = Math.min(this.rollingMsMin, window.windowMs);
        this.rollsAtMs = Math.min(
          this.rollsAtMs,
          nextMs > nowMs ? nextMs : nowMs + window.windowMs,
        );
      } else if (nextMs > nowMs) this.untilMs = Math.min(this.untilMs, nextMs);
      else this.blank |= 1 << g;
    }
  }

  /** Lets what has left rolling windows by an instant count no more. */
  roll(nowMs: number): void {
    let rollsAtMs = Infinity;
    for (let g = 0; g < this.count; g++) {
      const window = this.rolling[g];
      if (window === undefined) continue;
      window.roll(nowMs);
      this.used[g] = window.used;
      const nextMs = window.nextChangeMs(nowMs);
      rollsAtMs = Math.min(rollsAtMs, nextMs > nowMs ? nextMs : nowMs + window.windowMs);
    }
    this.rollsAtMs = rollsAtMs;
  }

  /** Gives the windows what has been counted; rolling ones have it already. */
  store(): void {
    for (let g = 0; g < this.count; g++) {
      const window = this.prepared.windows[g];
      if (window !== undefined && this.rolling[g] === undefined) window.used = this.used[g] ?? 0;
    }
  }

  /** Begins the sessions among these gates. */
  begin(gates: number, nowMs: number): void {
    for (let g = 0; g < this.count; g++) {
      const window = this.prepared.windows[g];
      if ((gates & (1 << g)) === 0 || window === undefined) continue;
      window.add(nowMs, 0);
      this.untilMs = Math.min(this.untilMs, window.nextChangeMs(nowMs));
    }
    this.blank &= ~gates;
  }
}

/** Who pays next, alone, and how much. */
class Purse {
  payer: number = PAYER.nobody;
  lot: Lot | undefined;
  /** The most that a hold may be. */
  room = 0;
  untilMs = -Infinity;
  paidNanoUsd = 0;

  clear(): void {
    this.lot = undefined;
    this.untilMs = -Infinity;
    this.room = 0;
    this.paidNanoUsd = 0;
  }

  /** The first in the waterfall who has anything: see `cover`. */
  find(account: AccountState, program: PlanProgram, nowMs: number): void {
    this.untilMs = UNBOUNDED;
    let first: Lot | undefined;
    for (const lot of account.lots) {
      if (nowMs >= lot.expiresAtMs) continue;
      this.untilMs = Math.min(this.untilMs, lot.expiresAtMs);
      if (first === undefined && lot.amountNanoUsd > lot.heldNanoUsd) first = lot;
    }
    const credit = account.availableNanoUsd(nowMs) + program.overdraftNanoUsd;
    if (credit <= 0) {
      const { overageUsedNanoUsd, overageHeldNanoUsd } = account.period;
      const cap = Math.min(program.overageCapNanoUsd, account.customerCapNanoUsd);
      this.payer = PAYER.overage;
      this.lot = undefined;
      this.room = cap - overageUsedNanoUsd - overageHeldNanoUsd;
      return;
    }
    this.payer = first === undefined ? PAYER.bought : PAYER[first.kind];
    this.lot = first;
    this.room =
      first === undefined ? credit : Math.min(credit, first.amountNanoUsd - first.heldNanoUsd);
  }

  /** Books what has been paid since it was found. */
  book(account: AccountState): void {
    const { payer, lot, paidNanoUsd } = this;
    this.paidNanoUsd = 0;
    if (lot !== undefined) lot.amountNanoUsd -= paidNanoUsd;
    else if (payer === PAYER.overage) account.period.overageUsedNanoUsd += paidNanoUsd;
    else account.debtNanoUsd += paidNanoUsd;
  }
}

const counters = new Counters();
const purse = new Purse();
/** By unit: what one request takes at the worst, and what it took. */
const most = new Float64Array(5);
const taken = new Float64Array(5);

/**
 * Decides and ends requests one after the other, as long as what becomes of them is plain: the first class
 * serves, and one payer pays all of it, or nobody. The account, and the counters of its sender, are then as
 * `decide` and `settle` would have left them, field by field, and the columns say what those would have
 * said. That follows since with every request ended before the next is decided nothing of a hold is left:
 * a gate must have room for the hold of one request beside what has been used, and the first payer, alone,
 * for its charge; then the actual amounts are counted where the hold would have stood.
 *
 * It stops at the first request that is not plain, of which nothing has been done: one that a gate refuses
 * or sends elsewhere, that nobody can pay, that several pay, whose charge passes its hold, that outlasts
 * a rolling window, or that meets a gate over everyone.
 * @param from the first request of the stretch to take @param to before this one
 * @returns the request that it stopped at, or `to`
 */
export function liveStretch(
  account: AccountState,
  program: PlanProgram,
  sender: RequestSender,
  scopes: Scopes,
  stretch: Stretch,
  from: number,
  to: number,
): number {
  assert(
    account.planVersionId === program.planVersionId,
    'an account is decided by its own plan version',
  );
  if (program.everyoneGates.length > 0) return from;
  const { atMs, endedMs, classIndex, tokensHeld, costHeld, chargeHeld } = stretch;
  const { tokens, cost, charge, nowMs, gate, slow, held, paid, payer } = stretch;
  const { used, limit, unit, action, mask, rolling } = counters;
  const { weightsMilli, metered } = program;
  const { period } = account;
  const fareCap = metered ? program.fareCapNanoUsd : UNBOUNDED;
  let fareCharged = period.fareChargedNanoUsd;
  let lastMs = account.lastSeenMs;
  let isCharged = false;
  counters.count = 0;
  counters.untilMs = -Infinity;
  purse.clear();
  let j = from;
  for (; j < to; j++) {
    const index = classIndex[j] ?? ONE_BY_ONE;
    if (index === ONE_BY_ONE) break;
    const askedMs = atMs[j] ?? 0;
    const now = askedMs > lastMs ? askedMs : lastMs;
    if (now >= counters.untilMs) {
      if (now < period.startMs || now >= period.endMs) break;
      counters.store();
      counters.prepared.nowMs = now;
      counters.load(account, program, sender, scopes);
    } else if (now >= counters.rollsAtMs) counters.roll(now);
    const end = endedMs[j] ?? 0;
    const ended = end > now ? end : now;
    if (ended - now >= counters.rollingMsMin) break;

    const weight = weightsMilli[index] ?? 0;
    const fareRoom = Math.max(0, fareCap - fareCharged);
    const chargeMost = chargeHeld[j] ?? 0;
    const bound = metered ? Math.min(chargeMost, fareRoom) : chargeMost;
    let mode = metered ? METERED : INCLUDED;
    most[MESSAGES] = weight;
    most[TOKENS] = tokensHeld[j] ?? 0;
    most[CHARGE] = chargeMost;
    most[COST] = costHeld[j] ?? 0;
    most[PAID] = metered ? bound : 0;
    const bit = 1 << index;
    let counted = 0;
    let because = -1;
    let isSlow = 0;
    let isStopped = false;
    for (let g = 0; g < counters.count; g++) {
      if (((mask[g] ?? 0) & bit) === 0) continue;
      const amount = most[unit[g] ?? 0] ?? 0;
      if (amount === 0 || (used[g] ?? 0) + amount <= (limit[g] ?? 0)) {
        counted |= 1 << g;
        continue;
      }
      const does = action[g] ?? STOPS;
      if (does === STOPS) {
        isStopped = true;
        break;
      }
      if (because < 0) because = g;
      if (does === SLOWS) isSlow = 1;
      else if (mode === INCLUDED || mode === OVERAGE) {
        mode = does;
        most[PAID] = bound;
      }
    }
    if (isStopped) break;

    let holds = 0;
    let pays = 0;
    let who: number = PAYER.nobody;
    if (mode !== INCLUDED) {
      holds = bound;
      pays = Math.min(charge[j] ?? 0, fareRoom);
      if (pays > holds) break;
      if (holds > 0) {
        if (holds > purse.room || now >= purse.untilMs) {
          purse.book(account);
          purse.find(account, program, now);
          if (holds > purse.room) break;
        }
        who = purse.payer;
        if (who === PAYER.overage && mode === CREDITS) break;
        purse.room -= pays;
        purse.paidNanoUsd += pays;
        isCharged = true;
      }
      if (metered) fareCharged += pays;
    }

    if ((counted & counters.blank) !== 0) counters.begin(counted & counters.blank, now);
    taken[MESSAGES] = weight;
    taken[TOKENS] = tokens[j] ?? 0;
    taken[CHARGE] = charge[j] ?? 0;
    taken[COST] = cost[j] ?? 0;
    taken[PAID] = pays;
    for (let g = 0; g < counters.count; g++) {
      if ((counted & (1 << g)) === 0) continue;
      const amount = taken[unit[g] ?? 0] ?? 0;
      used[g] = (used[g] ?? 0) + amount;
      rolling[g]?.add(now, amount);
    }
    nowMs[j] = now;
    gate[j] = because;
    slow[j] = isSlow;
    held[j] = holds;
    paid[j] = pays;
    payer[j] = who;
    lastMs = ended;
  }
  counters.store();
  purse.book(account);
  account.lastSeenMs = lastMs;
  account.seq += 2 * (j - from);
  if (metered) period.fareChargedNanoUsd = fareCharged;
  if (isCharged) account.dropEmptyLots();
  return j;
}
