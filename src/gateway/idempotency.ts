import type { Caller } from './caller.ts';

/** An answer that was given once and is given again. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** What a key stands for at the moment a request with it arrives. */
export type IdempotencyClaim =
  /** Nobody used the key: the request runs, and `token` ends the claim. */
  | { readonly kind: 'fresh'; readonly token: string }
  | { readonly kind: 'replay'; readonly answer: StoredAnswer }
  | { readonly kind: 'in-flight' }
  /** The key was used with another body. */
  | { readonly kind: 'conflict' };

/**
 * Remembers answers by the client's own keys.
 *
 * States of a key: unused → claimed → answered (for 24 h) → unused; a failure, or the end of the
 * process that claimed it, leads from claimed back to unused.
 */
export interface IdempotencyStore {
  /** @throws DomainError `store_unavailable` */
  claim(
    caller: Caller,
    key: string,
    request: { readonly path: string; readonly body: Buffer },
  ): Promise<IdempotencyClaim>;
  /** Keeps the answer of a claim. */
  complete(caller: Caller, key: string, token: string, answer: StoredAnswer): Promise<void>;
  /** Gives the key back. */
  release(caller: Caller, key: string, token: string): Promise<void>;
}
