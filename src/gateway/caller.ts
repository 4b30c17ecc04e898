import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Subject } from '#admission/admission.ts';

/** Who sends a request, resolved from an API key, or from a session inside the house. */
export interface Caller {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly memberId?: Id<'member'> | undefined;
  /** Absent where a person asks through a session: then no key's gates and caps count. */
  readonly keyId?: Id<'apiKey'> | undefined;
  /** The key's own cap per calendar month. */
  readonly keyCapNanoUsd?: NanoUsd | undefined;
  readonly scopes: readonly string[];
  readonly subject: Subject;
}
