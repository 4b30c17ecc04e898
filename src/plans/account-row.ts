import { assert } from '#base/assert.ts';
import { AccountState, type Lot, LOT_KINDS, type PeriodTotals } from './account-state.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { DEBT, OVERAGE } from './payment-parts.ts';

/** An account as its row stores it: what SQL audits in plain columns, the rest as bytes. */
export interface AccountRow {
  readonly version: number;
  readonly seq: number;
  readonly lastSeenMs: number;
  /** Gate windows. */
  readonly ring: Buffer;
  readonly heldNanoUsd: number;
  readonly allowanceNanoUsd: number;
  readonly promotionalNanoUsd: number;
  /** May be negative: overdraft and overruns. */
  readonly boughtNanoUsd: number;
  readonly overageUsedNanoUsd: number;
  readonly fareChargedNanoUsd: number;
  /** Open holds; empty where there is none. */
  readonly holds: Buffer;
  /** Plan version, period, time zone, caps and lots. */
  readonly sub: Buffer;
}

const FORMAT = 1;
const writer = new ByteWriter();

export function encodeAccount(state: AccountState): AccountRow {
  return {
    version: state.version,
    seq: state.seq,
    lastSeenMs: state.lastSeenMs,
    ring: encodeRing(state),
    heldNanoUsd: state.heldNanoUsd,
    allowanceNanoUsd: state.balance('allowance'),
    promotionalNanoUsd: state.balance('promotional'),
    boughtNanoUsd: state.balance('bought'),
    overageUsedNanoUsd: state.period.overageUsedNanoUsd,
    fareChargedNanoUsd: state.period.fareChargedNanoUsd,
    holds: encodeHolds(state),
    sub: encodeTerms(state),
  };
}

function encodeRing(state: AccountState): Buffer {
  writer.clear();
  writer.varint(FORMAT);
  state.windows.write(writer);
  return writer.take();
}

function encodeHolds(state: AccountState): Buffer {
  writer.clear();
  const { holds } = state;
  if (holds.length > 0) {
    writer.varint(FORMAT);
    writer.varint(holds.length);
    for (const hold of holds) hold.write(writer);
  }
  return writer.take();
}

function encodeTerms(state: AccountState): Buffer {
  writer.clear();
  writer.varint(FORMAT);
  writer.text(state.planVersionId);
  writer.text(state.timeZone);
  writer.varint(state.customerCapNanoUsd);
  writePeriod(state.period);
  writePeriod(state.previousPeriod);
  writer.varint(state.debtNanoUsd);
  writer.varint(state.nextLotNo);
  writer.varint(state.lots.length);
  for (const lot of state.lots) {
    writer.varint(lot.no);
    writer.varint(LOT_KINDS.indexOf(lot.kind));
    writer.varint(lot.amountNanoUsd);
    writer.varint(lot.expiresAtMs);
  }
  return writer.take();
}

function writePeriod(period: PeriodTotals): void {
  writer.varint(period.startMs);
  writer.varint(period.endMs);
  writer.varint(period.overageUsedNanoUsd);
  writer.varint(period.fareChargedNanoUsd);
}

/**
 * Reads a row back; what holds have reserved is added up again from the holds.
 * @throws RangeError on bytes that {@link encodeAccount} did not write.
 * @throws Error where the plain columns and the bytes disagree: the row was written by something else.
 */
export function decodeAccount(row: AccountRow): AccountState {
  const state = new AccountState();
  state.version = row.version;
  state.seq = row.seq;
  state.lastSeenMs = row.lastSeenMs;
  const ring = readerOf(row.ring);
  state.windows.read(ring);
  ring.end();
  decodeTerms(state, row.sub);
  decodeHolds(state, row.holds);
  assert(state.heldNanoUsd === row.heldNanoUsd, 'the column held is the sum of the holds');
  assert(
    state.balance('allowance') === row.allowanceNanoUsd,
    'the column allowance is the sum of its lots',
  );
  assert(
    state.balance('promotional') === row.promotionalNanoUsd,
    'the column promotional is the sum of its lots',
  );
  assert(
    state.balance('bought') === row.boughtNanoUsd,
    'the column bought is the sum of its lots less the debt',
  );
  assert(
    state.period.overageUsedNanoUsd === row.overageUsedNanoUsd,
    'the column overage_used is that of the period',
  );
  assert(
    state.period.fareChargedNanoUsd === row.fareChargedNanoUsd,
    'the column fare_charged is that of the period',
  );
  return state;
}

function readerOf(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.varint() !== FORMAT) throw new RangeError('an account of an unknown format');
  return reader;
}

/** The credits in a row's `sub` column by themselves; what holds reserve of them is not told. */
export function lotsOf(sub: Uint8Array): readonly Lot[] {
  const state = new AccountState();
  decodeTerms(state, sub);
  return state.lots;
}

function decodeTerms(state: AccountState, bytes: Uint8Array): void {
  const reader = readerOf(bytes);
  state.planVersionId = reader.text();
  state.timeZone = reader.text();
  state.customerCapNanoUsd = reader.varint();
  state.period = readPeriod(reader);
  state.previousPeriod = readPeriod(reader);
  state.debtNanoUsd = reader.varint();
  state.nextLotNo = reader.varint();
  const count = reader.varint();
  for (let i = 0; i < count; i++) {
    const no = reader.varint();
    const kind = LOT_KINDS[reader.varint()];
    assert(kind !== undefined, 'a lot has a known kind');
    const amountNanoUsd = reader.varint();
    state.lots.push({ no, kind, amountNanoUsd, heldNanoUsd: 0, expiresAtMs: reader.varint() });
  }
  reader.end();
}

function readPeriod(reader: ByteReader): PeriodTotals {
  return {
    startMs: reader.varint(),
    endMs: reader.varint(),
    overageUsedNanoUsd: reader.varint(),
    overageHeldNanoUsd: 0,
    fareChargedNanoUsd: reader.varint(),
  };
}

function decodeHolds(state: AccountState, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const reader = readerOf(bytes);
  const count = reader.varint();
  for (let i = 0; i < count; i++) {
    const hold = state.openHold();
    hold.read(reader);
    state.heldNanoUsd += hold.payments.totalNanoUsd;
    const period = state.periodThatBegan(hold.periodStartMs);
    for (let part = 0; part < hold.payments.count; part++) {
      const no = hold.payments.lots[part] ?? 0;
      const amount = hold.payments.amounts[part] ?? 0;
      const lot = state.lot(no);
      if (no === DEBT) state.debtHeldNanoUsd += amount;
      else if (no !== OVERAGE) {
        assert(lot !== undefined, 'a lot outlives its holds');
        lot.heldNanoUsd += amount;
      } else if (period !== undefined) period.overageHeldNanoUsd += amount;
    }
  }
  reader.end();
}
