import { assert } from '#base/assert.ts';
import type { AccountState, Lot, PeriodTotals } from './account-state.ts';
import type { PlanProgram } from './compile.ts';
import { DEBT, OVERAGE, type PaymentParts } from './payment-parts.ts';

/**
 * Who pays: allowance, promotional, bought (soonest expiry first within each, then below zero down to
 * the overdraft), then overage up to the smaller of the plan's and the customer's cap.
 */

export interface PayingTerms {
  readonly program: PlanProgram;
  readonly overageAllowed: boolean;
  /** Whose overage it would be; `undefined` for a period long gone. */
  readonly period: PeriodTotals | undefined;
}

/**
 * Appends to `parts` who would pay an amount now. Reserves nothing.
 * @returns what nobody covers: 0 where the amount is paid in full.
 */
export function cover(
  account: AccountState,
  amountNanoUsd: number,
  terms: PayingTerms,
  nowMs: number,
  parts: PaymentParts,
): number {
  if (amountNanoUsd === 0) return 0;
  const credit = account.availableNanoUsd(nowMs) + terms.program.overdraftNanoUsd;
  let fromCredits = Math.min(amountNanoUsd, Math.max(0, credit));
  let left = amountNanoUsd - fromCredits;
  for (const lot of account.lots) {
    if (fromCredits === 0) break;
    if (nowMs >= lot.expiresAtMs) continue;
    const amount = Math.min(fromCredits, lot.amountNanoUsd - lot.heldNanoUsd);
    if (amount > 0) parts.add(lot.no, amount);
    fromCredits -= amount;
  }
  if (fromCredits > 0) parts.add(DEBT, fromCredits);
  if (left > 0 && terms.overageAllowed && terms.period !== undefined) {
    const amount = Math.min(left, overageRoom(account, terms.program, terms.period));
    if (amount > 0) parts.add(OVERAGE, amount);
    left -= amount;
  }
  return left;
}

function overageRoom(account: AccountState, program: PlanProgram, period: PeriodTotals): number {
  const cap = Math.min(program.overageCapNanoUsd, account.customerCapNanoUsd);
  return Math.max(0, cap - period.overageUsedNanoUsd - period.overageHeldNanoUsd);
}

/** Sets `amount` aside in one part's bucket, of this lot if it is one; negative to give it back. */
export function setAside(
  account: AccountState,
  part: number,
  lot: Lot | undefined,
  amount: number,
  period: PeriodTotals | undefined,
): void {
  account.heldNanoUsd += amount;
  if (part === DEBT) account.debtHeldNanoUsd += amount;
  else if (part !== OVERAGE) {
    assert(lot !== undefined, 'a lot outlives its holds');
    lot.heldNanoUsd += amount;
    assert(lot.heldNanoUsd >= 0, 'no lot holds less than nothing');
  } else if (period !== undefined) period.overageHeldNanoUsd += amount;
}

/** Reserves what {@link cover} planned. */
export function reserve(
  account: AccountState,
  parts: PaymentParts,
  period: PeriodTotals | undefined,
): void {
  for (let i = 0; i < parts.count; i++) {
    const part = parts.lots[i] ?? 0;
    setAside(account, part, account.lot(part), parts.amounts[i] ?? 0, period);
  }
}

/** Books a payment: takes it out of its bucket, of this lot if it is one, for good. */
export function pay(
  account: AccountState,
  part: number,
  lot: Lot | undefined,
  amount: number,
  period: PeriodTotals | undefined,
): void {
  if (part === DEBT) account.debtNanoUsd += amount;
  else if (part !== OVERAGE) {
    assert(lot !== undefined && lot.amountNanoUsd >= amount, 'a lot pays no more than it has');
    lot.amountNanoUsd -= amount;
  } else if (period !== undefined) period.overageUsedNanoUsd += amount;
}
