import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { uuidOf } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { UNBOUNDED } from '#plans/account-state.ts';
import { HOME, type PlanProgram } from '#plans/compile.ts';
import type { DecisionRequest } from '#plans/decision.ts';
import { availableClasses, DecisionOut, gateStanding, gateStandings } from '#plans/decision-out.ts';
import { decide, scopesOf } from '#plans/kernel.ts';
import type { AccountRecord } from './account-record.ts';
import type { Admitted, DecisionEvidence, Refused, Subject } from './admission.ts';
import type { Batch } from './batch.ts';
import type { AdmissionContext } from './context.ts';
import type { Operation } from './operation.ts';
import { PendingOperation } from './pending-operation.ts';
import { encodeCandidates, encodeHoldVector } from './record-bytes.ts';
import { ReleaseOperation } from './settle-operation.ts';
import { utcDay } from '#base/utc-day.ts';
import { uuidText } from './uuid-text.ts';

const NO_HOLD = Buffer.alloc(0);
const MODEL_CHARACTERS_MAX = 200;

/** Decides a request and records the decision, with its hold or its refusal. */
export class AdmitOperation extends PendingOperation<Admitted | Refused> {
  readonly lasting = false;
  readonly #context: AdmissionContext;
  readonly #subject: Subject;
  readonly #request: DecisionRequest;
  readonly #evidence: DecisionEvidence;
  readonly #requestUuid: string;
  readonly #owner: Operation;

  constructor(
    context: AdmissionContext,
    call: {
      subject: Subject;
      request: DecisionRequest;
      evidence: DecisionEvidence;
      /** The operation that this one is a part of. */
      owner?: Operation;
    },
  ) {
    super(call.subject);
    this.#context = context;
    this.#subject = call.subject;
    this.#request = call.request;
    this.#evidence = call.evidence;
    this.#requestUuid = uuidOf(call.request.requestId);
    this.#owner = call.owner ?? this;
  }

  apply(batch: Batch): void {
    this.result = undefined;
    const record = batch.record(this.#owner);
    if (record === undefined) {
      throw new DomainError('no_subscription', 'This customer has no account in this book.');
    }
    const program = this.#context.programOf(record.state.planVersionId, batch, this.#owner);
    if (program === undefined || !this.#hasScopes(record, program, batch)) return;
    if (record.state.findHold(this.#request.requestId) !== undefined) {
      throw new DomainError('conflict', 'This request was admitted before.');
    }
    const scopes = {
      member: record.scope(this.#memberUuid()),
      key: record.scope(this.#keyUuid()),
      shared: batch.shared(this.book),
    };
    const out = new DecisionOut();
    decide(record.state, program, this.#request, scopes, out);
    if (out.verdict === 'needsSlice') {
      const gate = program.gates[out.sliceGate];
      assert(gate !== undefined, 'a slice belongs to a gate');
      batch.postpone(this.#owner, () =>
        this.#context.gates.lease(this.book, { gate, amount: out.sliceAmount, atMs: out.nowMs }),
      );
      return;
    }
    batch.touch(this.#owner);
    if (out.verdict === 'admitted') this.#note(record, out, batch);
    this.#record(batch, record, program, out);
    this.result =
      out.verdict === 'admitted' ? this.#admitted(program, out) : this.#refused(program, out);
  }

  /** What the last `apply` decided. */
  get outcome(): Admitted | Refused | undefined {
    return this.result;
  }

  override compensation(): Operation {
    return new ReleaseOperation(this.#context, {
      book: this.book,
      customerId: this.#subject.customerId,
      requestId: this.#request.requestId,
      admittedAtMs: this.#request.atMs,
    });
  }

  /** False where counters have yet to be read: the operation then waits for the next batch. */
  #hasScopes(record: AccountRecord, program: PlanProgram, batch: Batch): boolean {
    const needed = scopesOf(program, this.#request);
    const scopes = [
      ...(needed.member ? [this.#memberUuid()] : []),
      ...(needed.key ? [this.#keyUuid()] : []),
    ];
    if (scopes.every((scope) => record.scope(scope) !== undefined)) return true;
    this.#owner.scopes = scopes;
    batch.postpone(this.#owner);
    return false;
  }

  #memberUuid(): string {
    return this.#request.memberId === undefined ? '' : uuidText(this.#request.memberId);
  }

  #keyUuid(): string {
    return this.#request.keyId === undefined ? '' : uuidText(this.#request.keyId);
  }

  /** What settling and the reaper must know of the hold. */
  #note(record: AccountRecord, out: DecisionOut, batch: Batch): void {
    const candidate = this.#request.candidates[out.candidate];
    assert(candidate !== undefined, 'an admitted candidate exists');
    const route = this.#evidence.routes?.[out.candidate];
    record.putNote({
      requestId: this.#request.requestId,
      process: this.#context.process(),
      decisionSeq: out.seq,
      supplier: route?.supplier ?? 'unknown',
      model: route?.model ?? this.#evidence.modelAsked.slice(0, MODEL_CHARACTERS_MAX),
      priceVersionId: this.#evidence.priceVersionIds[out.candidate] ?? '',
      tokens: candidate.quote.tokens,
      costNanoUsd: candidate.quote.costNanoUsd,
      chargeNanoUsd: candidate.quote.chargeNanoUsd,
    });
    for (const scope of this.#scopesHeld(record)) batch.touchScope(this.#owner, scope);
  }

  #scopesHeld(record: AccountRecord): readonly string[] {
    const hold = record.state.findHold(this.#request.requestId);
    const homes = new Set(hold?.gates.slice(0, hold.gateCount).map(({ home }) => home));
    return [
      ...(homes.has(HOME.member) ? [this.#memberUuid()] : []),
      ...(homes.has(HOME.key) ? [this.#keyUuid()] : []),
    ];
  }

  #record(batch: Batch, record: AccountRecord, program: PlanProgram, out: DecisionOut): void {
    const request = this.#request;
    const evidence = this.#evidence;
    const admitted = out.verdict === 'admitted';
    const { weighing } = out;
    batch.writes.decision([
      this.book,
      this.customer,
      out.seq,
      utcDay(out.nowMs),
      this.#requestUuid,
      request.atMs,
      out.nowMs,
      record.state.periodStartMs,
      this.#context.process(),
      batch.ordinal,
      record.terms.subscription,
      record.planVersion,
      request.memberId === undefined ? null : uuidText(request.memberId),
      request.keyId === undefined ? null : uuidText(request.keyId),
      request.keyCapNanoUsd ?? null,
      evidence.surface,
      evidence.streamed,
      evidence.modelAsked.slice(0, MODEL_CHARACTERS_MAX),
      evidence.inputTokensEstimate,
      evidence.outputTokensAsked ?? null,
      evidence.outputTokensSent ?? null,
      request.candidates[0]?.className ?? '',
      admitted ? (program.classNames[out.classIndex] ?? '') : null,
      admitted ? null : out.reason,
      program.gates[out.gate]?.name ?? null,
      out.fallback,
      out.slow,
      encodeCandidates(request.candidates, evidence.priceVersionIds),
      admitted
        ? encodeHoldVector(weighing.amounts, program.gates.length, weighing.payments)
        : NO_HOLD,
    ]);
  }

  #admitted(program: PlanProgram, out: DecisionOut): Admitted {
    const gate = program.gates[out.gate];
    return {
      verdict: 'admitted',
      hold: {
        book: this.book,
        customerId: this.#subject.customerId,
        requestId: this.#request.requestId,
        admittedAtMs: out.nowMs,
      },
      className: program.classNames[out.classIndex] ?? '',
      candidate: out.candidate,
      slow: out.slow,
      ...(gate === undefined ? {} : { becauseOfGate: gate.name }),
      heldChargeNanoUsd: nanoUsd(out.heldChargeNanoUsd),
      heldCreditsNanoUsd: nanoUsd(out.weighing.payments.ofCreditsNanoUsd),
      mode: out.mode,
      hasFareCap: program.metered && program.fareCapNanoUsd < UNBOUNDED,
      gates: gateStandings(program, out),
      remainingNanoUsd: nanoUsd(out.remainingNanoUsd),
    };
  }

  #refused(program: PlanProgram, out: DecisionOut): Refused {
    const gate = gateStanding(program, out, out.gate);
    return {
      verdict: 'refused',
      reason: out.reason,
      ...(gate === undefined ? {} : { gate }),
      availableClasses: availableClasses(program, out),
      gates: gateStandings(program, out),
      remainingNanoUsd: nanoUsd(out.remainingNanoUsd),
    };
  }
}
