import { DomainError } from '#base/domain-error.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './exchange.ts';

/** Resolves a key's secret; from memory where it is known. */
export type Authenticate = (secret: string) => Caller | DomainError | Promise<Caller | DomainError>;

const SECRET_LENGTH_MAX = 512;
const BEARER = /^bearer +(\S+) *$/i;

/**
 * Who is calling: `authorization: Bearer …` as OpenAI's clients send it, or `x-api-key` as Anthropic's do.
 * @throws DomainError `unauthenticated`, `key_revoked`, `no_subscription`, `store_unavailable`
 */
export async function authenticate(exchange: Exchange, resolve: Authenticate): Promise<Caller> {
  const secret = secretOf(exchange);
  const found = resolve(secret);
  const caller = found instanceof Promise ? await found : found;
  if (caller instanceof DomainError) throw caller;
  return caller;
}

/** @throws DomainError `forbidden` where the key may not do this. */
export function requireScope(caller: Caller, scope: string): void {
  if (caller.scopes.includes(scope)) return;
  throw new DomainError(
    'forbidden',
    `This API key may not be used for this; it lacks the scope \`${scope}\`.`,
    {
      facts: { scope },
    },
  );
}

function secretOf(exchange: Exchange): string {
  const authorization = exchange.header('authorization');
  const secret =
    authorization === undefined ? exchange.header('x-api-key') : BEARER.exec(authorization)?.[1];
  if (secret === undefined || secret === '' || secret.length > SECRET_LENGTH_MAX) {
    throw new DomainError(
      'unauthenticated',
      'Send an API key, as `authorization: Bearer …` or as `x-api-key`.',
    );
  }
  return secret;
}
