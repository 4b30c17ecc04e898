import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { twoFactor } from 'better-auth/plugins/two-factor';
import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import { newId, uuidOf } from '#base/id.ts';
import type { Random } from '#base/random.ts';

const SESSION_SECONDS = 30 * 86_400;
/** A session that is used is good for longer: its end moves at most once a day. */
const RENEW_SECONDS = 86_400;
export const PASSWORD_CHARS = { min: 10, max: 128 } as const;

export interface SignInOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly masterKey: Buffer;
  /** As people reach the installation: cookies are for https alone where this says https. */
  readonly publicUrl: string;
  readonly onError: (message: string, error: unknown) => void;
}

export type SignIn = ReturnType<typeof createSignIn>;

/**
 * Passwords, sessions and second factors, kept by better-auth in our tables. It knows nothing of customers
 * and books, and none of its own HTTP routes are served: ours call it, each under its policy.
 */
export function createSignIn(options: SignInOptions) {
  const { pool, clock, random, masterKey, publicUrl } = options;
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, '', `breakeven ${purpose}`, 32));
  const secret = derived('sign-in').toString('base64url');
  const csrfKey = derived('csrf');
  // Two installations on one host share its cookies, whatever their ports.
  const prefix = `be-${derived('cookie name').toString('hex').slice(0, 8)}`;
  const isSecure = publicUrl.startsWith('https:');
  const auth = betterAuth({
    appName: 'Breakeven',
    baseURL: publicUrl,
    secret,
    database: pool,
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      // People are made by us, in the transaction that uses their invitation up.
      disableSignUp: true,
      minPasswordLength: PASSWORD_CHARS.min,
      maxPasswordLength: PASSWORD_CHARS.max,
    },
    user: { modelName: 'person' },
    session: {
      modelName: 'person_session',
      expiresIn: SESSION_SECONDS,
      updateAge: RENEW_SECONDS,
    },
    account: { modelName: 'person_credential' },
    verification: { modelName: 'person_verification' },
    // Counted by us, over all processes and for every route that could be guessed at.
    rateLimit: { enabled: false },
    plugins: [
      twoFactor({ issuer: 'Breakeven', schema: { twoFactor: { modelName: 'person_two_factor' } } }),
    ],
    advanced: {
      cookiePrefix: prefix,
      useSecureCookies: isSecure,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/' },
      database: { generateId: () => uuidOf(newId('person', clock, random)) },
      ipAddress: { ipAddressHeaders: [PEER_HEADER] },
    },
    logger: {
      level: 'error',
      log: (level, message, ...rest) => {
        if (level === 'error') options.onError(message, rest[0]);
      },
    },
  });
  const cookieName = `${isSecure ? '__Secure-' : ''}${prefix}.session_token`;
  const csrfOf = (cookie: string): string =>
    createHmac('sha256', csrfKey).update(cookie).digest('base64url');
  return {
    auth,
    /** The session cookie as it was sent, signature and all. */
    sessionCookie: (headers: Headers): string | undefined => cookieOf(headers, cookieName),
    /** What a page sends back to prove that it could read our answers. */
    csrfOf,
    isCsrf(cookie: string, token: string): boolean {
      const expected = Buffer.from(csrfOf(cookie));
      const given = Buffer.from(token);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}

/** The address that a request came from: set by our own server, stripped of what came from outside. */
export const PEER_HEADER = 'x-breakeven-peer';

function cookieOf(headers: Headers, name: string): string | undefined {
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
