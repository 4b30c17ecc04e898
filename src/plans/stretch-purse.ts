import { assert } from '#base/assert.ts';
import { type AccountState, type Lot, UNBOUNDED } from './account-state.ts';
import type { PlanProgram } from './compile.ts';
import { PAYER } from './stretch.ts';
import { CREDITS } from './stretch-counters.ts';

export const PAID = 0;
/** Credits, and overage where it is allowed, do not cover it. */
export const NOT_COVERED = 1;
/** Several would pay it together. */
export const SEVERAL_PAY = 2;

/** Who pays the requests of a stretch: the first in the waterfall who has anything, alone. See `cover`. */
export class StretchPurse {
  payer: number = PAYER.nobody;
  #lot: Lot | undefined;
  /** The most that the payer covers. */
  #room = 0;
  /** So long no credits expire. */
  #untilMs = -Infinity;
  #creditNanoUsd = 0;
  #overageNanoUsd = 0;
  #paidNanoUsd = 0;
  /** True where anything was held or paid since {@link clear}. */
  isUsed = false;

  clear(): void {
    this.#lot = undefined;
    this.#untilMs = -Infinity;
    this.#paidNanoUsd = 0;
    this.isUsed = false;
  }

  /** Holds one amount and pays another, which is not more, if one payer does it alone. */
  pay(
    account: AccountState,
    program: PlanProgram,
    holds: number,
    pays: number,
    mode: number,
    nowMs: number,
  ): number {
    if (holds > this.#room || nowMs >= this.#untilMs) {
      this.book(account);
      this.#find(account, program, nowMs);
    }
    const isOverage = this.payer === PAYER.overage;
    if (holds > this.#room || (isOverage && mode === CREDITS)) {
      const overage = mode === CREDITS ? 0 : Math.max(0, this.#overageNanoUsd);
      return holds > Math.max(0, this.#creditNanoUsd) + overage ? NOT_COVERED : SEVERAL_PAY;
    }
    this.#room -= pays;
    this.#creditNanoUsd -= isOverage ? 0 : pays;
    this.#overageNanoUsd -= isOverage ? pays : 0;
    this.#paidNanoUsd += pays;
    this.isUsed = true;
    return PAID;
  }

  /** Books what has been paid. @throws Error where that is not exact: a programmer's error */
  book(account: AccountState): void {
    const paid = this.#paidNanoUsd;
    if (paid === 0) return;
    assert(Number.isSafeInteger(paid) && paid > 0, 'a charge is exact and not negative');
    this.#paidNanoUsd = 0;
    if (this.#lot !== undefined) this.#lot.amountNanoUsd -= paid;
    else if (this.payer === PAYER.overage) account.period.overageUsedNanoUsd += paid;
    else account.debtNanoUsd += paid;
  }

  #find(account: AccountState, program: PlanProgram, nowMs: number): void {
    this.#untilMs = UNBOUNDED;
    let first: Lot | undefined;
    for (const lot of account.lots) {
      if (nowMs >= lot.expiresAtMs) continue;
      this.#untilMs = Math.min(this.#untilMs, lot.expiresAtMs);
      if (first === undefined && lot.amountNanoUsd > lot.heldNanoUsd) first = lot;
    }
    const { overageUsedNanoUsd, overageHeldNanoUsd } = account.period;
    const cap = Math.min(program.overageCapNanoUsd, account.customerCapNanoUsd);
    const credit = account.availableNanoUsd(nowMs) + program.overdraftNanoUsd;
    this.#overageNanoUsd = cap - overageUsedNanoUsd - overageHeldNanoUsd;
    this.#creditNanoUsd = credit;
    this.#lot = undefined;
    if (credit <= 0) {
      this.payer = PAYER.overage;
      this.#room = this.#overageNanoUsd;
    } else if (first === undefined) {
      this.payer = PAYER.bought;
      this.#room = credit;
    } else {
      this.payer = PAYER[first.kind];
      this.#lot = first;
      this.#room = Math.min(credit, first.amountNanoUsd - first.heldNanoUsd);
    }
  }
}
