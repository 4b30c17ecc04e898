import { DomainError } from '#base/domain-error.ts';
import { storeError } from '#db/store-error.ts';

const RETRY_AFTER_MS = 1000;
const UNIQUE_VIOLATION = '23505';

/** The store does not answer. @param committing whether what was asked may have been done all the same */
export function unavailable(cause: unknown, committing = false): DomainError {
  const known = storeError(cause, committing ? { outcome: 'unknown' } : {});
  if (known !== undefined) return known;
  return new DomainError('store_unavailable', 'The database does not answer; nothing was done.', {
    retryAfterMs: RETRY_AFTER_MS,
    retryable: true,
    cause,
  });
}

export function overloaded(): DomainError {
  return new DomainError('no_capacity', 'Too many requests are waiting to be admitted.', {
    retryAfterMs: RETRY_AFTER_MS,
    retryable: true,
  });
}

export function shuttingDown(): DomainError {
  return new DomainError('shutting_down', 'The service is shutting down.', {
    retryAfterMs: RETRY_AFTER_MS,
    retryable: true,
  });
}

/** The store answers, and will not do this. */
export function refused(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) {
    return new DomainError('conflict', 'It is in the books already.', { cause: error });
  }
  return new DomainError('internal', 'The books refused this operation.', { cause: error });
}
