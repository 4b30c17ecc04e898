import { DomainError } from '#base/domain-error.ts';

/** After this a restarted server usually answers again. */
const RETRY_AFTER_MS = 1000;

const SYSTEM_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT', // no socket: the embedded server is down
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * SQLSTATEs, whole classes by their first two characters: 08 connection, 53 out of resources (also
 * too many connections), 58 system error, 57P shutdown or starting up. 57014 is a statement given
 * up at its time limit, 25P03 an idle transaction given up, 25006 a server demoted to a replica.
 */
const STATE_PATTERN = /^(?:08...|53...|58...|57P..|57014|25P03|25006)$/;

/** The driver gives these no code. */
const MESSAGE_PATTERN =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed and is not queryable|Cannot use a pool after calling end)/;

/** The domain error for a store that cannot answer; undefined for every other error. */
export function storeError(
  error: unknown,
  facts: Readonly<Record<string, string>> = {},
): DomainError | undefined {
  if (!isStoreUnavailable(error)) return undefined;
  return new DomainError('store_unavailable', message(facts), {
    retryAfterMs: RETRY_AFTER_MS,
    retryable: true,
    facts,
    cause: error,
  });
}

/** Whether the error says that the server is out of reach, not that the statement is at fault. */
export function isStoreUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isStoreUnavailable);
  if (!(error instanceof Error) || error instanceof DomainError) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return SYSTEM_CODES.has(code) || STATE_PATTERN.test(code);
  return MESSAGE_PATTERN.test(error.message);
}

function message(facts: Readonly<Record<string, string>>): string {
  const outcome =
    facts['outcome'] === 'unknown' ? 'whether it was committed is unknown' : 'nothing was done';
  return `The database does not answer; ${outcome}.`;
}
