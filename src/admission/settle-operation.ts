import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import { type NanoUsd, nanoUsd } from '#base/money.ts';
import { inputTokens, NO_USAGE, outputTokens } from '#metering/usage.ts';
import { settle, voidHold } from '#plans/kernel.ts';
import { SettleOut } from '#plans/decision-out.ts';
import type { AccountRecord, HoldNote } from './account-record.ts';
import type { AttemptUsage, HoldRef, Measurement, Settled } from './admission.ts';
import type { Batch } from './batch.ts';
import type { AdmissionContext } from './context.ts';
import { HoldOperation } from './hold-operation.ts';
import { chargePostings, costPostings, ledgerNames } from './postings.ts';
import type { Operation } from './operation.ts';
import { encodePayments, NO_PAYMENTS, paymentsOf } from './payment-record.ts';
import { encodeAttempts } from './record-bytes.ts';
import { supersede } from './supersede.ts';
import { utcDay } from '#base/utc-day.ts';
import { uuidText } from './uuid-text.ts';

/** Books what a request used and ends its hold. */
export class SettleOperation extends HoldOperation<Settled> {
  override readonly isUrgent: boolean;
  readonly #measurement: Measurement;
  readonly #atMs: number | undefined;

  constructor(
    context: AdmissionContext,
    call: {
      hold: HoldRef;
      measurement: Measurement;
      /** False where nobody waits for it. */
      isUrgent?: boolean;
      /** When it ended; absent = now. */
      atMs?: number;
      /** The operation that this one is a part of. */
      owner?: Operation;
    },
  ) {
    super(context, call.hold, call.owner);
    this.isUrgent = call.isUrgent ?? true;
    this.#measurement = call.measurement;
    this.#atMs = call.atMs;
  }

  /** What the last `apply` booked. */
  get outcome(): Settled | undefined {
    return this.result;
  }

  apply(batch: Batch): void {
    this.result = undefined;
    const record = this.record(batch);
    const hold = record.state.findHold(this.hold.requestId);
    if (hold === undefined) return this.#settleAgain(batch, record);
    const program = this.context.programOf(hold.planVersionId, batch, this.owner);
    const scopes = program && this.scopesOf(record, hold, batch);
    if (program === undefined || scopes === undefined) return;
    const attempts = attemptsOf(this.#measurement);
    const names = ledgerNames(hold.planVersionId as Id<'planVersion'>, attempts);
    const accounts = this.context.accountsOf(names, batch, this.owner);
    if (accounts === undefined) return;
    const note = record.noteOf(this.hold.requestId);
    const { actual, estimated } = this.#measurement;
    const out = new SettleOut();
    const kinds = new Map(record.state.lots.map((lot) => [lot.no, lot.kind]));
    settle(
      record.state,
      program,
      { atMs: this.#atMs ?? this.context.clock.nowMs(), requestId: this.hold.requestId, actual },
      scopes,
      out,
    );
    record.dropNote(this.hold.requestId);
    record.overageOwedNanoUsd += out.overageNanoUsd;
    batch.touch(this.owner);
    const cost = nanoUsd(attempts.reduce((sum, attempt) => sum + attempt.costNanoUsd, 0));
    const payments = encodePayments(paymentsOf(out, kinds));
    this.#write(batch, record, { note, out, attempts, cost, payments });
    const entry = { seq: out.seq, atMs: out.nowMs, event: this.requestUuid };
    const postings = [...costPostings(attempts, accounts), ...chargePostings(out, accounts)];
    batch.writes.transfers(record, entry, postings);
    this.#reportIncidents(batch, record, { note, out, cost, estimated });
    this.result = {
      chargeNanoUsd: nanoUsd(out.chargeNanoUsd),
      costNanoUsd: cost,
      overrunNanoUsd: nanoUsd(out.overrunNanoUsd),
      remainingNanoUsd: nanoUsd(out.remainingNanoUsd),
      repeated: false,
    };
  }

  /** The hold has ended: this measurement was booked already, or an estimate stands in its place. */
  #settleAgain(batch: Batch, record: AccountRecord): void {
    const event = this.endedBefore(batch);
    if (event === undefined) return;
    if (event.outcome === 'voided') {
      throw new DomainError('conflict', `The hold of ${this.hold.requestId} was released unused.`);
    }
    const nowMs = this.#atMs ?? this.context.clock.nowMs();
    const replaceable =
      event.estimated && event.estimate_cost === null && !this.#measurement.estimated;
    if (!replaceable) {
      this.result = {
        chargeNanoUsd: nanoUsd(event.charge),
        costNanoUsd: nanoUsd(event.cost),
        overrunNanoUsd: nanoUsd(event.overrun),
        remainingNanoUsd: nanoUsd(record.state.availableNanoUsd(record.state.advance(nowMs))),
        repeated: true,
      };
      return;
    }
    this.result = supersede(batch, this.owner, {
      context: this.context,
      record,
      event,
      requestUuid: this.requestUuid,
      measurement: this.#measurement,
      attempts: attemptsOf(this.#measurement),
      nowMs,
    });
  }

  #write(
    batch: Batch,
    record: AccountRecord,
    booked: {
      note: HoldNote;
      out: SettleOut;
      attempts: readonly AttemptUsage[];
      cost: NanoUsd;
      payments: Buffer;
    },
  ): void {
    const { note, out, attempts, cost, payments } = booked;
    const { actual, estimated, outcome, upstreamMs } = this.#measurement;
    const last = attempts.at(-1);
    let tokensIn = 0;
    let tokensOut = 0;
    for (const { usage } of attempts) {
      tokensIn += inputTokens(usage);
      tokensOut += outputTokens(usage);
    }
    const planVersion = uuidText(out.planVersionId as Id<'planVersion'>);
    const day = utcDay(out.admittedAtMs);
    const model = last?.model ?? note.model;
    batch.writes.event([
      this.book,
      this.customer,
      this.requestUuid,
      day,
      note.decisionSeq,
      out.seq,
      batch.ordinal,
      out.admittedAtMs,
      out.nowMs,
      planVersion,
      out.className,
      model,
      last?.supplier ?? note.supplier,
      last === undefined ? null : priceUuid(last.priceVersionId),
      outcome,
      estimated,
      tokensIn,
      tokensOut,
      cost,
      actual.chargeNanoUsd,
      out.chargeNanoUsd,
      out.allowanceNanoUsd,
      out.promotionalNanoUsd,
      out.boughtNanoUsd,
      out.overageNanoUsd,
      out.overrunNanoUsd,
      Math.round(upstreamMs),
      null,
      payments,
      encodeAttempts(attempts),
    ]);
    batch.writes.usage(
      { book: this.book, customer: this.customer, day, planVersion, model },
      {
        requests: 1,
        estimated: estimated ? 1 : 0,
        tokensIn,
        tokensOut,
        cost,
        charge: out.chargeNanoUsd,
        allowance: out.allowanceNanoUsd,
        promotional: out.promotionalNanoUsd,
        bought: out.boughtNanoUsd,
        overage: out.overageNanoUsd,
        overrun: out.overrunNanoUsd,
      },
    );
  }

  #reportIncidents(
    batch: Batch,
    record: AccountRecord,
    booked: { note: HoldNote; out: SettleOut; cost: number; estimated: boolean },
  ): void {
    const { note, out, cost, estimated } = booked;
    const { actual } = this.#measurement;
    const report = (kind: string, facts: Record<string, unknown>): void =>
      batch.writes.incident(record, { request: this.requestUuid, atMs: out.nowMs, kind, facts });
    if (out.overrunNanoUsd > 0 || out.gateOverruns > 0 || cost > note.costNanoUsd) {
      report('overrun', {
        charge_over: out.overrunNanoUsd,
        gates_over: out.gateOverruns,
        cost_over: Math.max(0, cost - note.costNanoUsd),
      });
    }
    if (cost !== actual.costNanoUsd)
      report('cost_mismatch', { attempts: cost, actual: actual.costNanoUsd });
    if (estimated) report('estimate', { outcome: this.#measurement.outcome, cost });
  }
}

/** Ends a hold of which nothing was consumed; the event says so. */
export class VoidOperation extends HoldOperation<true> {
  readonly #reason: string;

  constructor(context: AdmissionContext, hold: HoldRef, reason: string) {
    super(context, hold);
    this.#reason = reason;
  }

  apply(batch: Batch): void {
    const record = this.record(batch);
    const hold = record.state.findHold(this.hold.requestId);
    if (hold === undefined) return this.endedElsewhere(batch);
    const program = this.context.programOf(hold.planVersionId, batch, this.owner);
    const scopes = program && this.scopesOf(record, hold, batch);
    if (program === undefined || scopes === undefined) return;
    const note = record.noteOf(this.hold.requestId);
    const out = new SettleOut();
    voidHold(
      record.state,
      program,
      { atMs: this.context.clock.nowMs(), requestId: this.hold.requestId },
      scopes,
      out,
    );
    record.dropNote(this.hold.requestId);
    batch.touch(this.owner);
    batch.writes.event([
      this.book,
      this.customer,
      this.requestUuid,
      utcDay(out.admittedAtMs),
      note.decisionSeq,
      out.seq,
      batch.ordinal,
      out.admittedAtMs,
      out.nowMs,
      uuidText(out.planVersionId as Id<'planVersion'>),
      out.className,
      note.model,
      note.supplier,
      null,
      'voided',
      false,
      ...Array.from({ length: 10 }, () => 0),
      0,
      this.#reason,
      NO_PAYMENTS,
      encodeAttempts([]),
    ]);
    this.result = true;
  }

  /** Voided before: nothing to do. Settled before: it was used, and saying otherwise is an error. */
  protected endedElsewhere(batch: Batch): void {
    const event = this.endedBefore(batch);
    if (event === undefined) return;
    if (event.outcome !== 'voided') {
      throw new DomainError('conflict', `Request ${this.hold.requestId} was settled already.`);
    }
    this.result = true;
  }
}

/**
 * Releases a hold that may have been made although its caller was told that the store is out of
 * reach. Does nothing where there is none.
 */
export class ReleaseOperation extends VoidOperation {
  constructor(context: AdmissionContext, hold: HoldRef) {
    super(context, hold, 'unanswered');
  }

  override apply(batch: Batch): void {
    if (batch.record(this) === undefined) this.result = true;
    else super.apply(batch);
  }

  protected override endedElsewhere(): void {
    this.result = true;
  }
}

/** The attempts that are booked: a cost without any attempt is booked all the same. */
function attemptsOf({ attempts, actual }: Measurement): readonly AttemptUsage[] {
  if (attempts.length > 0 || actual.costNanoUsd === 0) return attempts;
  return [
    {
      supplier: 'unknown',
      model: 'unknown',
      serviceTier: 'standard',
      usage: NO_USAGE,
      costNanoUsd: actual.costNanoUsd,
      priceVersionId: '' as Id<'priceVersion'>,
    },
  ];
}

export function priceUuid(id: string): string | null {
  return id === '' ? null : uuidText(id as Id<'priceVersion'>);
}
