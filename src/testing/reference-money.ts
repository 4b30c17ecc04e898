import type { PlanVersion } from '#plans/plan-version.ts';
import {
  type Kind,
  KINDS,
  max,
  min,
  type Mode,
  type Part,
  type ReferenceRecord,
  sum,
  type Use,
} from './reference-record.ts';

/** The account's money: balances, who pays, and what is granted, refunded, expired and renewed. */
export class ReferenceMoney {
  readonly #record: ReferenceRecord;

  constructor(record: ReferenceRecord) {
    this.#record = record;
  }

  balance(bucket: string): bigint {
    let total = 0n;
    for (const posting of this.#record.postings)
      if (posting.bucket === bucket) total += posting.amount;
    return total;
  }

  #held(bucket: string, period?: bigint): bigint {
    let total = 0n;
    for (const use of this.#record.uses) {
      if (!use.open || (period !== undefined && use.period !== period)) continue;
      for (const part of use.parts) if (part.bucket === bucket) total += part.amount;
    }
    return total;
  }

  held(): bigint {
    return sum(
      this.#record.uses.flatMap((use) => (use.open ? use.parts.map((part) => part.amount) : [])),
    );
  }

  kindBalance(kind: Kind): bigint {
    const lots = this.#lots().filter((lot) => lot.kind === kind);
    return (
      sum(lots.map((lot) => this.balance(lot.bucket))) -
      (kind === 'bought' ? this.balance('debt') : 0n)
    );
  }

  /** Every lot there ever was, in the order of the waterfall. */
  #lots(): { bucket: string; kind: Kind; expires: bigint }[] {
    const buckets = new Set<string>();
    for (const { bucket } of this.#record.postings)
      if (bucket.startsWith('lot ')) buckets.add(bucket);
    const lots = [...buckets].map((bucket) => {
      const [, kind, expires] = bucket.split(' ');
      return { bucket, kind: kind as Kind, expires: BigInt(expires ?? 0) };
    });
    return lots.sort(
      (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.expires < b.expires ? -1 : 1),
    );
  }

  remaining(): bigint {
    const free = this.#lots()
      .filter((lot) => this.#record.now < lot.expires)
      .map((lot) => this.balance(lot.bucket) - this.#held(lot.bucket));
    return sum(free) - this.balance('debt') - this.#held('debt');
  }

  /** All or nothing; `undefined` where the buckets do not cover it. */
  waterfall(amount: bigint, mode: Mode, period: bigint, partly = false): Part[] | undefined {
    const parts: Part[] = [];
    const credit = max(0n, this.remaining() + BigInt(this.#record.plan.overdraftNanoUsd));
    let credits = min(amount, credit);
    let left = amount - credits;
    for (const lot of this.#lots()) {
      if (this.#record.now >= lot.expires) continue;
      const part = min(credits, this.balance(lot.bucket) - this.#held(lot.bucket));
      if (part > 0n) parts.push({ bucket: lot.bucket, amount: part });
      credits -= part;
    }
    if (credits > 0n) parts.push({ bucket: 'debt', amount: credits });
    if (left > 0n && (mode === 'overage' || mode === 'metered') && this.#record.isRecent(period)) {
      const cap = min(
        BigInt(this.#record.plan.overageCapNanoUsd),
        this.#record.customerCap ?? BigInt(this.#record.plan.overageCapNanoUsd),
      );
      const room = max(0n, cap - this.balance(`overage ${period}`) - this.#held('overage', period));
      const part = min(left, room);
      if (part > 0n) parts.push({ bucket: 'overage', amount: part });
      left -= part;
    }
    if (left === 0n) return parts;
    return partly ? [...parts, { bucket: 'debt', amount: left }] : undefined;
  }

  fareCharged(period: bigint): bigint {
    return this.balance(`fare ${period}`);
  }

  payable(use: Use, charge: bigint): bigint {
    if (use.mode === 'included') return 0n;
    let payable = charge;
    if (use.fareRoom !== undefined) payable = min(payable, use.fareRoom);
    const charged = this.#record.isRecent(use.period) ? this.fareCharged(use.period) : 0n;
    if (use.fareCap !== undefined) payable = min(payable, max(0n, use.fareCap - charged));
    return payable;
  }

  pay(bucket: string, amount: bigint, period: bigint): void {
    if (bucket === 'overage') this.#record.postings.push({ bucket: `overage ${period}`, amount });
    else this.#record.postings.push({ bucket, amount: bucket === 'debt' ? amount : -amount });
  }

  grant(atMs: number, kind: Kind, amount: bigint, expires: bigint): void {
    this.#record.advance(atMs);
    this.#credit(kind, amount, expires);
  }

  #credit(kind: Kind, amount: bigint, expires: bigint): void {
    const repaid = min(this.balance('debt'), amount);
    this.#record.postings.push({ bucket: 'debt', amount: -repaid });
    this.#record.postings.push({ bucket: `lot ${kind} ${expires}`, amount: amount - repaid });
  }

  refund(
    given: {
      atMs: number;
      payer: Kind | 'overage';
      amount: bigint;
      expires: bigint;
      admittedAt: bigint;
    },
    never: bigint,
  ): void {
    this.#record.advance(given.atMs);
    const period = this.#record.periodStart();
    let { amount } = given;
    if (given.admittedAt >= period) {
      this.#record.postings.push({
        bucket: `fare ${period}`,
        amount: -min(this.fareCharged(period), amount),
      });
      if (given.payer === 'overage') {
        const reversed = min(this.balance(`overage ${period}`), amount);
        this.#record.postings.push({ bucket: `overage ${period}`, amount: -reversed });
        amount -= reversed;
      }
    }
    if (given.payer !== 'overage' && this.#record.now < given.expires)
      this.#credit(given.payer, amount, given.expires);
    else this.#credit('promotional', amount, never);
  }

  setCustomerCap(atMs: number, cap: bigint | undefined): void {
    this.#record.advance(atMs);
    this.#record.customerCap = cap;
  }

  expire(atMs: number): void {
    this.#record.advance(atMs);
    for (const lot of this.#lots()) {
      if (this.#record.now < lot.expires) continue;
      this.#record.postings.push({
        bucket: lot.bucket,
        amount: this.#held(lot.bucket) - this.balance(lot.bucket),
      });
    }
  }

  renew(atMs: number, period: { start: bigint; end: bigint; zone: string }): void {
    this.#record.advance(atMs);
    const { rollover, perPeriodNanoUsd } = this.#record.plan.credits;
    const left = this.#lots()
      .filter((lot) => lot.kind === 'allowance' && this.#record.now >= lot.expires)
      .map((lot) => this.balance(lot.bucket) - this.#held(lot.bucket));
    const carried = rollover.kind === 'none' ? 0n : min(sum(left), BigInt(rollover.maxNanoUsd));
    this.expire(atMs);
    this.#record.periods.push(period);
    this.#credit('allowance', BigInt(perPeriodNanoUsd) + carried, period.end);
  }

  changePlan(atMs: number, next: PlanVersion): void {
    this.#record.advance(atMs);
    const period = this.#record.periods.at(-1);
    const difference =
      BigInt(next.credits.perPeriodNanoUsd) - BigInt(this.#record.plan.credits.perPeriodNanoUsd);
    this.#record.plan = next;
    if (period === undefined || this.#record.now >= period.end) return;
    let prorated = halfEven(
      difference * (period.end - this.#record.now),
      period.end - period.start,
    );
    if (prorated >= 0n) {
      this.#credit('allowance', prorated, period.end);
      return;
    }
    for (const lot of this.#lots()) {
      if (lot.kind !== 'allowance' || this.#record.now >= lot.expires) continue;
      const part = min(-prorated, this.balance(lot.bucket) - this.#held(lot.bucket));
      this.#record.postings.push({ bucket: lot.bucket, amount: -part });
      prorated += part;
    }
  }
}

function halfEven(dividend: bigint, divisor: bigint): bigint {
  const sign = dividend < 0n ? -1n : 1n;
  const magnitude = dividend * sign;
  const below = magnitude / divisor;
  const twice = (magnitude % divisor) * 2n;
  return sign * (twice > divisor || (twice === divisor && below % 2n === 1n) ? below + 1n : below);
}
