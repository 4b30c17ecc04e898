import type { Book } from '#base/book.ts';
import type { DomainError } from '#base/domain-error.ts';
import type { Batch } from './batch.ts';
import type { AccountRef } from './account-change.ts';
import { accountName, type EventKey, type Operation } from './operation.ts';

/** An operation that somebody waits for: its promise is settled once, whatever happens. */
export abstract class PendingOperation<Result> implements Operation {
  readonly book: Book;
  readonly customer: string;
  readonly account: string;
  readonly answered: Promise<Result>;
  abstract readonly lasting: boolean;
  readonly isUrgent: boolean = true;
  scopes: readonly string[] = [];
  postponements = 0;
  lookUp: EventKey | undefined;
  /** What the last `apply` came to. */
  protected result: Result | undefined;
  readonly #resolve: (result: Result) => void;
  readonly #reject: (error: DomainError) => void;

  constructor({ book, customerId }: AccountRef) {
    const { customer, key } = accountName(book, customerId);
    this.book = book;
    this.customer = customer;
    this.account = key;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.answered = promise;
    // Whoever waits sees the rejection; where nobody does (a hold released after an outage, a caller
    // that has gone), it must not end the process.
    void promise.catch(unheard);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  abstract apply(batch: Batch): void;

  answer(): void {
    if (this.result === undefined)
      throw new Error('invariant broken: an applied operation has a result');
    this.#resolve(this.result);
  }

  fail(error: DomainError): void {
    this.#reject(error);
  }

  release(error: DomainError): void {
    this.#reject(error);
  }

  compensation(): Operation | undefined {
    return undefined;
  }
}

function unheard(): void {}
