import type { Pool } from 'pg';
import type { ApiKey } from '#accounts/api-keys.store.ts';
import type { KeyDirectory } from '#accounts/key-directory.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Caller } from '#gateway/caller.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';

/**
 * Who calls: the key, and the subscription behind it. A caller is remembered with its key, so that
 * forgetting the key (it changed, or its customer's subscription did) forgets the caller too.
 */
export class CallerDirectory {
  readonly #keys: KeyDirectory;
  readonly #pool: Pool;
  readonly #callers = new WeakMap<ApiKey, Caller>();

  constructor(keys: KeyDirectory, pool: Pool) {
    this.#keys = keys;
    this.#pool = pool;
  }

  /** From memory where the key is known; errors are values, since many callers' keys are wrong. */
  readonly authenticate = (
    secret: string,
  ): Caller | DomainError | Promise<Caller | DomainError> => {
    try {
      const key = this.#keys.authenticate(secret);
      if (key instanceof Promise) return this.#slow(key);
      return this.#callers.get(key) ?? this.#slow(Promise.resolve(key));
    } catch (error) {
      return asDomainError(error);
    }
  };

  async #slow(reading: Promise<ApiKey>): Promise<Caller | DomainError> {
    try {
      const key = await reading;
      const known = this.#callers.get(key);
      if (known) return known;
      const subscription = await subscriptionInForce(this.#pool, key.book, key.customerId);
      if (!subscription) {
        return new DomainError('no_subscription', 'This account has no plan in force.');
      }
      const caller: Caller = Object.freeze({
        book: key.book,
        customerId: key.customerId,
        memberId: key.memberId,
        keyId: key.id,
        keyCapNanoUsd: key.capNanoUsd,
        scopes: key.scopes,
        subject: Object.freeze({
          book: key.book,
          customerId: key.customerId,
          subscriptionId: subscription.id,
          planVersionId: subscription.planVersionId,
        }),
      });
      this.#callers.set(key, caller);
      return caller;
    } catch (error) {
      return asDomainError(error);
    }
  }
}

function asDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('store_unavailable', 'Keys cannot be checked at the moment.', {
    retryAfterMs: 1000,
    cause: error,
  });
}
