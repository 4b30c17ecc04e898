import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';

/** Who chats: a member of a customer, as a session names them, or an API key that was made for one. */
export interface ChatActor {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly memberId: Id<'member'>;
  /** Its caps and gates count too. */
  readonly key?:
    | { readonly id: Id<'apiKey'>; readonly capNanoUsd: NanoUsd | undefined }
    | undefined;
}
