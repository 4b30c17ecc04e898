import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';

/** Who chats: a member of a customer, as a session names them. */
export interface ChatActor {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly memberId: Id<'member'>;
}
