import { assert } from '#base/assert.ts';
import { Hold } from './hold.ts';
import { FIRST_LOT } from './payment-parts.ts';
import type { WindowFrame } from './window-counter.ts';
import { WindowSet } from './window-set.ts';

/** Kinds of credits, in the order in which they pay. */
export const LOT_KINDS = ['allowance', 'promotional', 'bought'] as const;
export type LotKind = (typeof LOT_KINDS)[number];

/** Stands for "never" and for "no cap": larger than any instant or amount, and still an exact integer. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** Credits of one kind that expire together. Two grants of one kind and expiry are one lot. */
export interface Lot {
  no: number;
  kind: LotKind;
  /** Booked; what is held of it has not left yet. */
  amountNanoUsd: number;
  heldNanoUsd: number;
  /** Pays while `now` is before it; {@link UNBOUNDED} = never expires. */
  expiresAtMs: number;
}

/** What one billing period has added up. */
export interface PeriodTotals {
  startMs: number;
  /** Exclusive. */
  endMs: number;
  overageUsedNanoUsd: number;
  overageHeldNanoUsd: number;
  /** Charged by a metered plan, for its fare cap. */
  fareChargedNanoUsd: number;
}

/**
 * All that a decision reads and writes of one customer. Mutated in place by the kernel; live traffic
 * works on a copy and drops it where the commit fails. Money is integer nano-dollars.
 */
export class AccountState implements WindowFrame {
  /** Row version, kept by admission. */
  version = 0;
  /** Number of the last recorded operation: decisions (refusals too), settlements, grants, changes. */
  seq = 0;
  /** The account's time never steps back behind this. */
  lastSeenMs = 0;
  planVersionId = '';
  /** IANA zone of the calendar windows; changes only with a period. */
  timeZone = 'UTC';
  /** The customer's own bound on a period's overage. */
  customerCapNanoUsd: number = UNBOUNDED;
  period: PeriodTotals = noPeriod();
  /** Holds that began in it may still end. */
  previousPeriod: PeriodTotals = noPeriod();
  /** Sorted as they pay: by kind, then soonest expiry. */
  readonly lots: Lot[] = [];
  nextLotNo = FIRST_LOT;
  /** Credits below zero: overdraft and overruns. Part of the `bought` bucket, paid by the next grant. */
  debtNanoUsd = 0;
  debtHeldNanoUsd = 0;
  /** Sum of all holds' payments. */
  heldNanoUsd = 0;
  /** Open ones first, then spare ones: an array that keeps its length is opened and closed without being remade. */
  readonly #holdSlots: Hold[] = [];
  #holdCount = 0;
  readonly windows = new WindowSet();

  /** Open holds, in no order. */
  get holds(): readonly Hold[] {
    return this.#holdSlots.slice(0, this.#holdCount);
  }

  get periodStartMs(): number {
    return this.period.startMs;
  }

  get periodEndMs(): number {
    return this.period.endMs;
  }

  /** Moves the account's time to an instant, never back. */
  advance(atMs: number): number {
    if (atMs > this.lastSeenMs) this.lastSeenMs = atMs;
    return this.lastSeenMs;
  }

  findHold(requestId: string): Hold | undefined {
    // From the newest: most holds end soon after they began.
    for (let i = this.#holdCount - 1; i >= 0; i--) {
      const hold = this.#holdSlots[i];
      if (hold?.requestId === requestId) return hold;
    }
    return undefined;
  }

  /** A blank hold at the end of {@link holds}. */
  openHold(): Hold {
    const at = this.#holdCount++;
    const hold = (this.#holdSlots[at] ??= new Hold());
    hold.clear();
    return hold;
  }

  /** Takes a hold out; it may be reused by the next one. */
  closeHold(hold: Hold): void {
    const at = this.#holdCount - 1;
    const last = this.#holdSlots[at];
    if (last !== hold) {
      const index = this.#holdSlots.indexOf(hold);
      assert(last !== undefined && index >= 0 && index < at, 'a hold ends exactly once');
      this.#holdSlots[index] = last;
      this.#holdSlots[at] = hold;
    }
    this.#holdCount = at;
  }

  /** Lets spare holds go: of accounts that rest in memory there are many. */
  dropSpares(): void {
    if (this.#holdSlots.length > this.#holdCount) this.#holdSlots.length = this.#holdCount;
  }

  lot(no: number): Lot | undefined {
    for (const lot of this.lots) if (lot.no === no) return lot;
    return undefined;
  }

  /** The booked balance of one bucket; `bought` is net of what it owes. */
  balance(kind: LotKind): number {
    let sum = kind === 'bought' ? -this.debtNanoUsd : 0;
    for (const lot of this.lots) if (lot.kind === kind) sum += lot.amountNanoUsd;
    return sum;
  }

  /** Credits that can pay at an instant: booked, not held, not expired, net of debt. */
  availableNanoUsd(nowMs: number): number {
    let sum = -this.debtNanoUsd - this.debtHeldNanoUsd;
    for (const lot of this.lots)
      if (nowMs < lot.expiresAtMs) sum += lot.amountNanoUsd - lot.heldNanoUsd;
    return sum;
  }

  /** Forgets lots of which nothing is left and nothing is held. */
  dropEmptyLots(): void {
    for (let i = this.lots.length - 1; i >= 0; i--) {
      const lot = this.lots[i];
      if (lot !== undefined && lot.amountNanoUsd === 0 && lot.heldNanoUsd === 0)
        this.lots.splice(i, 1);
    }
  }

  /** The totals of the period that began at `startMs`, if it is not too long ago. */
  periodThatBegan(startMs: number): PeriodTotals | undefined {
    if (startMs === this.period.startMs) return this.period;
    return startMs === this.previousPeriod.startMs ? this.previousPeriod : undefined;
  }

  copyFrom(other: AccountState): void {
    this.version = other.version;
    this.seq = other.seq;
    this.lastSeenMs = other.lastSeenMs;
    this.planVersionId = other.planVersionId;
    this.timeZone = other.timeZone;
    this.customerCapNanoUsd = other.customerCapNanoUsd;
    copyPeriod(this.period, other.period);
    copyPeriod(this.previousPeriod, other.previousPeriod);
    copyLots(this.lots, other.lots);
    this.nextLotNo = other.nextLotNo;
    this.debtNanoUsd = other.debtNanoUsd;
    this.debtHeldNanoUsd = other.debtHeldNanoUsd;
    this.heldNanoUsd = other.heldNanoUsd;
    this.#holdCount = 0;
    for (let i = 0; i < other.#holdCount; i++) {
      const theirs = other.#holdSlots[i];
      if (theirs !== undefined) this.openHold().copyFrom(theirs);
    }
    this.windows.copyFrom(other.windows);
  }

  clone(): AccountState {
    const copy = new AccountState();
    copy.copyFrom(this);
    return copy;
  }
}

/** Field by field, into the objects there are: live traffic copies an account for every request. */
function copyLots(into: Lot[], from: readonly Lot[]): void {
  if (into.length > from.length) into.length = from.length;
  for (let i = 0; i < from.length; i++) {
    const theirs = from[i];
    const mine = into[i];
    if (theirs === undefined) continue;
    if (mine === undefined) into.push({ ...theirs });
    else {
      mine.no = theirs.no;
      mine.kind = theirs.kind;
      mine.amountNanoUsd = theirs.amountNanoUsd;
      mine.heldNanoUsd = theirs.heldNanoUsd;
      mine.expiresAtMs = theirs.expiresAtMs;
    }
  }
}

function copyPeriod(into: PeriodTotals, from: PeriodTotals): void {
  into.startMs = from.startMs;
  into.endMs = from.endMs;
  into.overageUsedNanoUsd = from.overageUsedNanoUsd;
  into.overageHeldNanoUsd = from.overageHeldNanoUsd;
  into.fareChargedNanoUsd = from.fareChargedNanoUsd;
}

export function noPeriod(): PeriodTotals {
  return {
    startMs: 0,
    endMs: 0,
    overageUsedNanoUsd: 0,
    overageHeldNanoUsd: 0,
    fareChargedNanoUsd: 0,
  };
}
