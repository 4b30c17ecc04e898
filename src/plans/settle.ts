import { assert } from '#base/assert.ts';
import type { Id } from '#base/id.ts';
import { type AccountState, type Lot, UNBOUNDED } from './account-state.ts';
import { amountOf, assertAmounts, mayOverage, payable } from './amounts.ts';
import type { PlanProgram } from './compile.ts';
import { adjustHeld, type Scopes } from './counters.ts';
import type { Amounts } from './decision.ts';
import type { SettleOut } from './decision-out.ts';
import type { Hold } from './hold.ts';
import { DEBT, OVERAGE, PaymentParts } from './payment-parts.ts';
import { cover, pay, setAside } from './waterfall.ts';

const extraPayments = new PaymentParts();

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
    if (out.tells) out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
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
    const amount =
      actual === undefined ? 0 : amountOf(held.unit, actual, held.amount, out.chargeNanoUsd);
    if (amount > held.amount) out.gateOverruns++;
    adjustHeld(held, amount, account, scopes, out.nowMs);
  }
  book(account, program, hold, out);
  account.closeHold(hold);
  if (out.heldChargeNanoUsd > 0 || out.chargeNanoUsd > 0) account.dropEmptyLots();
  if (out.tells) out.remainingNanoUsd = account.availableNanoUsd(out.nowMs);
}

/** Takes the charge from the held parts in the order of the waterfall, and any overrun from what is there now. */
function book(account: AccountState, program: PlanProgram, hold: Hold, out: SettleOut): void {
  if (hold.mode === 'included') return;
  const period = account.periodThatBegan(hold.periodStartMs);
  const { count, lots, amounts } = hold.payments;
  let left = out.chargeNanoUsd;
  for (let i = 0; i < count; i++) {
    const part = lots[i] ?? 0;
    const held = amounts[i] ?? 0;
    const lot = account.lot(part);
    setAside(account, part, lot, -held, period);
    if (left === 0) continue;
    const amount = Math.min(left, held);
    bookPart(part, lot, amount, out);
    pay(account, part, lot, amount, period);
    left -= amount;
  }
  assert(account.heldNanoUsd >= 0, 'no account holds less than nothing');
  out.overrunNanoUsd = left;
  if (left > 0) bookOverrun(account, program, hold, left, out);
  if (period !== undefined && hold.mode === 'metered')
    period.fareChargedNanoUsd += out.chargeNanoUsd;
}

function bookOverrun(
  account: AccountState,
  program: PlanProgram,
  hold: Hold,
  extra: number,
  out: SettleOut,
): void {
  const period = account.periodThatBegan(hold.periodStartMs);
  const terms = { program, overageAllowed: mayOverage(hold.mode), period };
  extraPayments.clear();
  const uncovered = cover(account, extra, terms, out.nowMs, extraPayments);
  if (uncovered > 0) extraPayments.add(DEBT, uncovered);
  for (let i = 0; i < extraPayments.count; i++) {
    const part = extraPayments.lots[i] ?? 0;
    const amount = extraPayments.amounts[i] ?? 0;
    const lot = account.lot(part);
    bookPart(part, lot, amount, out);
    pay(account, part, lot, amount, period);
  }
}

function bookPart(part: number, lot: Lot | undefined, amount: number, out: SettleOut): void {
  out.payments.add(part, amount);
  out.lotExpiriesMs[out.payments.count - 1] = lot?.expiresAtMs ?? UNBOUNDED;
  if (part === OVERAGE) out.overageNanoUsd += amount;
  else if (lot?.kind === 'allowance') out.allowanceNanoUsd += amount;
  else if (lot?.kind === 'promotional') out.promotionalNanoUsd += amount;
  else out.boughtNanoUsd += amount;
}
