import { DomainError, type ErrorCode } from '#base/domain-error.ts';

/** The two families of error objects that clients read. */
export type ErrorFormat = 'openai' | 'anthropic';

/** An error as it goes out: status, headers (lower case) and a JSON body. */
export interface WireError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

interface Row {
  readonly status: number;
  /** OpenAI's `error.type`. */
  readonly openai: string;
  /** OpenAI's `error.code` where it is not our own code: SDKs and programs branch on these. */
  readonly code?: string;
  /** Anthropic's `error.type` (platform.claude.com, "Errors"). */
  readonly anthropic: string;
  /** Whether the same request may succeed later. SDKs retry 408, 409, 429 and ≥ 500 unless told. */
  readonly retry: boolean;
  /** The wait where the error itself names none. */
  readonly retryAfterMs?: number;
}

const BAD: Row = {
  status: 400,
  openai: 'invalid_request_error',
  anthropic: 'invalid_request_error',
  retry: false,
};
const DOWN: Row = {
  status: 503,
  openai: 'server_error',
  anthropic: 'overloaded_error',
  retry: true,
  retryAfterMs: 1_000,
};

/** One row per code: a code without a row does not compile. */
const ROWS: Readonly<Record<ErrorCode, Row>> = {
  invalid_request: BAD,
  invalid_json: BAD,
  body_too_large: { ...BAD, status: 413, anthropic: 'request_too_large' },
  unsupported_parameter: BAD,
  unpriced_parameter: BAD,
  untranslatable: BAD,
  not_found: { ...BAD, status: 404, anthropic: 'not_found_error' },
  model_not_found: { ...BAD, status: 404, anthropic: 'not_found_error' },
  method_not_allowed: { ...BAD, status: 405 },
  conflict: { ...BAD, status: 409 },
  unauthenticated: {
    ...BAD,
    status: 401,
    code: 'invalid_api_key',
    anthropic: 'authentication_error',
  },
  key_revoked: { ...BAD, status: 401, anthropic: 'authentication_error' },
  forbidden: { ...BAD, status: 403, anthropic: 'permission_error' },
  no_subscription: {
    status: 402,
    openai: 'insufficient_quota',
    anthropic: 'billing_error',
    retry: false,
  },
  model_not_in_plan: { ...BAD, status: 403, anthropic: 'permission_error' },
  gate_full: {
    status: 429,
    openai: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    anthropic: 'rate_limit_error',
    retry: true,
  },
  insufficient_funds: {
    status: 402,
    openai: 'insufficient_quota',
    code: 'insufficient_quota',
    anthropic: 'billing_error',
    retry: false,
  },
  rate_limited: {
    status: 429,
    openai: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    anthropic: 'rate_limit_error',
    retry: true,
    retryAfterMs: 1_000,
  },
  idempotency_conflict: { ...BAD, status: 422 },
  idempotency_in_flight: { ...BAD, status: 409, retry: true, retryAfterMs: 1_000 },
  unknown_price: { ...DOWN, openai: 'server_error', anthropic: 'api_error', retry: false },
  invalid_price: BAD,
  invalid_configuration: BAD,
  no_capacity: DOWN,
  store_unavailable: { ...DOWN, anthropic: 'api_error' },
  upstream_error: { status: 502, openai: 'server_error', anthropic: 'api_error', retry: true },
  upstream_timeout: {
    status: 504,
    openai: 'server_error',
    anthropic: 'timeout_error',
    retry: true,
  },
  shutting_down: DOWN,
  internal: { status: 500, openai: 'server_error', anthropic: 'api_error', retry: false },
};

/**
 * Above a minute the OpenAI SDK ignores the wait and retries within seconds, and the Anthropic SDK sleeps
 * for as long as it is told, hours too (`calculateDefaultRetryTimeoutMillis` and its callers in their
 * `client.js`). So a longer wait is not left to the SDK; the headers still tell the time.
 */
const SDK_WAIT_MS_MAX = 60_000;

const INTERNAL = 'Something went wrong on our side; the request was not answered.';

/** Any thrown value as a domain error. What is none is a fault of ours, whose text stays inside. */
function domainErrorOf(error: unknown): DomainError {
  if (error instanceof DomainError && Object.hasOwn(ROWS, error.code)) return error;
  return new DomainError('internal', INTERNAL, { cause: error });
}

/**
 * Presents any error in the caller's format. Never throws and never shows the text of an error that
 * is no {@link DomainError}.
 */
export function presentError(error: unknown, format: ErrorFormat, requestId?: string): WireError {
  const domain = domainErrorOf(error);
  const row = ROWS[domain.code];
  return {
    status: row.status,
    headers: headersOf(domain, row),
    body: errorBody(domain, format, requestId),
  };
}

/** The error object alone, as it stands in a body or in a stream's error event. */
export function errorBody(error: unknown, format: ErrorFormat, requestId?: string): object {
  const domain = domainErrorOf(error);
  const row = ROWS[domain.code];
  const message = domain.code === 'internal' ? INTERNAL : domain.message;
  const facts = Object.keys(domain.facts).length === 0 ? undefined : domain.facts;
  if (format === 'anthropic') {
    const object = {
      type: row.anthropic,
      message,
      code: domain.code,
      ...(domain.field !== undefined && { field: domain.field }),
      ...(facts && { facts }),
    };
    return {
      type: 'error',
      error: object,
      ...(requestId !== undefined && { request_id: requestId }),
    };
  }
  return {
    error: {
      message,
      type: row.openai,
      param: domain.field ?? null,
      code: row.code ?? domain.code,
      ...(facts && { facts }),
    },
  };
}

function headersOf(error: DomainError, row: Row): Record<string, string> {
  const headers: Record<string, string> = {};
  const waitMs = error.retryAfterMs ?? row.retryAfterMs;
  const retryable = error.retryable ?? row.retry;
  if (waitMs !== undefined && (retryable || row.status === 429)) {
    const whole = Math.max(0, Math.ceil(waitMs));
    headers['retry-after'] = String(Math.ceil(whole / 1000));
    headers['retry-after-ms'] = String(whole);
  }
  if (!retryable || (waitMs !== undefined && waitMs > SDK_WAIT_MS_MAX))
    headers['x-should-retry'] = 'false';
  const resetAtMs = error.facts['resetAtMs'];
  if (
    typeof resetAtMs === 'number' &&
    Number.isFinite(resetAtMs) &&
    Math.abs(resetAtMs) <= 8.64e15
  ) {
    headers['x-breakeven-reset'] = new Date(resetAtMs).toISOString();
  }
  return headers;
}
