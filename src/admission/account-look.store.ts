import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, uuidOf } from '#base/id.ts';
import { nanoUsd, type NanoUsd } from '#base/money.ts';
import { withStore } from '#db/pool.ts';
import { changePlan } from '#plans/funding.ts';
import { type AccountColumns, holdsOf, type OpenHold, recordOf } from './account-record.ts';
import { accrue, priceOfRest } from './accrual.ts';
import type { PlanSource } from './plan-source.ts';

/** What a change of plan would do to an account now. Nothing is written. */
export interface PlanChangeEffect {
  readonly fromVersion: Id<'planVersion'>;
  readonly periodEndMs: number;
  /** The old price's rest that is not earned, and is given back. */
  readonly unearnedNanoUsd: NanoUsd;
  /** The new price for the rest of the period. */
  readonly restNanoUsd: NanoUsd;
  readonly allowanceNowNanoUsd: NanoUsd;
  readonly allowanceAfterNanoUsd: NanoUsd;
}

/**
 * Tries a change on a copy of the account, with the kernel that would make it.
 * @throws DomainError `no_subscription`, `store_unavailable`
 */
export async function previewPlanChange(
  pool: Pool,
  plans: PlanSource,
  change: {
    readonly book: Book;
    readonly customerId: Id<'customer'>;
    readonly planVersionId: Id<'planVersion'>;
    readonly priceNanoUsd: NanoUsd;
    readonly nowMs: number;
  },
): Promise<PlanChangeEffect> {
  const { rows } = await withStore(() =>
    pool.query<AccountColumns>('SELECT * FROM account WHERE book = $1 AND customer = $2', [
      change.book,
      uuidOf(change.customerId),
    ]),
  );
  const [row] = rows;
  if (!row) throw new DomainError('no_subscription', 'This account has no plan in force.');
  const { state, terms } = recordOf(row);
  const fromVersion = state.planVersionId as Id<'planVersion'>;
  await plans.load(fromVersion);
  await plans.load(change.planVersionId);
  const [old, next] = [plans.planOf(fromVersion), plans.planOf(change.planVersionId)];
  if (!old || !next) throw new DomainError('not_found', 'This plan version is not known.');
  const atMs = state.advance(change.nowMs);
  const { startMs, endMs } = state.period;
  const earned = accrue(
    {
      priceNanoUsd: terms.priceNanoUsd,
      accruedNanoUsd: terms.accruedNanoUsd,
      fromMs: terms.accrualFromMs,
      endMs,
      accruedToMs: terms.accruedToMs,
    },
    atMs,
  ).reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0);
  const allowanceNow = state.balance('allowance');
  changePlan(state, old, next, atMs);
  return {
    fromVersion,
    periodEndMs: endMs,
    unearnedNanoUsd: nanoUsd(terms.priceNanoUsd - terms.accruedNanoUsd - earned),
    restNanoUsd: priceOfRest(change.priceNanoUsd, {
      restMs: endMs - atMs,
      wholeMs: endMs - startMs,
    }),
    allowanceNowNanoUsd: nanoUsd(allowanceNow),
    allowanceAfterNanoUsd: nanoUsd(state.balance('allowance')),
  };
}

/** The open holds of one account. */
export async function readOpenHolds(
  pool: Pool,
  who: { readonly book: Book; readonly customerId: Id<'customer'> },
): Promise<readonly OpenHold[]> {
  const { rows } = await withStore(() =>
    pool.query<{ holds: Buffer; hold_notes: Buffer }>(
      'SELECT holds, hold_notes FROM account WHERE book = $1 AND customer = $2',
      [who.book, uuidOf(who.customerId)],
    ),
  );
  return rows[0] ? holdsOf(rows[0]) : [];
}

/** What of a request's charge can still be given back, and when it was admitted. */
export async function readRefundable(
  pool: Pool,
  who: {
    readonly book: Book;
    readonly customerId: Id<'customer'>;
    readonly requestId: Id<'request'>;
  },
): Promise<{ readonly admittedAtMs: number; readonly refundableNanoUsd: NanoUsd } | undefined> {
  const { rows } = await withStore(() =>
    pool.query<{ admitted_ms: number; charge: number; refunded: number }>(
      'SELECT admitted_ms, charge, refunded FROM usage_event WHERE book = $1 AND customer = $2 AND id = $3',
      [who.book, uuidOf(who.customerId), uuidOf(who.requestId)],
    ),
  );
  const [row] = rows;
  return (
    row && { admittedAtMs: row.admitted_ms, refundableNanoUsd: nanoUsd(row.charge - row.refunded) }
  );
}
