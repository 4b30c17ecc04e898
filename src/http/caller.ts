import type { MemberRole } from '#accounts/customers.store.ts';
import type { OperatorRole } from '#accounts/operator-keys.store.ts';
import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';

/** Whose customer's data a person may see, and what they may do there. */
export interface Membership {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly memberId: Id<'member'>;
  readonly role: MemberRole;
}

/**
 * Who calls an `/api` route: an operator by key, a person by session, or whoever may open the control
 * socket. A person may be both an operator and a customer's member.
 */
export interface Caller {
  /** For the log of actions. */
  readonly name: string;
  /** What they may do as an operator; absent for everybody else. */
  readonly role?: OperatorRole | undefined;
  readonly member?: Membership | undefined;
  /** Absent for keys and the control socket. */
  readonly personId?: Id<'person'> | undefined;
  /** The API key by which a member's own program calls; its caps count. */
  readonly key?:
    | { readonly id: Id<'apiKey'>; readonly capNanoUsd: NanoUsd | undefined }
    | undefined;
}
