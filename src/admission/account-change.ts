import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';

/** Who a change is for. */
export interface AccountRef {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
}

export interface PeriodTerms {
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
  /** IANA name, frozen for the period. */
  readonly timeZone: string;
}

/**
 * What happens to an account besides requests. Each takes its number in the account's sequence, so
 * that a replay repeats it where it stood. `atMs` absent = now.
 */
export type AccountChange =
  | {
      readonly kind: 'open';
      readonly subscriptionId: Id<'subscription'>;
      readonly planVersionId: Id<'planVersion'>;
      readonly period: PeriodTerms;
      /** Of the first period. */
      readonly priceNanoUsd: NanoUsd;
    }
  | {
      readonly kind: 'grant';
      /** Who pays for the credits: the customer, or we. */
      readonly credits: 'bought' | 'promotional';
      readonly amountNanoUsd: NanoUsd;
      readonly expiresAtMs?: number;
      /** A payment's or campaign's id: a second grant under it is refused as a `conflict`. */
      readonly reference: string;
    }
  | {
      readonly kind: 'refund';
      readonly requestId: Id<'request'>;
      readonly admittedAtMs: number;
      /** At most what was paid and not refunded; absent = all of it. */
      readonly amountNanoUsd?: NanoUsd;
    }
  | {
      readonly kind: 'change_plan';
      readonly planVersionId: Id<'planVersion'>;
      /** Price of a whole period of the new plan. */
      readonly priceNanoUsd: NanoUsd;
    }
  | { readonly kind: 'renew'; readonly period: PeriodTerms; readonly priceNanoUsd: NanoUsd }
  | { readonly kind: 'cap'; readonly capNanoUsd: NanoUsd | undefined }
  /** Earns the subscription's price up to now. */
  | { readonly kind: 'accrue' }
  /** Takes expired credits off the books. */
  | { readonly kind: 'expire' };

export interface ChangeResult {
  readonly seq: number;
  readonly atMs: number;
  /** Credits that can pay now. */
  readonly remainingNanoUsd: NanoUsd;
  /** What a refund gave back. */
  readonly refundedNanoUsd: NanoUsd;
}
