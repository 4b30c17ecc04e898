import { uuidOf } from '#base/id.ts';
import type { HeldRequest } from '#ledger/audit.ts';
import { holdsOf } from './account-record.ts';

/** Tells the audit what an account's row holds. */
export function heldRequests(columns: {
  holds: Buffer;
  hold_notes: Buffer;
}): readonly HeldRequest[] {
  return holdsOf(columns).map(({ requestId, heldNanoUsd }) => ({
    request: uuidOf(requestId),
    amount: heldNanoUsd,
  }));
}
