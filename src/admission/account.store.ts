import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { nanoUsd, type NanoUsd } from '#base/money.ts';
import { withStore } from '#db/pool.ts';
import { lotsOf } from '#plans/account-row.ts';
import { UNBOUNDED } from '#plans/account-state.ts';
import type { AccountRef } from './account-change.ts';
import { type AccountColumns, type AccountRecord, recordOf } from './account-record.ts';

/** An account as people and reports see it. Counts of gates stand as they were at its last use. */
export interface AccountSummary {
  readonly planVersionId: Id<'planVersion'>;
  readonly periodStartMs: number;
  readonly periodEndMs: number;
  readonly timeZone: string;
  readonly allowanceNanoUsd: NanoUsd;
  readonly promotionalNanoUsd: NanoUsd;
  /** Below zero: what is owed. */
  readonly boughtNanoUsd: NanoUsd;
  readonly heldNanoUsd: NanoUsd;
  readonly overageUsedNanoUsd: NanoUsd;
  readonly overageOwedNanoUsd: NanoUsd;
  /** The customer's own bound on a period's overage, if there is one. */
  readonly capNanoUsd: NanoUsd | undefined;
  readonly openHolds: number;
  readonly lastSeenMs: number;
  /** Credits that can pay now. */
  readonly remainingNanoUsd: NanoUsd;
  readonly lots: readonly {
    readonly kind: string;
    readonly amountNanoUsd: NanoUsd;
    readonly expiresAtMs: number | undefined;
  }[];
}

/** @returns `undefined` where there is no such account. @throws DomainError `store_unavailable` */
export async function readAccount(
  pool: Pool,
  owner: { readonly book: Book; readonly customerId: Id<'customer'> },
): Promise<AccountSummary | undefined> {
  const { rows } = await withStore(() =>
    pool.query<AccountColumns>('SELECT * FROM account WHERE book = $1 AND customer = $2', [
      owner.book,
      uuidOf(owner.customerId),
    ]),
  );
  return rows[0] && summaryOf(recordOf(rows[0]));
}

function summaryOf({ state, overageOwedNanoUsd }: AccountRecord): AccountSummary {
  const bounded = (value: number): number | undefined => (value === UNBOUNDED ? undefined : value);
  const cap = bounded(state.customerCapNanoUsd);
  return Object.freeze({
    planVersionId: state.planVersionId as Id<'planVersion'>,
    periodStartMs: state.periodStartMs,
    periodEndMs: state.periodEndMs,
    timeZone: state.timeZone,
    allowanceNanoUsd: nanoUsd(state.balance('allowance')),
    promotionalNanoUsd: nanoUsd(state.balance('promotional')),
    boughtNanoUsd: nanoUsd(state.balance('bought')),
    heldNanoUsd: nanoUsd(state.heldNanoUsd),
    overageUsedNanoUsd: nanoUsd(state.period.overageUsedNanoUsd),
    overageOwedNanoUsd: nanoUsd(overageOwedNanoUsd),
    capNanoUsd: cap === undefined ? undefined : nanoUsd(cap),
    openHolds: state.holds.length,
    lastSeenMs: state.lastSeenMs,
    remainingNanoUsd: nanoUsd(state.availableNanoUsd(state.lastSeenMs)),
    lots: state.lots.map(({ kind, amountNanoUsd, expiresAtMs }) => ({
      kind,
      amountNanoUsd: nanoUsd(amountNanoUsd),
      expiresAtMs: bounded(expiresAtMs),
    })),
  });
}

/**
 * Accounts whose price is not earned up to an instant, the longest behind first. Never the demo's: they
 * live in simulated time and earn when their load ends. Earning moves an account's time to now, and
 * time never steps back, so that the rest of a running load would be booked today.
 */
export function accountsBehind(
  pool: Pool,
  options: { readonly beforeMs: number; readonly book?: Book; readonly limit: number },
): Promise<readonly AccountRef[]> {
  return withStore(async () => {
    const { rows } = await pool.query<{ book: Book; customer: string }>(
      `SELECT book, customer FROM account
        WHERE accrued < price AND accrued_to_ms < least($1, period_end_ms) AND book <> 'demo' AND ($2::book IS NULL OR book = $2)
        ORDER BY accrued_to_ms LIMIT $3`,
      [options.beforeMs, options.book ?? null, options.limit],
    );
    return rows.map(({ book, customer }) => ({
      book,
      customerId: idFromUuid('customer', customer),
    }));
  });
}

/** Accounts are looked through in pages, so that a pass over all of them stays small in memory. */
const EXPIRY_PAGE_ROWS = 1_000;

/**
 * Accounts with credits that expired by an instant, in pages. Not those whose period has ended: their
 * renewal expires, and carries over what the plan lets it. Never the demo's, which live in simulated
 * time. A lot may turn out to be reserved by open holds to its last: then there is nothing to take.
 */
export async function* accountsWithExpired(
  pool: Pool,
  atMs: number,
): AsyncGenerator<readonly AccountRef[]> {
  let after = { book: 'live', customer: '00000000-0000-0000-0000-000000000000' };
  for (;;) {
    const { rows } = await withStore(() =>
      pool.query<{ book: Book; customer: string; sub: Buffer }>(
        `SELECT book, customer, sub FROM account
          WHERE (book, customer) > ($1, $2) AND book <> 'demo' AND period_end_ms > $3
          ORDER BY book, customer LIMIT ${EXPIRY_PAGE_ROWS}`,
        [after.book, after.customer, atMs],
      ),
    );
    yield rows
      .filter(({ sub }) => lotsOf(sub).some((lot) => atMs >= lot.expiresAtMs))
      .map(({ book, customer }) => ({ book, customerId: idFromUuid('customer', customer) }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < EXPIRY_PAGE_ROWS) return;
    after = last;
  }
}
