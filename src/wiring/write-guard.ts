import type { SignIn } from '#accounts/sign-in.ts';
import { DomainError } from '#base/domain-error.ts';
import { LOCAL_HEADER } from './fetch-handler.ts';

/**
 * Keeps out writes that somebody else's page made a browser send. Browsers say where a request comes
 * from (`origin`, `sec-fetch-site`) and keep our cookies from foreign posts (SameSite); a session's
 * writes carry besides a token that only our own pages can read. Keys are no cookies: nobody can make
 * a browser send one.
 * @throws DomainError `forbidden`
 */
export function writeGuard(options: {
  readonly signIn: Pick<SignIn, 'sessionCookie' | 'isCsrf'>;
  readonly publicUrl: () => string;
}): (request: Request) => void {
  return ({ headers }) => {
    if (headers.get(LOCAL_HEADER) === '1' || headers.has('authorization')) return;
    if (!isOwnPage(headers, options.publicUrl()))
      throw new DomainError('forbidden', 'This request comes from another site.');
    const cookie = options.signIn.sessionCookie(headers);
    if (cookie === undefined || options.signIn.isCsrf(cookie, headers.get('x-csrf-token') ?? ''))
      return;
    throw new DomainError(
      'forbidden',
      'x-csrf-token is missing or old: take the one of GET /api/session.',
      { field: 'x-csrf-token' },
    );
  };
}

function isOwnPage(headers: Headers, publicUrl: string): boolean {
  const origin = headers.get('origin');
  if (origin === null) {
    const site = headers.get('sec-fetch-site');
    // Neither: no browser.
    return site === null || site === 'same-origin' || site === 'none';
  }
  if (origin === new URL(publicUrl).origin) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.get('host');
}
