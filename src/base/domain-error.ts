/**
 * Everything that may go wrong for a reason that a caller can understand. One closed union of
 * codes; `http/` translates each into status, headers and wire shape in one exhaustive table.
 */
export type ErrorCode =
  // the caller's request
  | 'invalid_request'
  | 'invalid_json'
  | 'body_too_large'
  | 'unsupported_parameter'
  | 'unpriced_parameter'
  | 'untranslatable'
  | 'not_found'
  | 'model_not_found'
  | 'method_not_allowed'
  | 'conflict'
  // who is calling
  | 'unauthenticated'
  | 'forbidden'
  | 'key_revoked'
  // what the plan says
  | 'no_subscription'
  | 'model_not_in_plan'
  | 'gate_full'
  | 'insufficient_funds'
  | 'rate_limited'
  // idempotency keys
  | 'idempotency_conflict'
  | 'idempotency_in_flight'
  // prices and configuration
  | 'unknown_price'
  | 'invalid_price'
  | 'invalid_configuration'
  // what lies outside
  | 'no_capacity'
  | 'store_unavailable'
  | 'upstream_error'
  | 'upstream_timeout'
  | 'shutting_down'
  | 'internal';

export interface DomainErrorDetails {
  /** The field of the request that is at fault, as the caller wrote it (`messages[2].content`). */
  readonly field?: string;
  /** When a retry may succeed. */
  readonly retryAfterMs?: number;
  /** False where a retry of the same request cannot succeed (a spent budget). */
  readonly retryable?: boolean;
  /** Facts for the caller in machine-readable form: gate, limit, reset time. Never secrets. */
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause?: unknown;
}

/** An operating error: expected, explained to whoever asked, never a crash. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retryable: boolean | undefined;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: ErrorCode, message: string, details: DomainErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
    this.retryable = details.retryable;
    this.facts = details.facts ?? {};
  }
}
