import { assert } from '#base/assert.ts';
import { type NanoUsd, nanoUsd, scaleHalfEven } from '#base/money.ts';
import {
  type AccountState,
  LOT_KINDS,
  type Lot,
  type LotKind,
  noPeriod,
  UNBOUNDED,
} from './account-state.ts';
import type { PlanProgram } from './compile.ts';

/**
 * What changes an account besides requests: credits that come and go, periods, plans. Each operation
 * advances the account's time and takes a number in its sequence, so that a replay repeats it.
 */

/** What an operation moved: signed changes of the booked buckets, for the ledger to post. */
export interface FundsChange {
  readonly nowMs: number;
  readonly seq: number;
  readonly allowanceNanoUsd: NanoUsd;
  readonly promotionalNanoUsd: NanoUsd;
  /** Includes debt that was paid off. */
  readonly boughtNanoUsd: NanoUsd;
  readonly overageNanoUsd: NanoUsd;
  /** What expired unused, by kind; already inside the changes above. */
  readonly breakage: Readonly<Record<LotKind, NanoUsd>>;
}

export interface Grant {
  readonly atMs: number;
  readonly kind: LotKind;
  readonly amountNanoUsd: NanoUsd;
  /** Exclusive; absent = never. */
  readonly expiresAtMs?: number;
}

/** Adds credits; what the account owes is paid off first. @throws Error on an amount below zero. */
export function grant(
  account: AccountState,
  { atMs, kind, amountNanoUsd, expiresAtMs }: Grant,
): FundsChange {
  assert(
    Number.isSafeInteger(amountNanoUsd) && amountNanoUsd >= 0,
    'a grant is exact and not negative',
  );
  return change(account, atMs, () =>
    addCredits(account, kind, amountNanoUsd, expiresAtMs ?? UNBOUNDED),
  );
}

export interface Refund {
  readonly atMs: number;
  /** Who paid, when the credits that paid expire (absent = never), and how much goes back. */
  readonly payer: LotKind | 'overage';
  readonly expiresAtMs?: number;
  readonly amountNanoUsd: NanoUsd;
  /** The admission instant of what is refunded: overage and fare of a past period are not reopened. */
  readonly admittedAtMs: number;
}

/** Reverses a payment into the bucket that paid; credits that have expired come back as promotional ones. */
export function refund(account: AccountState, given: Refund): FundsChange {
  const { payer, amountNanoUsd } = given;
  assert(
    Number.isSafeInteger(amountNanoUsd) && amountNanoUsd >= 0,
    'a refund is exact and not negative',
  );
  return change(account, given.atMs, (nowMs) => {
    const { period } = account;
    const inPeriod = given.admittedAtMs >= period.startMs;
    if (inPeriod) period.fareChargedNanoUsd -= Math.min(period.fareChargedNanoUsd, amountNanoUsd);
    if (payer === 'overage') {
      const reversed = inPeriod ? Math.min(period.overageUsedNanoUsd, amountNanoUsd) : 0;
      period.overageUsedNanoUsd -= reversed;
      addCredits(account, 'promotional', amountNanoUsd - reversed, UNBOUNDED);
      return;
    }
    const expiresAtMs = given.expiresAtMs ?? UNBOUNDED;
    if (nowMs < expiresAtMs) addCredits(account, payer, amountNanoUsd, expiresAtMs);
    else addCredits(account, 'promotional', amountNanoUsd, UNBOUNDED);
  });
}

/** Takes expired credits off the books. What open holds have reserved of them stays until those end. */
export function expireLots(account: AccountState, atMs: number): FundsChange {
  return change(account, atMs, (nowMs, breakage) => sweep(account, nowMs, breakage));
}

export interface Period {
  readonly atMs: number;
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
  /** Frozen for the period. */
  readonly timeZone: string;
}

/**
 * Begins a period: expires what is due, carries the allowance over as far as the plan allows, grants
 * the new one, and starts overage and fare at zero.
 * @throws Error on a period that begins before the last one ends, or after now.
 */
export function renewPeriod(
  account: AccountState,
  program: PlanProgram,
  next: Period,
): FundsChange {
  assert(
    account.planVersionId === program.planVersionId,
    'a period is renewed by its own plan version',
  );
  assert(
    next.startMs >= account.periodEndMs && next.endMs > next.startMs,
    'periods follow each other',
  );
  return change(account, next.atMs, (nowMs, breakage) => {
    assert(nowMs >= next.startMs, 'a period is not renewed before it begins');
    const { rollover, perPeriodNanoUsd } = program.credits;
    const carried = rollover.kind === 'none' ? 0 : carryOver(account, nowMs, rollover.maxNanoUsd);
    sweep(account, nowMs, breakage);
    account.previousPeriod = account.period;
    account.period = { ...noPeriod(), startMs: next.startMs, endMs: next.endMs };
    account.timeZone = next.timeZone;
    addCredits(account, 'allowance', perPeriodNanoUsd + carried, next.endMs);
  });
}

function carryOver(account: AccountState, nowMs: number, maxNanoUsd: number): number {
  let carried = 0;
  for (const lot of account.lots) {
    if (lot.kind !== 'allowance' || nowMs < lot.expiresAtMs) continue;
    const amount = Math.min(lot.amountNanoUsd - lot.heldNanoUsd, maxNanoUsd - carried);
    lot.amountNanoUsd -= amount;
    carried += amount;
  }
  return carried;
}

/**
 * Moves an account to another plan version within its period. The allowance changes by the
 * difference of the two for the rest of the period (never below what is held); bought and promotional
 * credits, overage, fare and the counts of gates that both plans have stay. Open holds end under the
 * version that admitted them.
 */
export function changePlan(
  account: AccountState,
  oldProgram: PlanProgram,
  newProgram: PlanProgram,
  atMs: number,
): FundsChange {
  assert(
    account.planVersionId === oldProgram.planVersionId,
    'a plan is changed from the one in force',
  );
  return change(account, atMs, (nowMs) => {
    const { startMs, endMs } = account.period;
    const rest = Math.max(0, Math.min(endMs - startMs, endMs - nowMs));
    const difference = nanoUsd(
      newProgram.credits.perPeriodNanoUsd - oldProgram.credits.perPeriodNanoUsd,
    );
    if (rest > 0 && difference !== 0) {
      const prorated = scaleHalfEven(difference, { numerator: rest, denominator: endMs - startMs });
      if (prorated > 0) addCredits(account, 'allowance', prorated, endMs);
      else reclaimAllowance(account, Math.abs(prorated), nowMs);
    }
    account.planVersionId = newProgram.planVersionId;
    account.windows.bind(newProgram.accountGates);
    account.windows.prune(newProgram.accountGates.length, nowMs);
  });
}

function reclaimAllowance(account: AccountState, amountNanoUsd: number, nowMs: number): void {
  let left = amountNanoUsd;
  for (const lot of account.lots) {
    if (lot.kind !== 'allowance' || nowMs >= lot.expiresAtMs) continue;
    const amount = Math.min(left, lot.amountNanoUsd - lot.heldNanoUsd);
    lot.amountNanoUsd -= amount;
    left -= amount;
  }
}

/** Sets the customer's own bound on a period's overage; `undefined` lifts it. */
export function setCustomerCap(
  account: AccountState,
  capNanoUsd: NanoUsd | undefined,
  atMs: number,
): FundsChange {
  return change(account, atMs, () => {
    account.customerCapNanoUsd = capNanoUsd ?? UNBOUNDED;
  });
}

function addCredits(
  account: AccountState,
  kind: LotKind,
  amountNanoUsd: number,
  expiresAtMs: number,
): void {
  const repaid = Math.min(account.debtNanoUsd, amountNanoUsd);
  account.debtNanoUsd -= repaid;
  if (amountNanoUsd === repaid) return;
  const same = account.lots.find((lot) => lot.kind === kind && lot.expiresAtMs === expiresAtMs);
  if (same !== undefined) {
    same.amountNanoUsd = nanoUsd(same.amountNanoUsd + amountNanoUsd - repaid);
    return;
  }
  const no = account.nextLotNo++;
  account.lots.push({
    no,
    kind,
    amountNanoUsd: amountNanoUsd - repaid,
    heldNanoUsd: 0,
    expiresAtMs,
  });
  account.lots.sort(byWaterfall);
}

function byWaterfall(a: Lot, b: Lot): number {
  return LOT_KINDS.indexOf(a.kind) - LOT_KINDS.indexOf(b.kind) || a.expiresAtMs - b.expiresAtMs;
}

function sweep(account: AccountState, nowMs: number, breakage: Record<LotKind, number>): void {
  for (const lot of account.lots) {
    if (nowMs < lot.expiresAtMs) continue;
    breakage[lot.kind] += lot.amountNanoUsd - lot.heldNanoUsd;
    lot.amountNanoUsd = lot.heldNanoUsd;
  }
}

/** Runs an operation and reads off what it did to the booked buckets. */
function change(
  account: AccountState,
  atMs: number,
  operate: (nowMs: number, breakage: Record<LotKind, number>) => void,
): FundsChange {
  const nowMs = account.advance(atMs);
  const before = LOT_KINDS.map((kind) => account.balance(kind));
  const overageBefore = account.period;
  const overageUsedBefore = overageBefore.overageUsedNanoUsd;
  const breakage: Record<LotKind, number> = { allowance: 0, promotional: 0, bought: 0 };
  operate(nowMs, breakage);
  account.dropEmptyLots();
  const moved = (index: number, kind: LotKind) =>
    nanoUsd(account.balance(kind) - (before[index] ?? 0));
  return Object.freeze({
    nowMs,
    seq: ++account.seq,
    allowanceNanoUsd: moved(0, 'allowance'),
    promotionalNanoUsd: moved(1, 'promotional'),
    boughtNanoUsd: moved(2, 'bought'),
    overageNanoUsd: nanoUsd(overageBefore.overageUsedNanoUsd - overageUsedBefore),
    breakage: Object.freeze({
      allowance: nanoUsd(breakage.allowance),
      promotional: nanoUsd(breakage.promotional),
      bought: nanoUsd(breakage.bought),
    }),
  });
}
