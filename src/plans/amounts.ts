import { assert, unreachable } from '#base/assert.ts';
import type { AccountState } from './account-state.ts';
import type { Amounts } from './decision.ts';
import type { Hold, PayingMode } from './hold.ts';
import type { GateUnit } from './plan-version.ts';

/** True where overage may pay what credits do not. */
export function mayOverage(mode: PayingMode): boolean {
  return mode === 'overage' || mode === 'metered';
}

/** What a gate counts of a request. */
export function amountOf(
  unit: GateUnit,
  amounts: Amounts,
  weightMilli: number,
  paidNanoUsd: number,
): number {
  switch (unit) {
    case 'messages':
      return weightMilli;
    case 'tokens':
      return amounts.tokens;
    case 'charge':
      return amounts.chargeNanoUsd;
    case 'cost':
      return amounts.costNanoUsd;
    case 'credits':
      return paidNanoUsd;
    default:
      return unreachable(unit);
  }
}

/** @throws Error on an amount that is no exact non-negative integer. */
export function assertAmounts(amounts: Amounts): void {
  assert(
    Number.isSafeInteger(amounts.tokens) && amounts.tokens >= 0,
    'tokens are counted in whole numbers',
  );
  assert(
    Number.isSafeInteger(amounts.costNanoUsd) && amounts.costNanoUsd >= 0,
    'a cost is exact and not negative',
  );
  assert(
    Number.isSafeInteger(amounts.chargeNanoUsd) && amounts.chargeNanoUsd >= 0,
    'a charge is exact and not negative',
  );
}

/** What the buckets must pay of a charge: nothing where it is included, and never past the fare cap. */
export function payable(account: AccountState, hold: Hold, amounts: Amounts): number {
  if (hold.mode === 'included') return 0;
  const charged = account.periodThatBegan(hold.periodStartMs)?.fareChargedNanoUsd ?? 0;
  const roomNow = Math.max(0, hold.fareCapNanoUsd - charged);
  return Math.min(amounts.chargeNanoUsd, roomNow, hold.fareRoomNanoUsd);
}
