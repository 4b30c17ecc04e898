import type { DomainError } from '#base/domain-error.ts';
import type { Metering } from '#metering/metering.ts';
import type { Delivered } from './estimate-consumption.ts';
import type { AttemptFailure } from './retry-policy.ts';
import type { StreamEnd } from './stream-forwarder.ts';

/** What came of one call of one route. */
export type AttemptResult =
  /** A success in one piece, ready for the client. */
  | {
      readonly kind: 'plain';
      readonly body: Buffer | string;
      readonly metering: Metering | undefined;
      readonly delivered: Delivered;
      readonly clientGone: boolean;
    }
  /** A stream of which the client has seen something. */
  | {
      readonly kind: 'streamed';
      readonly end: StreamEnd;
      readonly metering: Metering | undefined;
      readonly delivered: Delivered;
    }
  /** The client has seen nothing: another attempt may be made. */
  | FailedAttempt
  /** The client left before there was anything to see. `mayBill`: the supplier was at work by then. */
  | { readonly kind: 'abandoned'; readonly mayBill: boolean };

export interface FailedAttempt {
  readonly kind: 'failed';
  readonly failure: AttemptFailure;
  readonly error: DomainError | undefined;
  /** What the supplier says that the failure consumed. */
  readonly metering: Metering | undefined;
  /** The supplier was at work, and may ask for it although nothing came of it. */
  readonly mayBill: boolean;
}

/**
 * An attempt that brought no answer.
 * @param hasBegun the supplier had answered with a success by then, so it was at work
 */
export function noAnswer(error: DomainError, hasBegun: boolean): FailedAttempt {
  const isSilent = error.code === 'upstream_timeout';
  return {
    kind: 'failed',
    failure: { kind: isSilent ? 'silent' : 'broken' },
    error,
    metering: undefined,
    mayBill: hasBegun || isSilent,
  };
}
