import { unreachable } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { IdempotencyStore, StoredAnswer } from './idempotency.ts';
import type { ParsedRequest } from './parse-request.ts';

const HEADER = 'idempotency-key';
const KEY_LENGTH_MAX = 255;
const RETRY_AFTER_MS = 1_000;

export interface OnceInput {
  readonly deps: Pick<GatewayDeps, 'idempotency' | 'log'>;
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly request: ParsedRequest;
}

/**
 * Runs `work` once for the client's idempotency key: the same request again gets the first answer.
 * Without a key, and for streams, `work` just runs. A failure gives the key back.
 * @throws DomainError `invalid_request` (a key that is none), `idempotency_conflict`,
 *   `idempotency_in_flight`, `store_unavailable`, and what `work` throws
 */
export async function onceByKey(
  input: OnceInput,
  work: () => Promise<StoredAnswer | undefined>,
): Promise<StoredAnswer | undefined> {
  const { deps, exchange, caller, request } = input;
  const key = exchange.header(HEADER);
  const store = deps.idempotency;
  if (key === undefined || store === undefined || request.facts.stream) return work();
  if (key === '' || key.length > KEY_LENGTH_MAX) {
    throw new DomainError(
      'invalid_request',
      `An idempotency key has 1 to ${KEY_LENGTH_MAX} characters.`,
      { field: HEADER },
    );
  }
  const path = exchange.request.url ?? '/';
  const claim = await store.claim(caller, key, { path, body: request.body });
  switch (claim.kind) {
    case 'replay':
      return {
        ...claim.answer,
        headers: { ...claim.answer.headers, 'idempotent-replayed': 'true' },
      };
    case 'conflict':
      throw new DomainError(
        'idempotency_conflict',
        'This idempotency key was used with another request.',
        { field: HEADER },
      );
    case 'in-flight':
      throw new DomainError(
        'idempotency_in_flight',
        'The first request with this idempotency key is still running.',
        {
          field: HEADER,
          retryAfterMs: RETRY_AFTER_MS,
        },
      );
    case 'fresh':
      return runClaimed(store, input, { key, token: claim.token }, work);
    default:
      return unreachable(claim);
  }
}

async function runClaimed(
  store: IdempotencyStore,
  { deps, exchange, caller }: OnceInput,
  { key, token }: { readonly key: string; readonly token: string },
  work: () => Promise<StoredAnswer | undefined>,
): Promise<StoredAnswer | undefined> {
  let answer: StoredAnswer | undefined;
  try {
    answer = await work();
    return answer && { ...answer, headers: { ...answer.headers } };
  } finally {
    // A client that left may ask again for the answer that was made, and billed, for it.
    const ending = answer
      ? store.complete(caller, key, token, answer)
      : store.release(caller, key, token);
    await ending.catch((error: unknown) => {
      deps.log.warn(
        { requestId: exchange.requestId, err: error },
        'an idempotency key was not ended; it ends by itself',
      );
    });
  }
}
