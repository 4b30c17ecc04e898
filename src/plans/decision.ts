import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';

/**
 * The closed input and the result of one decision. A replay needs nothing but these and the
 * account's state.
 */

/** What one class would take of gates and buckets at the worst, or what it did take. */
export interface Amounts {
  /** In and out. */
  readonly tokens: number;
  /** What the supplier asks. */
  readonly costNanoUsd: NanoUsd;
  /** What the tariff asks, before the plan says whether it is included. */
  readonly chargeNanoUsd: NanoUsd;
}

/** A class that could serve the request, with its quote; the asked class stands first. */
export interface Candidate {
  readonly className: string;
  readonly quote: Amounts;
  /** False where no healthy route with capacity serves it now; recorded, so that a replay uses the same verdict. */
  readonly available: boolean;
}

/** By whom a request is sent. */
export interface RequestSender {
  readonly memberId?: Id<'member'>;
  readonly keyId?: Id<'apiKey'>;
  /** The key's own cap on charge per calendar month, if it has one; counted from the first request that carries it. */
  readonly keyCapNanoUsd?: NanoUsd;
}

export interface DecisionRequest extends RequestSender {
  /** The admission instant by the process's clock; the account uses `max(atMs, last seen)`. */
  readonly atMs: number;
  readonly requestId: Id<'request'>;
  /** The first that the plan serves and that is available is tried; a gate's fallback names another. */
  readonly candidates: readonly Candidate[];
}

export type RefusalReason =
  /** A gate is full and says refuse (or its fallback cannot serve). */
  | 'gate'
  /** The buckets that must pay cannot. */
  | 'funds'
  /** No candidate class is in the plan. */
  | 'class'
  /** No candidate has a healthy route with capacity. */
  | 'capacity'
  /** The subscription's period has ended and was not renewed, or has not begun. */
  | 'subscription';

/** How a gate stands after a decision: what customers, headers and refusals are told. */
export interface GateStanding {
  /** The gate's id; a gate of scope `class` is one counter a class, named `id/class`. */
  readonly gateId: string;
  readonly limit: number;
  /** Booked and held together. */
  readonly used: number;
  /**
   * When the gate next opens by at least a little, or resets. For the gate that refused: when this
   * request would fit, all else unchanged (or, where it is larger than the limit, when the gate is empty).
   */
  readonly resetAtMs: number;
}
