import type { KeyDirectory } from '#accounts/key-directory.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Caller } from '#http/caller.ts';

type Authenticate = (headers: Headers) => Promise<Caller>;

const BEARER = /^bearer +(sk-be-\S+) *$/i;

/**
 * Lets a member's own API key call what members may, and leaves everything else to `next`. A key of no
 * member names nobody whose conversations these could be.
 * @throws DomainError `unauthenticated`, `forbidden`, `key_revoked`, and what `next` throws
 */
export function memberKeyIdentity(keys: KeyDirectory, next: Authenticate): Authenticate {
  return async (headers) => {
    const secret = BEARER.exec(headers.get('authorization') ?? '')?.[1];
    if (secret === undefined) return next(headers);
    const key = await keys.authenticate(secret);
    if (key.memberId === undefined || !key.scopes.includes('inference'))
      throw new DomainError('forbidden', 'Only a key that was made for a member may do this.');
    const { book, customerId, memberId } = key;
    return {
      name: `${key.name} (${key.id})`,
      member: { book, customerId, memberId, role: 'member' },
      key: { id: key.id, capNanoUsd: key.capNanoUsd },
    };
  };
}
