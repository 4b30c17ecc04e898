import { listApiKeys, revokeApiKey } from '#accounts/api-keys.store.ts';
import { forgetAttempts } from '#accounts/attempts.store.ts';
import { createSignIn } from '#accounts/sign-in.ts';
import type { ApiDeps } from '#http/api.ts';
import type { IdentityServices } from '#http/identity-services.ts';
import type { SubscriptionDeps } from '#subscriptions/subscriptions.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import type { Logger } from 'pino';
import { identityServices } from './identity-services.ts';
import type { IdentityParts } from './identity-parts.ts';
import { setUpAddress } from './identity-tokens.ts';
import { callerIdentity } from './operator-identity.ts';
import type { Mailer } from './mailer.ts';
import type { PlanBook } from './plan-book.ts';
import { Repeating } from './repeating.ts';
import { writeGuard } from './write-guard.ts';

export interface PeopleOptions {
  readonly subscriptions: SubscriptionDeps;
  readonly masterKey: Buffer;
  readonly plans: PlanBook;
  readonly isSimulated: () => boolean;
  /** Where people reach the pages; known when the server listens. */
  readonly publicUrl: () => string;
  readonly isHttps: boolean;
  readonly mailer: Mailer;
  readonly log: Logger;
}

export interface OpenPeople extends Pick<ApiDeps, 'authenticate'> {
  readonly guardWrite: (request: Request) => void;
  readonly identity: IdentityServices;
  /** A one-time address for making the owner; `undefined` where a person owns the installation. */
  readonly setUpAddress: () => Promise<string | undefined>;
  close(): Promise<void>;
}

const FORGET_EVERY_MS = 3_600_000;

/** Opens sign-in: who people are, and who calls. */
export function openPeople(options: PeopleOptions): OpenPeople {
  const { subscriptions, masterKey, plans, publicUrl, log } = options;
  const { pool, clock, random } = subscriptions;
  const signIn = createSignIn({
    pool,
    clock,
    random,
    masterKey,
    publicUrl: options.isHttps ? 'https://breakeven.invalid' : 'http://breakeven.invalid',
    onError: (message, error) => log.warn({ err: error }, `sign-in: ${message}`),
  });
  const parts: IdentityParts = {
    pool,
    clock,
    random,
    publicUrl,
    mailer: options.mailer,
    signIn,
    subscriptions,
    isSimulated: options.isSimulated,
    onTrouble: (error) => log.warn({ err: error }, 'a mail with a new password was not sent'),
    async planOf(book, customerId) {
      const subscription = await subscriptionInForce(pool, book, customerId);
      const plan = subscription && plans.plan(subscription.planVersionId);
      return plan
        ? { id: plan.id, name: plan.plan, version: plan.version, displayName: plan.displayName }
        : null;
    },
    async endKeys({ book, customerId, memberId }) {
      for (const key of await listApiKeys(pool, book, customerId)) {
        if (key.memberId === memberId)
          await revokeApiKey(pool, key.id, { at: new Date(clock.nowMs()) });
      }
    },
  };
  const forgetting = new Repeating(
    FORGET_EVERY_MS,
    () => forgetAttempts(pool),
    (error) => log.warn({ err: error }, 'cannot forget old tries'),
  );
  return {
    authenticate: callerIdentity(pool, signIn),
    guardWrite: writeGuard({ signIn, publicUrl }),
    identity: identityServices(parts),
    setUpAddress: () => setUpAddress(parts),
    close: () => forgetting[Symbol.asyncDispose](),
  };
}
