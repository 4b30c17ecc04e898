import type { Id } from '#base/id.ts';
import type { AccountState } from './account-state.ts';
import { amountOf, assertAmounts, mayOverage, payable } from './amounts.ts';
import { HOME, type PlanProgram } from './compile.ts';
import { adjustHeld, heldWindow, type Scopes, sliceOf } from './counters.ts';
import type { Amounts } from './decision.ts';
import type { ExtendOut } from './decision-out.ts';
import type { Hold, HeldGate } from './hold.ts';
import { PaymentParts } from './payment-parts.ts';
import { fitInSlice } from './shared-counters.ts';
import { cover, reserve } from './waterfall.ts';

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
    if (held.home === HOME.everyone) {
      const slice = sliceOf(held.key, scopes, out.nowMs);
      if (slice === undefined || slice.stamp !== held.stamp) continue;
      const fit = fitInSlice(slice, more, held.limit, out.nowMs);
      if (fit === 'fits') continue;
      out.sliceAmount = more;
      return fit === 'full' ? 'refused' : 'needsSlice';
    }
    const window = heldWindow(held, account, scopes);
    if (window === undefined || !window.holds(held.stamp, out.nowMs)) continue;
    window.roll(out.nowMs, account);
    if (window.used + more > held.limit) return 'refused';
  }
  out.gateKey = 0;
  return 'extended';
}
