import type { Pool } from 'pg';
import { uuidOf } from '#base/id.ts';
import { nanoUsd, type NanoUsd } from '#base/money.ts';
import { withStore } from '#db/pool.ts';
import type { AccountRef } from './account-change.ts';
import { heldRequests } from './held-requests.ts';

/** How an account stands, for people: balances and what is held now. */
export interface AccountSummary {
  readonly seq: number;
  readonly allowanceNanoUsd: NanoUsd;
  readonly promotionalNanoUsd: NanoUsd;
  readonly boughtNanoUsd: NanoUsd;
  readonly heldNanoUsd: NanoUsd;
  readonly openHolds: number;
}

interface SummaryRow {
  seq: number;
  allowance: number;
  promotional: number;
  bought: number;
  held: number;
  holds: Buffer;
  hold_notes: Buffer;
}

/** @returns `undefined` where the customer has no account. @throws DomainError `store_unavailable` */
export function readAccount(pool: Pool, account: AccountRef): Promise<AccountSummary | undefined> {
  return withStore(async () => {
    const { rows } = await pool.query<SummaryRow>(
      'SELECT seq, allowance, promotional, bought, held, holds, hold_notes FROM account WHERE book = $1 AND customer = $2',
      [account.book, uuidOf(account.customerId)],
    );
    const [row] = rows;
    return (
      row && {
        seq: row.seq,
        allowanceNanoUsd: nanoUsd(row.allowance),
        promotionalNanoUsd: nanoUsd(row.promotional),
        boughtNanoUsd: nanoUsd(row.bought),
        heldNanoUsd: nanoUsd(row.held),
        openHolds: heldRequests(row).length,
      }
    );
  });
}
