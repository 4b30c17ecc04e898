import type { Book } from '#base/book.ts';
import type { NanoUsd } from '#base/money.ts';

/** What a supplier says that an answer of its own cost, beside what is booked for it. */
export interface SupplierClaim {
  readonly supplier: string;
  /** The supplier's own name for the model. */
  readonly model: string;
  readonly claimedPicoUsd: bigint;
  readonly bookedNanoUsd: NanoUsd;
}

/** A claim, and of which request. */
export interface HeardClaim extends SupplierClaim {
  readonly book: Book;
  /** When the request was admitted. */
  readonly atMs: number;
}
