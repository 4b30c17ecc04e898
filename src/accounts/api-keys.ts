import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { newId, type Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import {
  insertApiKey,
  readApiKey,
  revokeApiKey,
  type ApiKey,
  type KeyScope,
  KEY_SCOPES,
} from './api-keys.store.ts';
import { readCustomer } from './customers.store.ts';
import { newApiKeySecret } from './secret.ts';

/** What the key functions need of the world. */
export interface KeyDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
}

export interface NewApiKey {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly memberId?: Id<'member'>;
  readonly name: string;
  readonly scopes?: readonly KeyScope[];
  readonly capNanoUsd?: NanoUsd;
  readonly expiresAt?: Date;
}

/** A key at the moment it was made: the only time its secret can be read. */
export interface IssuedApiKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/**
 * Makes a key for a customer. A key of the `test` book is never billed.
 * @throws DomainError `not_found` where the customer does not exist in that book.
 */
export async function createApiKey(deps: KeyDeps, input: NewApiKey): Promise<IssuedApiKey> {
  await readCustomer(deps.pool, input.book, input.customerId);
  const { secret, prefix, sha256 } = newApiKeySecret(input.book, deps.random);
  const key: ApiKey = {
    id: newId('apiKey', deps.clock, deps.random),
    book: input.book,
    customerId: input.customerId,
    memberId: input.memberId,
    name: input.name,
    prefix,
    scopes: input.scopes ?? KEY_SCOPES,
    capNanoUsd: input.capNanoUsd,
    expiresAt: input.expiresAt,
    revokedAt: undefined,
  };
  await insertApiKey(deps.pool, key, sha256);
  return { key, secret };
}

/**
 * Makes a successor with the same rights and ends the old key after a grace period, so that a
 * running client can be moved over.
 * @throws DomainError `not_found`.
 */
export async function rotateApiKey(
  deps: KeyDeps,
  id: Id<'apiKey'>,
  options: { graceMs: number },
): Promise<IssuedApiKey> {
  const old = await readApiKey(deps.pool, id);
  const issued = await createApiKey(deps, {
    book: old.book,
    customerId: old.customerId,
    name: old.name,
    scopes: old.scopes,
    ...(old.memberId !== undefined && { memberId: old.memberId }),
    ...(old.capNanoUsd !== undefined && { capNanoUsd: old.capNanoUsd }),
    ...(old.expiresAt !== undefined && { expiresAt: old.expiresAt }),
  });
  await revokeApiKey(deps.pool, id, {
    at: new Date(deps.clock.nowMs() + options.graceMs),
    replacedBy: issued.key.id,
  });
  return issued;
}
