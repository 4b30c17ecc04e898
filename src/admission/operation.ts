import type { Book } from '#base/book.ts';
import { type Id, uuidOf } from '#base/id.ts';
import type { DomainError } from '#base/domain-error.ts';
import type { Batch } from './batch.ts';

/** Where a usage event lies. */
export interface EventKey {
  /** uuid */
  readonly id: string;
  /** UTC day of its admission. */
  readonly day: string;
}

/** One thing to do to one account, in its turn. */
export interface Operation {
  readonly book: Book;
  /** uuid */
  readonly customer: string;
  /** Key of its account in maps, see {@link accountName}. */
  readonly account: string;
  /** uuids of the members' and keys' counters that it needs; it may find out only while it is applied. */
  scopes: readonly string[];
  /** How often it was put off to a later batch. Kept by the actor. */
  postponements: number;
  /**
   * True for what has happened already (usage, ends of holds): it outlives an outage of the store
   * and is tried until it is known to be booked.
   */
  readonly lasting: boolean;
  /** False where nobody waits for it: it need not begin a batch of its own. */
  readonly isUrgent: boolean;
  /** Set where its usage event must be read first: it may have been booked before. */
  readonly lookUp: EventKey | undefined;
  /**
   * Decides and writes, in memory. Runs again from the start if the batch has to be taken apart.
   * @throws DomainError answered to the caller; nothing of this operation is then written.
   */
  apply(batch: Batch): void;
  /** After the commit. */
  answer(): void;
  /** It was not done, or (`facts.outcome` = `unknown`) may not have been. */
  fail(error: DomainError): void;
  /** Answers whoever waits for a lasting operation, without giving the operation up. */
  release(error: DomainError): void;
  /** What must be undone if a commit of unknown outcome did take place and nobody got the answer. */
  compensation(): Operation | undefined;
}

/** An account as operations name it. */
export interface AccountName {
  /** uuid */
  readonly customer: string;
  /** In maps, where accounts of all books stand together. */
  readonly key: string;
}

const REMEMBERED_MAX = 50_000;
const names: Readonly<Record<Book, Map<Id<'customer'>, AccountName>>> = {
  live: new Map(),
  test: new Map(),
  demo: new Map(),
};

/** The name of a customer's account, remembered: each request asks for it several times. */
export function accountName(book: Book, customerId: Id<'customer'>): AccountName {
  const known = names[book];
  const found = known.get(customerId);
  if (found !== undefined) return found;
  if (known.size >= REMEMBERED_MAX) known.clear();
  const customer = uuidOf(customerId);
  const name = { customer, key: `${book} ${customer}` };
  known.set(customerId, name);
  return name;
}
