import { findOperatorKeyBySecret } from '#accounts/operator-keys.store.ts';
import { secretSha256 } from '#accounts/secret.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Actor } from '#http/route.ts';
import type { Pool } from 'pg';
import { LOCAL_HEADER } from './fetch-handler.ts';

/** Whoever can open the control socket owns the installation's files anyway. */
const LOCAL_OWNER: Actor = { name: 'command line', role: 'owner' };

/** Who calls the operator's API. @throws DomainError `unauthenticated`, `store_unavailable`. */
export function operatorIdentity(pool: Pool): (headers: Headers) => Promise<Actor> {
  return async (headers) => {
    if (headers.get(LOCAL_HEADER) === '1') return LOCAL_OWNER;
    const secret = /^bearer +(op-be-\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    const key = secret && (await findOperatorKeyBySecret(pool, secretSha256(secret)));
    if (!key) {
      throw new DomainError(
        'unauthenticated',
        'Send an operator key as `authorization: Bearer op-be-…`.',
      );
    }
    return { name: `${key.name} (${key.id})`, role: key.role };
  };
}
