import {
  deleteSetUpTokens,
  findOneTimeToken,
  insertOneTimeToken,
  type OneTimeToken,
} from '#accounts/one-time-tokens.store.ts';
import { hasOwner } from '#accounts/people.store.ts';
import { newOneTimeSecret, secretSha256 } from '#accounts/secret.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { newId } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import type { Pool, PoolClient } from 'pg';

const DAY_MS = 86_400_000;
/** How long a secret that is passed on by hand stays good. */
const GOOD_FOR_MS: Readonly<Record<OneTimeToken['purpose'], number>> = {
  setup: 7 * DAY_MS,
  operator: 7 * DAY_MS,
  customer: 14 * DAY_MS,
  member: 14 * DAY_MS,
  password: DAY_MS,
};

export interface TokenDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  /** Where people reach the pages. */
  readonly publicUrl: () => string;
}

/** What a token says besides its purpose. */
export type TokenFacts = Partial<Pick<OneTimeToken, 'role' | 'customer' | 'personId' | 'email'>> & {
  readonly createdBy: string;
};

/** Mints a one-time secret and stores its hash. */
export async function mintToken(
  { pool, clock, random }: TokenDeps,
  purpose: OneTimeToken['purpose'],
  facts: TokenFacts,
): Promise<{ token: OneTimeToken; secret: string }> {
  const { secret, sha256 } = newOneTimeSecret(random);
  const nowMs = clock.nowMs();
  const token: OneTimeToken = {
    id: newId('invite', clock, random),
    purpose,
    role: facts.role,
    customer: facts.customer,
    personId: facts.personId,
    email: facts.email?.toLowerCase(),
    createdBy: facts.createdBy,
    createdAt: new Date(nowMs),
    expiresAt: new Date(nowMs + GOOD_FOR_MS[purpose]),
  };
  await insertOneTimeToken(pool, token, sha256);
  return { token, secret };
}

/**
 * The token of a secret. Unknown, used and too old are one answer: which it was is nobody's business.
 * @throws DomainError `forbidden`
 */
export async function requireToken(
  { pool, clock }: TokenDeps,
  secret: string,
  purposes: readonly OneTimeToken['purpose'][],
  client?: PoolClient,
): Promise<OneTimeToken> {
  const token = await findOneTimeToken(client ?? pool, secretSha256(secret), {
    now: new Date(clock.nowMs()),
    lock: client !== undefined,
  });
  if (token && purposes.includes(token.purpose)) return token;
  throw new DomainError('forbidden', 'This address was used already, or is too old.', {
    field: 'token',
  });
}

/**
 * A new one-time set-up address; those before it stop working.
 * @returns `undefined` where a person owns the installation already
 */
export async function setUpAddress(deps: TokenDeps): Promise<string | undefined> {
  if (await hasOwner(deps.pool)) return undefined;
  await deleteSetUpTokens(deps.pool);
  const { secret } = await mintToken(deps, 'setup', { createdBy: 'start' });
  return `${deps.publicUrl()}/setup?token=${secret}`;
}
