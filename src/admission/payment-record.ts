import type { LotKind } from '#plans/account-state.ts';
import { ByteReader, ByteWriter } from '#plans/bytes.ts';
import type { SettleOut } from '#plans/decision-out.ts';
import { OVERAGE } from '#plans/payment-parts.ts';

/** One part of a charge: what a refund gives back, and to which bucket. */
export interface Payment {
  readonly payer: LotKind | 'overage';
  readonly amountNanoUsd: number;
  /** When the credits that paid expire; 2^53 − 1 = never. */
  readonly expiresAtMs: number;
}

const PAYERS = ['allowance', 'promotional', 'bought', 'overage'] as const;
export const NO_PAYMENTS = Buffer.alloc(0);
const writer = new ByteWriter();

/** Who paid a settlement. @param kinds of the account's lots before it */
export function paymentsOf(
  out: SettleOut,
  kinds: ReadonlyMap<number, LotKind>,
): readonly Payment[] {
  return Array.from({ length: out.payments.count }, (_, i) => {
    const lot = out.payments.lots[i] ?? 0;
    return {
      payer: lot === OVERAGE ? 'overage' : (kinds.get(lot) ?? 'bought'),
      amountNanoUsd: out.payments.amounts[i] ?? 0,
      expiresAtMs: out.lotExpiriesMs[i] ?? Number.MAX_SAFE_INTEGER,
    };
  });
}

export function encodePayments(payments: readonly Payment[]): Buffer {
  if (payments.length === 0) return NO_PAYMENTS;
  writer.clear();
  writer.varint(payments.length);
  for (const { payer, amountNanoUsd, expiresAtMs } of payments) {
    writer.varint(PAYERS.indexOf(payer));
    writer.varint(amountNanoUsd);
    writer.varint(expiresAtMs);
  }
  return writer.take();
}

export function decodePayments(bytes: Uint8Array): readonly Payment[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const payments = Array.from({ length: reader.varint() }, () => ({
    payer: PAYERS[reader.varint()] ?? 'bought',
    amountNanoUsd: reader.varint(),
    expiresAtMs: reader.varint(),
  }));
  reader.end();
  return payments;
}

/**
 * The part of some payments that an amount takes back, last payer first: overage before credits.
 * @returns what is taken back, and what of the payments stays
 */
export function takeBack(
  payments: readonly Payment[],
  amountNanoUsd: number,
): { readonly back: readonly Payment[]; readonly kept: readonly Payment[] } {
  let left = amountNanoUsd;
  const back: Payment[] = [];
  const kept: Payment[] = [];
  for (const payment of payments.toReversed()) {
    const taken = Math.min(left, payment.amountNanoUsd);
    left -= taken;
    if (taken > 0) back.push({ ...payment, amountNanoUsd: taken });
    if (payment.amountNanoUsd > taken) {
      kept.unshift({ ...payment, amountNanoUsd: payment.amountNanoUsd - taken });
    }
  }
  return { back, kept };
}
