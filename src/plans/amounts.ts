import { assert } from '#base/assert.ts';
import type { AccountState } from './account-state.ts';
import type { Amounts } from './decision.ts';
import type { Hold, PayingMode } from './hold.ts';
import { UNIT_CODE, type UnitCode } from './plan-version.ts';

/** True where overage may pay what credits do not. */
export function mayOverage(mode: PayingMode): boolean {
  return mode === 'overage' || mode === 'metered';
}

/** What a gate counts of a request. */
export function amountOf(
  unit: UnitCode,
  amounts: Amounts,
  weightMilli: number,
  paidNanoUsd: number,
): number {
  if (unit === UNIT_CODE.messages) return weightMilli;
  if (unit === UNIT_CODE.tokens) return amounts.tokens;
  if (unit === UNIT_CODE.cost) return amounts.costNanoUsd;
  return unit === UNIT_CODE.charge ? amounts.chargeNanoUsd : paidNanoUsd;
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
