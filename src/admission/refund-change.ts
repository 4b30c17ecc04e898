import { DomainError } from '#base/domain-error.ts';
import { uuidOf } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import { ALLOWANCE_GRANTED } from '#ledger/ledger-account.ts';
import { type FundsChange, refund } from '#plans/funding.ts';
import type { AccountChange } from './account-change.ts';
import type { BookedEvent } from './batch.ts';
import { type ChangeEntry, movedPostings } from './change-entry.ts';
import { decodePayments, takeBack } from './payment-record.ts';
import type { Posting } from './write-set.ts';

/**
 * Gives back, last payer first, what paid for an event and was not given back before.
 * @throws DomainError `not_found`, `invalid_request` where less than that is left
 */
export function applyRefund(
  entry: ChangeEntry,
  change: Extract<AccountChange, { kind: 'refund' }>,
  event: BookedEvent | undefined,
): void {
  const { batch, record, accounts } = entry;
  if (event === undefined)
    throw new DomainError('not_found', `There is no usage event of ${change.requestId}.`);
  const payments = decodePayments(event.payments);
  const refundable = event.charge - event.refunded;
  const amount = change.amountNanoUsd ?? refundable;
  if (amount <= 0 || amount > refundable) {
    throw new DomainError(
      'invalid_request',
      `Of ${change.requestId}, ${refundable} nano-dollars can be refunded.`,
      {
        field: 'amount',
      },
    );
  }
  // What was given back before came off the end of the same list.
  const { kept } = takeBack(payments, event.refunded);
  const { back } = takeBack(kept, amount);
  const postings: Posting[] = [];
  let revenue = 0;
  let last: FundsChange | undefined;
  for (const { payer, amountNanoUsd, expiresAtMs } of back) {
    const moved = refund(record.state, {
      atMs: entry.clockMs,
      payer,
      amountNanoUsd: nanoUsd(amountNanoUsd),
      expiresAtMs,
      admittedAtMs: event.admitted_ms,
    });
    // One operation, one number: the parts of one refund share the last one.
    if (last !== undefined) record.state.seq -= 1;
    last = { ...moved, seq: record.state.seq };
    const source =
      payer === 'allowance'
        ? ALLOWANCE_GRANTED
        : payer === 'promotional'
          ? accounts.promotional
          : accounts.usage;
    if (payer === 'bought' || payer === 'overage') revenue += amountNanoUsd;
    postings.push(
      ...movedPostings('refund', moved, {
        allowance: source,
        promotional: source,
        bought: source,
        overage: source,
      }),
    );
    record.overageOwedNanoUsd += moved.overageNanoUsd;
  }
  if (last === undefined) return;
  batch.writes.refunded(entry.book, entry.customer, {
    id: uuidOf(change.requestId),
    day: event.day,
    amount,
  });
  batch.writes.revenue(
    {
      book: entry.book,
      customer: entry.customer,
      day: utcDay(last.nowMs),
      planVersion: event.plan_version,
    },
    { subscription: 0, breakage: 0, refunded: revenue },
  );
  entry.write(last, postings, uuidOf(change.requestId));
  entry.answerWith(last, amount);
}
