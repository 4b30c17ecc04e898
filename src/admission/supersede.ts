import { nanoUsd } from '#base/money.ts';
import { idFromUuid } from '#base/id.ts';
import { addUsage, inputTokens, NO_USAGE, outputTokens } from '#metering/usage.ts';
import { refund } from '#plans/funding.ts';
import type { AccountRecord } from './account-record.ts';
import type { AttemptUsage, Measurement, Settled } from './admission.ts';
import type { Batch, BookedEvent } from './batch.ts';
import type { AdmissionContext } from './context.ts';
import type { Operation } from './operation.ts';
import { decodePayments, encodePayments, type Payment, takeBack } from './payment-record.ts';
import { chargePostings, costPostings, ledgerNames, reversed } from './postings.ts';
import { decodeAttempts, encodeAttempts } from './record-bytes.ts';
import { utcDay } from '#base/utc-day.ts';
import { uuidText } from './uuid-text.ts';

/** What replaces an estimate. */
export interface Replacement {
  readonly context: AdmissionContext;
  readonly record: AccountRecord;
  readonly event: BookedEvent;
  readonly requestUuid: string;
  readonly measurement: Measurement;
  readonly attempts: readonly AttemptUsage[];
  readonly nowMs: number;
}

/**
 * Replaces an estimate by the measurement that came late, once: the estimated cost is reversed and
 * the measured one booked, on the same event. The customer's charge can only fall by it: what an
 * estimate left uncharged nobody is asked for afterwards. Counts of gates stay.
 * @returns `undefined` where the operation waits for numbers of ledger accounts
 */
export function supersede(
  batch: Batch,
  operation: Operation,
  replacement: Replacement,
): Settled | undefined {
  const { context, record, event, requestUuid, measurement, attempts, nowMs } = replacement;
  const plan = idFromUuid('planVersion', event.plan_version);
  const before = decodeAttempts(event.attempts);
  const accounts = context.accountsOf(
    ledgerNames(plan, [...before, ...attempts]),
    batch,
    operation,
  );
  if (accounts === undefined) return undefined;
  const attemptAccounts = [0, 0, ...accounts.slice(2 + 2 * before.length)];
  const { state } = record;
  const paid = decodePayments(event.payments);
  const charge = event.charge === 0 ? 0 : Math.min(event.charge, measurement.actual.chargeNanoUsd);
  const { back, kept } = takeBack(paid, event.charge - charge);
  batch.touch(operation);
  let atMs = state.advance(nowMs);
  let seq = 0;
  for (const { payer, amountNanoUsd, expiresAtMs } of back) {
    const change = refund(state, {
      atMs: nowMs,
      payer,
      amountNanoUsd: nanoUsd(amountNanoUsd),
      expiresAtMs,
      admittedAtMs: event.admitted_ms,
    });
    record.overageOwedNanoUsd += change.overageNanoUsd;
    // One operation, one number, however many buckets it gives back to.
    if (seq > 0) state.seq -= 1;
    seq = state.seq;
    atMs = change.nowMs;
  }
  if (seq === 0) seq = record.nextSeq();
  const cost = nanoUsd(attempts.reduce((sum, attempt) => sum + attempt.costNanoUsd, 0));
  const returned = partsOf(back);
  batch.writes.transfers(record, { seq, atMs, event: requestUuid }, [
    ...reversed(costPostings(before, accounts)),
    ...costPostings(attempts, attemptAccounts),
    ...reversed(chargePostings(returned, accounts)),
  ]);
  write(batch, operation, { ...replacement, seq, atMs, cost, charge, kept });
  return {
    chargeNanoUsd: nanoUsd(charge),
    costNanoUsd: cost,
    overrunNanoUsd: nanoUsd(event.overrun),
    remainingNanoUsd: nanoUsd(state.availableNanoUsd(atMs)),
    repeated: false,
  };
}

function write(
  batch: Batch,
  operation: Operation,
  booked: Replacement & {
    seq: number;
    atMs: number;
    cost: number;
    charge: number;
    kept: readonly Payment[];
  },
): void {
  const { record, event, requestUuid, measurement, attempts, seq, atMs, cost, charge, kept } =
    booked;
  const { book, customer } = operation;
  const paid = partsOf(kept);
  const usage = attempts.reduce((sum, attempt) => addUsage(sum, attempt.usage), NO_USAGE);
  const last = attempts.at(-1);
  const model = last?.model ?? event.model;
  const tokensIn = inputTokens(usage);
  const tokensOut = outputTokens(usage);
  batch.writes.measured([
    book,
    customer,
    requestUuid,
    event.day,
    model,
    last?.supplier ?? 'unknown',
    last === undefined || last.priceVersionId.length === 0 ? null : uuidText(last.priceVersionId),
    measurement.outcome,
    false,
    tokensIn,
    tokensOut,
    cost,
    measurement.actual.chargeNanoUsd,
    charge,
    paid.allowanceNanoUsd,
    paid.promotionalNanoUsd,
    paid.boughtNanoUsd,
    paid.overageNanoUsd,
    encodePayments(kept),
    encodeAttempts(attempts),
    event.cost,
    event.charge,
  ]);
  const key = { book, customer, day: event.day, planVersion: event.plan_version };
  batch.writes.usage({ ...key, model: event.model }, sumsOf(event, -1));
  batch.writes.usage(
    { ...key, model },
    {
      requests: 1,
      estimated: 0,
      tokensIn,
      tokensOut,
      cost,
      charge,
      allowance: paid.allowanceNanoUsd,
      promotional: paid.promotionalNanoUsd,
      bought: paid.boughtNanoUsd,
      overage: paid.overageNanoUsd,
      overrun: event.overrun,
    },
  );
  batch.writes.operation([
    book,
    customer,
    seq,
    utcDay(atMs),
    booked.nowMs,
    atMs,
    batch.ordinal,
    'supersede',
    requestUuid,
    record.planVersion,
    JSON.stringify({ cost, charge, estimate_cost: event.cost, estimate_charge: event.charge }),
  ]);
}

function sumsOf(event: BookedEvent, sign: 1 | -1): Parameters<Batch['writes']['usage']>[1] {
  return {
    requests: sign,
    estimated: event.estimated ? sign : 0,
    tokensIn: sign * event.tokens_in,
    tokensOut: sign * event.tokens_out,
    cost: sign * event.cost,
    charge: sign * event.charge,
    allowance: sign * event.paid_allowance,
    promotional: sign * event.paid_promotional,
    bought: sign * event.paid_bought,
    overage: sign * event.paid_overage,
    overrun: sign * event.overrun,
  };
}

function partsOf(payments: readonly Payment[]): {
  allowanceNanoUsd: number;
  promotionalNanoUsd: number;
  boughtNanoUsd: number;
  overageNanoUsd: number;
} {
  const sum = (payer: Payment['payer']): number =>
    payments.reduce(
      (total, part) => (part.payer === payer ? total + part.amountNanoUsd : total),
      0,
    );
  return {
    allowanceNanoUsd: sum('allowance'),
    promotionalNanoUsd: sum('promotional'),
    boughtNanoUsd: sum('bought'),
    overageNanoUsd: sum('overage'),
  };
}
