import { countAttempt } from '#accounts/attempts.store.ts';
import { PEER_HEADER, type SignIn } from '#accounts/sign-in.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import { idFromUuid } from '#base/id.ts';
import type { Services } from '#http/services.ts';
import type { Session } from '#http/shapes/session.ts';
import type { SubscriptionDeps } from '#subscriptions/subscriptions.ts';
import type { Pool } from 'pg';
import type { Mailer } from './mailer.ts';
import type { TokenDeps } from './identity-tokens.ts';

/** What the identity services share. */
export interface IdentityParts extends TokenDeps {
  readonly signIn: SignIn;
  readonly mailer: Mailer;
  readonly subscriptions: SubscriptionDeps;
  readonly isSimulated: () => boolean;
  /** What went wrong behind an answer that was already given. */
  readonly onTrouble: (error: unknown) => void;
  readonly planOf: (
    book: NonNullable<Session['customer']>['book'],
    customerId: Id<'customer'>,
  ) => Promise<NonNullable<Session['customer']>['plan']>;
  /** Ends a member's API keys. */
  readonly endKeys: (
    member: Pick<
      NonNullable<Parameters<Services['me']['keys']>[0]>,
      'book' | 'customerId' | 'memberId'
    >,
  ) => Promise<void>;
}

/** From one address, over everything that could be guessed at. */
const FROM_ONE_ADDRESS = { most: 30, windowSeconds: 300 };
const OF_ONE_ACCOUNT = { most: 10, windowSeconds: 300 };

/** Counts a try from an address and, where given, at an account. @throws DomainError `rate_limited` */
export async function countTry(
  pool: Pool,
  request: Request,
  what: { readonly kind: string; readonly account?: string },
): Promise<void> {
  const peer = request.headers.get(PEER_HEADER) ?? 'unknown';
  await countAttempt(pool, `${what.kind} from ${peer}`, FROM_ONE_ADDRESS);
  if (what.account !== undefined)
    await countAttempt(pool, `${what.kind} at ${what.account.toLowerCase()}`, OF_ONE_ACCOUNT);
}

/** The same answer of ours with the cookies of a sign-in answer. */
export function withCookies(body: unknown, from: Response): Response {
  const response = Response.json(body);
  for (const cookie of from.headers.getSetCookie()) response.headers.append('set-cookie', cookie);
  return response;
}

/** The session of a request. @throws DomainError `unauthenticated` */
export async function requireSession(
  signIn: SignIn,
  headers: Headers,
): Promise<{ personId: Id<'person'>; sessionId: string; token: string }> {
  const found = await signIn.auth.api.getSession({ headers });
  if (!found) throw new DomainError('unauthenticated', 'Sign in first.');
  return {
    personId: idFromUuid('person', found.user.id),
    sessionId: found.session.id,
    token: found.session.token,
  };
}
