import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';

/** Which plan version a customer is on, and which period runs. */
export interface Subscription {
  readonly book: Book;
  readonly id: Id<'subscription'>;
  readonly customerId: Id<'customer'>;
  readonly planVersionId: Id<'planVersion'>;
  /** IANA zone of the calendar gates and of the periods. */
  readonly timeZone: string;
  /** Periods are counted from here. */
  readonly anchorMs: number;
  readonly periodStartMs: number;
  /** Exclusive. */
  readonly periodEndMs: number;
}
