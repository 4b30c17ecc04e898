import type { Random } from '#base/random.ts';
import type { UpstreamFailure } from './wire/upstream-error.ts';
import { ourOwnFault } from './wire/upstream-error.ts';

/** Why an attempt gave nothing to the client. */
export type AttemptFailure =
  | { readonly kind: 'refused'; readonly failure: UpstreamFailure }
  /** Connection refused, reset or never made: nothing was answered. */
  | { readonly kind: 'broken' }
  /** No answer in time: it may still be working, and billing. */
  | { readonly kind: 'silent' }
  /** An error in what looked like a success. */
  | { readonly kind: 'error-within' };

export type NextStep =
  /** The client's own fault, or nothing left to try. */
  | { readonly do: 'give-up' }
  | { readonly do: 'next-route' }
  | { readonly do: 'retry'; readonly afterMs: number };

export interface RetryContext {
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  readonly attemptsMax: number;
  /** Another route is available. */
  readonly hasNextRoute: boolean;
  readonly retryAfterMsMax: number;
  readonly random: Random;
  readonly nowMs: number;
}

const RETRIED_STATUSES = new Set([408, 409, 425, 429]);
const BACKOFF_MS = 250;
const BACKOFF_MS_MAX = 4_000;

/** What to do after a failed attempt of which the client has seen nothing. */
export function nextStep(failure: AttemptFailure, context: RetryContext): NextStep {
  if (context.attempts >= context.attemptsMax || !isPassing(failure)) return { do: 'give-up' };
  if (context.hasNextRoute) return { do: 'next-route' };
  // What fell silent may be working still, and our own credentials do not mend by waiting.
  if (failure.kind === 'silent') return { do: 'give-up' };
  if (failure.kind !== 'refused') return { do: 'retry', afterMs: backoffMs(context) };
  if (ourOwnFault(failure.failure)) return { do: 'give-up' };
  const askedMs = retryAfterMs(failure.failure, context.nowMs);
  if (askedMs !== undefined && askedMs > context.retryAfterMsMax) return { do: 'give-up' };
  return { do: 'retry', afterMs: askedMs ?? backoffMs(context) };
}

/** Whether the route is to blame: then its circuit breaker counts it. */
export function isRouteFault(failure: AttemptFailure): boolean {
  if (failure.kind !== 'refused') return true;
  const { status } = failure.failure;
  return status >= 500 || status === 408 || ourOwnFault(failure.failure) !== undefined;
}

/** How long the supplier asks to be left alone: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfterMs({ headers }: UpstreamFailure, nowMs: number): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const text = headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Whether the same request may fare better elsewhere or later. */
function isPassing(failure: AttemptFailure): boolean {
  if (failure.kind !== 'refused') return true;
  const { status } = failure.failure;
  return (
    status >= 500 || RETRIED_STATUSES.has(status) || ourOwnFault(failure.failure) !== undefined
  );
}

function backoffMs({ attempts, random }: RetryContext): number {
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** (attempts - 1));
  return Math.ceil(ceiling * (0.5 + random.next() / 2));
}
