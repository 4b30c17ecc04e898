import { GATE_UNITS, UNIT_CODE, type UnitCode } from './plan-version.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { type CounterHome, HOME } from './compile.ts';
import { PaymentParts } from './payment-parts.ts';

/** How a request is paid: by the plan, or through the waterfall as far as overage or not. */
export const PAYING_MODES = ['included', 'credits', 'overage', 'metered'] as const;
export type PayingMode = (typeof PAYING_MODES)[number];

/** What a hold took of one gate, with all that is needed to end it after the plan has changed. */
export interface HeldGate {
  key: number;
  home: CounterHome;
  unit: UnitCode;
  amount: number;
  limit: number;
  /** Where the window put it. */
  stamp: number;
}

/**
 * An open hold: a vector of one amount per gate and payer. Begins with `decide`, may grow by
 * `extend`, ends exactly once with `settle` or `voidHold`. It carries the terms it was admitted under.
 */
export class Hold {
  requestId = '';
  /** Empty where there is none. */
  memberId = '';
  keyId = '';
  className = '';
  planVersionId = '';
  admittedAtMs = 0;
  periodStartMs = 0;
  mode: PayingMode = 'included';
  /** The fare cap it was admitted under, and how much room was left below it. */
  fareCapNanoUsd = Number.MAX_SAFE_INTEGER;
  fareRoomNanoUsd = Number.MAX_SAFE_INTEGER;
  gateCount = 0;
  readonly gates: HeldGate[] = [];
  readonly payments = new PaymentParts();

  clear(): void {
    this.gateCount = 0;
    this.payments.clear();
  }

  /** The next slot of the gate vector, reused where there was one. */
  nextGate(): HeldGate {
    const index = this.gateCount++;
    return (this.gates[index] ??= {
      key: 0,
      home: HOME.account,
      unit: UNIT_CODE.messages,
      amount: 0,
      limit: 0,
      stamp: 0,
    });
  }

  copyFrom(other: Hold): void {
    this.requestId = other.requestId;
    this.memberId = other.memberId;
    this.keyId = other.keyId;
    this.className = other.className;
    this.planVersionId = other.planVersionId;
    this.admittedAtMs = other.admittedAtMs;
    this.periodStartMs = other.periodStartMs;
    this.mode = other.mode;
    this.fareCapNanoUsd = other.fareCapNanoUsd;
    this.fareRoomNanoUsd = other.fareRoomNanoUsd;
    this.gateCount = 0;
    for (let i = 0; i < other.gateCount; i++) {
      const theirs = other.gates[i];
      if (theirs === undefined) continue;
      const mine = this.nextGate();
      mine.key = theirs.key;
      mine.home = theirs.home;
      mine.unit = theirs.unit;
      mine.amount = theirs.amount;
      mine.limit = theirs.limit;
      mine.stamp = theirs.stamp;
    }
    this.payments.copyFrom(other.payments);
  }

  write(writer: ByteWriter): void {
    writer.text(this.requestId);
    writer.text(this.memberId);
    writer.text(this.keyId);
    writer.text(this.className);
    writer.text(this.planVersionId);
    writer.varint(this.admittedAtMs);
    writer.varint(this.periodStartMs);
    writer.varint(PAYING_MODES.indexOf(this.mode));
    if (this.mode === 'metered') {
      writer.varint(this.fareCapNanoUsd);
      writer.varint(this.fareRoomNanoUsd);
    }
    writer.varint(this.gateCount);
    for (let i = 0; i < this.gateCount; i++) {
      const gate = this.gates[i];
      if (gate === undefined) continue;
      writer.varint(gate.key);
      writer.varint(gate.home * GATE_UNITS.length + gate.unit);
      writer.varint(gate.amount);
      writer.varint(gate.limit);
      writer.varint(gate.stamp);
    }
    writer.varint(this.payments.count);
    for (let i = 0; i < this.payments.count; i++) {
      writer.varint(this.payments.lots[i] ?? 0);
      writer.varint(this.payments.amounts[i] ?? 0);
    }
  }

  read(reader: ByteReader): void {
    this.clear();
    this.requestId = reader.text();
    this.memberId = reader.text();
    this.keyId = reader.text();
    this.className = reader.text();
    this.planVersionId = reader.text();
    this.admittedAtMs = reader.varint();
    this.periodStartMs = reader.varint();
    this.mode = PAYING_MODES[reader.varint()] ?? 'included';
    const metered = this.mode === 'metered';
    this.fareCapNanoUsd = metered ? reader.varint() : Number.MAX_SAFE_INTEGER;
    this.fareRoomNanoUsd = metered ? reader.varint() : Number.MAX_SAFE_INTEGER;
    const gateCount = reader.varint();
    for (let i = 0; i < gateCount; i++) {
      const gate = this.nextGate();
      gate.key = reader.varint();
      const kind = reader.varint();
      gate.home = Math.floor(kind / GATE_UNITS.length) as CounterHome;
      gate.unit = (kind % GATE_UNITS.length) as UnitCode;
      gate.amount = reader.varint();
      gate.limit = reader.varint();
      gate.stamp = reader.varint();
    }
    const paymentCount = reader.varint();
    for (let i = 0; i < paymentCount; i++) this.payments.add(reader.varint(), reader.varint());
  }
}
