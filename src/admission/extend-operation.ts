import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { ExtendOut } from '#plans/decision-out.ts';
import type { Amounts } from '#plans/decision.ts';
import { extend } from '#plans/kernel.ts';
import type { HoldRef } from './admission.ts';
import type { Batch } from './batch.ts';
import type { AdmissionContext } from './context.ts';
import { HoldOperation } from './hold-operation.ts';
import { utcDay } from '#base/utc-day.ts';

/**
 * Raises a hold. Not lasting: a stream that cannot have its hold raised must end, so nobody waits
 * through an outage for it; a raise that took place unanswered ends with its hold.
 */
export class ExtendOperation extends HoldOperation<boolean> {
  override readonly lasting = false;
  readonly #upTo: Amounts;

  constructor(context: AdmissionContext, hold: HoldRef, upTo: Amounts) {
    super(context, hold);
    this.#upTo = upTo;
  }

  apply(batch: Batch): void {
    const record = this.record(batch);
    const { requestId } = this.hold;
    const hold = record.state.findHold(requestId);
    if (hold === undefined)
      throw new DomainError('not_found', `Request ${requestId} has no open hold.`);
    const program = this.context.programOf(hold.planVersionId, batch, this);
    const scopes = program && this.scopesOf(record, hold, batch);
    if (program === undefined || scopes === undefined) return;
    const atMs = this.context.clock.nowMs();
    const out = new ExtendOut();
    extend(record.state, program, { atMs, requestId, upTo: this.#upTo }, scopes, out);
    if (out.verdict === 'needsSlice') {
      const gate = program.gates.find(({ key }) => key === out.gateKey);
      assert(gate !== undefined, 'a slice belongs to a gate');
      batch.postpone(this, () =>
        this.context.gates.lease(this.book, { gate, amount: out.sliceAmount, atMs: out.nowMs }),
      );
      return;
    }
    batch.touch(this);
    const extended = out.verdict === 'extended';
    if (extended) {
      const note = record.noteOf(requestId);
      record.putNote({
        ...note,
        tokens: Math.max(note.tokens, this.#upTo.tokens),
        costNanoUsd: Math.max(note.costNanoUsd, this.#upTo.costNanoUsd),
        chargeNanoUsd: Math.max(note.chargeNanoUsd, this.#upTo.chargeNanoUsd),
      });
    }
    batch.writes.operation([
      this.book,
      this.customer,
      out.seq,
      utcDay(out.nowMs),
      atMs,
      out.nowMs,
      batch.ordinal,
      'extend',
      this.requestUuid,
      record.planVersion,
      JSON.stringify({ ...this.#upTo, extended, held: out.heldChargeNanoUsd }),
    ]);
    this.result = extended;
  }
}
