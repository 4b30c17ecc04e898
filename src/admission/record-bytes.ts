import { ByteReader, ByteWriter } from '#plans/bytes.ts';
import type { Candidate } from '#plans/decision.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Id } from '#base/id.ts';
import type { PaymentParts } from '#plans/payment-parts.ts';
import { USAGE_UNITS, usageOf, type UsageUnit } from '#metering/usage.ts';
import type { AttemptUsage } from './admission.ts';

/**
 * The packed columns of decisions and usage events. Each begins with a format number, so that what
 * was recorded once stays readable.
 */
const FORMAT = 1;
const ASCII = /^[\u0020-\u007e]*$/;
const writer = new ByteWriter();

/** Text from outside as the byte codec takes it: the bytes of its UTF-8. */
export function latin1Of(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

export function utf8Of(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
}

/** A candidate with the version of the price that its quote was made with. */
export interface RecordedCandidate extends Candidate {
  readonly priceVersionId: Id<'priceVersion'> | undefined;
}

export function encodeCandidates(
  candidates: readonly Candidate[],
  priceVersionIds: readonly Id<'priceVersion'>[],
): Buffer {
  writer.clear();
  writer.varint(FORMAT);
  writer.varint(candidates.length);
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate === undefined) continue;
    writer.text(latin1Of(candidate.className));
    writer.varint(candidate.available ? 1 : 0);
    writer.varint(candidate.quote.tokens);
    writer.varint(candidate.quote.costNanoUsd);
    writer.varint(candidate.quote.chargeNanoUsd);
    writer.text(priceVersionIds[i] ?? '');
  }
  return writer.take();
}

export function decodeCandidates(bytes: Uint8Array): readonly RecordedCandidate[] {
  const reader = readerOf(bytes);
  const count = reader.varint();
  const candidates: RecordedCandidate[] = [];
  for (let i = 0; i < count; i++) {
    const className = utf8Of(reader.text());
    const available = reader.varint() === 1;
    const tokens = reader.varint();
    const costNanoUsd = reader.varint() as NanoUsd;
    const chargeNanoUsd = reader.varint() as NanoUsd;
    const price = reader.text() as Id<'priceVersion'>;
    candidates.push({
      className,
      available,
      quote: { tokens, costNanoUsd, chargeNanoUsd },
      priceVersionId: price === '' ? undefined : price,
    });
  }
  reader.end();
  return candidates;
}

/** What a hold took: by gate of the plan's program, and by lot. */
export interface HoldVector {
  /** By gate index; `undefined` where the gate did not count the request. */
  readonly gates: readonly (number | undefined)[];
  readonly payments: readonly { readonly lot: number; readonly amountNanoUsd: number }[];
}

/** @param amounts by gate index, -1 = not counted */
export function encodeHoldVector(
  amounts: readonly number[],
  gates: number,
  payments: PaymentParts,
): Buffer {
  writer.clear();
  writer.varint(FORMAT);
  writer.varint(gates);
  for (let i = 0; i < gates; i++) writer.varint((amounts[i] ?? -1) + 1);
  writer.varint(payments.count);
  for (let i = 0; i < payments.count; i++) {
    writer.varint(payments.lots[i] ?? 0);
    writer.varint(payments.amounts[i] ?? 0);
  }
  return writer.take();
}

export function decodeHoldVector(bytes: Uint8Array): HoldVector {
  if (bytes.length === 0) return { gates: [], payments: [] };
  const reader = readerOf(bytes);
  const gates = Array.from({ length: reader.varint() }, () => {
    const amount = reader.varint();
    return amount === 0 ? undefined : amount - 1;
  });
  const payments = Array.from({ length: reader.varint() }, () => ({
    lot: reader.varint(),
    amountNanoUsd: reader.varint(),
  }));
  reader.end();
  return { gates, payments };
}

export function encodeAttempts(attempts: readonly AttemptUsage[]): Buffer {
  writer.clear();
  writer.varint(FORMAT);
  writer.varint(attempts.length);
  for (const attempt of attempts) {
    writer.text(latin1Of(attempt.supplier));
    writer.text(latin1Of(attempt.model));
    writer.text(latin1Of(attempt.serviceTier));
    writer.text(attempt.priceVersionId);
    writer.varint(attempt.costNanoUsd);
    const used = USAGE_UNITS.filter((unit) => attempt.usage[unit] > 0);
    writer.varint(used.length);
    for (const unit of used) {
      writer.varint(USAGE_UNITS.indexOf(unit));
      writer.varint(attempt.usage[unit]);
    }
  }
  return writer.take();
}

export function decodeAttempts(bytes: Uint8Array): readonly AttemptUsage[] {
  const reader = readerOf(bytes);
  const count = reader.varint();
  const attempts: AttemptUsage[] = [];
  for (let i = 0; i < count; i++) {
    const supplier = utf8Of(reader.text());
    const model = utf8Of(reader.text());
    const serviceTier = utf8Of(reader.text());
    const priceVersionId = reader.text() as Id<'priceVersion'>;
    const costNanoUsd = reader.varint() as NanoUsd;
    const usage: Partial<Record<UsageUnit, number>> = {};
    for (let units = reader.varint(); units > 0; units--) {
      const unit = USAGE_UNITS[reader.varint()];
      const amount = reader.varint();
      if (unit !== undefined) usage[unit] = amount;
    }
    attempts.push({
      supplier,
      model,
      serviceTier,
      priceVersionId,
      costNanoUsd,
      usage: usageOf(usage),
    });
  }
  reader.end();
  return attempts;
}

function readerOf(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.varint() !== FORMAT) throw new RangeError('a record of an unknown format');
  return reader;
}
