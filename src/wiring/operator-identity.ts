import { findOperatorKeyBySecret } from '#accounts/operator-keys.store.ts';
import { readStanding } from '#accounts/people.store.ts';
import { secretSha256 } from '#accounts/secret.ts';
import type { SignIn } from '#accounts/sign-in.ts';
import { DomainError } from '#base/domain-error.ts';
import { idFromUuid } from '#base/id.ts';
import { withStore } from '#db/pool.ts';
import type { Caller } from '#http/caller.ts';
import type { Pool } from 'pg';
import { LOCAL_HEADER } from './fetch-handler.ts';

/** Whoever can open the control socket owns the installation's files anyway. */
const LOCAL_OWNER: Caller = { name: 'command line', role: 'owner' };
const SIGN_IN = 'Sign in first, or send an operator key as `authorization: Bearer op-be-…`.';

/**
 * Who calls `/api`: the control socket, an operator key, or a session's person. A request that carries
 * an authorization header is judged by it alone, whatever cookies it has.
 * @throws DomainError `unauthenticated`, `store_unavailable`
 */
export function callerIdentity(pool: Pool, signIn: SignIn): (headers: Headers) => Promise<Caller> {
  return async (headers) => {
    if (headers.get(LOCAL_HEADER) === '1') return LOCAL_OWNER;
    const authorization = headers.get('authorization');
    const caller = await withStore(() =>
      authorization === null ? personCaller(pool, signIn, headers) : keyCaller(pool, authorization),
    );
    if (!caller) throw new DomainError('unauthenticated', SIGN_IN);
    return caller;
  };
}

async function keyCaller(pool: Pool, authorization: string): Promise<Caller | undefined> {
  const secret = /^bearer +(op-be-\S+)$/i.exec(authorization)?.[1];
  const key = secret && (await findOperatorKeyBySecret(pool, secretSha256(secret)));
  return key ? { name: `${key.name} (${key.id})`, role: key.role } : undefined;
}

async function personCaller(
  pool: Pool,
  signIn: SignIn,
  headers: Headers,
): Promise<Caller | undefined> {
  if (signIn.sessionCookie(headers) === undefined) return undefined;
  const session = await signIn.auth.api.getSession({ headers });
  const standing = session && (await readStanding(pool, idFromUuid('person', session.user.id)));
  if (!standing) return undefined;
  const { person, operatorRole, member } = standing;
  return {
    name: `${person.name} (${person.id})`,
    personId: person.id,
    ...(operatorRole && { role: operatorRole }),
    ...(member && {
      member: {
        book: member.book,
        customerId: member.customerId,
        memberId: member.memberId,
        role: member.role,
      },
    }),
  };
}
