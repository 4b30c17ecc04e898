import { DomainError } from '#base/domain-error.ts';
import { type Id, uuidOf } from '#base/id.ts';
import type { Hold } from '#plans/hold.ts';
import { HOME } from '#plans/compile.ts';
import type { Scopes } from '#plans/kernel.ts';
import type { AccountRecord } from './account-record.ts';
import type { HoldRef } from './admission.ts';
import type { Batch, BookedEvent } from './batch.ts';
import type { AdmissionContext } from './context.ts';
import type { Operation } from './operation.ts';
import { PendingOperation } from './pending-operation.ts';
import { utcDay } from '#base/utc-day.ts';
import { uuidText } from './uuid-text.ts';

/** An operation on one hold that exists, or has ended before. */
export abstract class HoldOperation<Result> extends PendingOperation<Result> {
  readonly lasting: boolean = true;
  protected readonly context: AdmissionContext;
  protected readonly hold: HoldRef;
  protected readonly requestUuid: string;
  protected readonly owner: Operation;

  /** @param owner the operation that this one is a part of, if any */
  constructor(context: AdmissionContext, hold: HoldRef, owner?: Operation) {
    super(hold);
    this.context = context;
    this.hold = hold;
    this.requestUuid = uuidOf(hold.requestId);
    this.owner = owner ?? this;
  }

  protected record(batch: Batch): AccountRecord {
    const record = batch.record(this.owner);
    if (record === undefined)
      throw new DomainError('not_found', `There is no account of ${this.hold.customerId}.`);
    return record;
  }

  /** The counters that a hold stands in; `undefined` where they have yet to be read. */
  protected scopesOf(record: AccountRecord, hold: Hold, batch: Batch): Scopes | undefined {
    const homes = hold.gates.slice(0, hold.gateCount).map(({ home }) => home);
    const member = homes.includes(HOME.member)
      ? uuidText(hold.memberId as Id<'member'>)
      : undefined;
    const key = homes.includes(HOME.key) ? uuidText(hold.keyId as Id<'apiKey'>) : undefined;
    const needed = [member, key].filter((scope) => scope !== undefined);
    if (!needed.every((scope) => record.scope(scope) !== undefined)) {
      this.owner.scopes = needed;
      batch.postpone(this.owner);
      return undefined;
    }
    for (const scope of needed) batch.touchScope(this.owner, scope);
    return {
      member: member === undefined ? undefined : record.scope(member),
      key: key === undefined ? undefined : record.scope(key),
      shared: batch.shared(this.book),
    };
  }

  /** The event that ended the hold before; reads it first if need be (`undefined`: wait for it). */
  protected endedBefore(batch: Batch): BookedEvent | undefined {
    if (this.lookUp === undefined) {
      this.lookUp = { id: this.requestUuid, day: utcDay(this.hold.admittedAtMs) };
      batch.postpone(this.owner);
      return undefined;
    }
    const event = batch.bookedEvent(this);
    if (event !== undefined) return event;
    throw new DomainError('not_found', `Request ${this.hold.requestId} has no hold and no event.`);
  }
}
