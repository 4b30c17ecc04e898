import { DomainError } from '#base/domain-error.ts';
import { isObject, type JsonObject } from './json-shape.ts';
import { presentError, type ErrorFormat, type WireError } from './wire-error.ts';

/** A supplier's answer that is not a success. */
export interface UpstreamFailure {
  readonly status: number;
  /** Headers in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as text, cut to what is worth reading; it may be anything. */
  readonly body: string;
}

/** Headers that tell a client when to come back. All others speak of our account with the supplier. */
const PASSED_HEADERS = ['retry-after', 'retry-after-ms', 'x-should-retry'] as const;

/** What names our account with the supplier: organisations, projects, keys, workspaces. */
const ACCOUNT =
  /\b(?:org|proj|sk|user|wrkspc|acct)[-_][A-Za-z0-9*_-]{4,}|AIza[A-Za-z0-9_-]{10,}|\b(?:gsk|xai)[-_][A-Za-z0-9]{4,}/g;

/** What says that **our** balance with the supplier is spent. The client's own money is fine. */
const OUR_BALANCE =
  /insufficient_quota|insufficient balance|credit balance is too low|billing_hard_limit|exceeded your current quota|billing_error/i;

/**
 * Presents a supplier's error to the client: status and error object as they came, in the caller's
 * format, except what is about our account: its credentials (401, 403, 407) become 502, its spent
 * balance 503, and its names are cut from messages. Never throws.
 */
export function presentUpstreamError(
  failure: UpstreamFailure,
  format: ErrorFormat,
  requestId?: string,
): WireError {
  const ours = ourOwnFault(failure);
  if (ours) return presentError(ours, format, requestId);
  const object = errorObjectOf(parse(failure.body));
  const headers: Record<string, string> = {};
  for (const name of PASSED_HEADERS) {
    const value = failure.headers[name];
    if (typeof value === 'string' && /^[\x20-\x7e]{1,64}$/.test(value)) headers[name] = value;
  }
  return {
    status: failure.status,
    headers,
    body: passedBody(failure.status, object, format, requestId),
  };
}

/**
 * What a supplier's error is to us, for the circuit breaker and for fallback routes.
 * @returns `upstream_error` (our credentials, or an answer that is none), `no_capacity` (our balance),
 *   or `undefined` where the error is one that the client should see.
 */
export function ourOwnFault(failure: UpstreamFailure): DomainError | undefined {
  const { status, body } = failure;
  if (status === 401 || status === 403 || status === 407)
    return new DomainError(
      'upstream_error',
      'The supplier of this model refused our credentials.',
      { retryable: false },
    );
  if (status === 402 || ((status === 429 || status === 400) && OUR_BALANCE.test(body))) {
    return new DomainError(
      'no_capacity',
      'The supplier of this model does not serve us at the moment.',
      { retryAfterMs: 30_000 },
    );
  }
  if (status < 400 || status > 599)
    return new DomainError(
      'upstream_error',
      'The supplier of this model gave an answer that is none.',
    );
  return undefined;
}

/**
 * Finds an error in what looks like a success: a 200 with an error body, or an error inside a stream.
 * @returns the error, or `undefined` where the object is an ordinary body or event.
 */
export function errorWithin(json: unknown): DomainError | undefined {
  if (!isObject(json)) return undefined;
  const holder =
    json['type'] === 'response.failed' && isObject(json['response']) ? json['response'] : json;
  const error = holder['error'];
  const isAbsent = error === undefined || error === null;
  if (isAbsent && json['type'] !== 'error') return undefined;
  const message = messageOf(isAbsent ? json : errorObjectOf(holder));
  return new DomainError(
    'upstream_error',
    message ?? 'The supplier of this model reported an error.',
  );
}

/** Cuts what names our account with a supplier from a text. */
function withoutAccount(text: string): string {
  return text.replace(ACCOUNT, '…').slice(0, 4_000);
}

function passedBody(
  status: number,
  object: JsonObject | undefined,
  format: ErrorFormat,
  requestId: string | undefined,
): object {
  const message = messageOf(object) ?? `The supplier of this model answered with status ${status}.`;
  if (format === 'anthropic') {
    const error = { type: anthropicType(status), message };
    return { type: 'error', error, ...(requestId !== undefined && { request_id: requestId }) };
  }
  const code = object?.['code'];
  return {
    error: {
      message,
      type: textOf(object?.['type']) ?? (status >= 500 ? 'server_error' : 'invalid_request_error'),
      param: textOf(object?.['param']) ?? null,
      code: typeof code === 'string' || typeof code === 'number' ? code : null,
    },
  };
}

/** Anthropic's types follow from the status, so a foreign vendor's words never stand there. */
function anthropicType(status: number): string {
  if (status === 404) return 'not_found_error';
  if (status === 413) return 'request_too_large';
  if (status === 429) return 'rate_limit_error';
  if (status === 503 || status === 529) return 'overloaded_error';
  if (status === 408 || status === 504) return 'timeout_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Vendors nest the object under `error`, send it bare, or send a list of one (Gemini). */
function errorObjectOf(json: unknown): JsonObject | undefined {
  const first: unknown = Array.isArray(json) ? json[0] : json;
  if (!isObject(first)) return undefined;
  if (isObject(first['error'])) return first['error'];
  if (typeof first['error'] === 'string') return { message: first['error'] };
  return first;
}

function messageOf(object: JsonObject | undefined): string | undefined {
  const message = textOf(object?.['message']) ?? textOf(object?.['detail']);
  return message === undefined ? undefined : withoutAccount(message);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
