import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Usage } from '#metering/usage.ts';
import type { Amounts, DecisionRequest, GateStanding, RefusalReason } from '#plans/decision.ts';
import type { PayingMode } from '#plans/hold.ts';

/** Who asks, resolved from the API key or the session before admission. */
export interface Subject {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly subscriptionId: Id<'subscription'>;
  readonly planVersionId: Id<'planVersion'>;
}

/** What is recorded beside the decision input, and never decided upon. */
export interface DecisionEvidence {
  /** The public model name that was asked for. */
  readonly modelAsked: string;
  readonly surface: 'chat' | 'responses' | 'embeddings' | 'messages' | 'bulk';
  readonly streamed: boolean;
  readonly inputTokensEstimate: number;
  /** The limit the client sent, if any. */
  readonly outputTokensAsked?: number;
  /** The limit that goes upstream. */
  readonly outputTokensSent?: number;
  /** Price versions the quote was made with, one per candidate. */
  readonly priceVersionIds: readonly Id<'priceVersion'>[];
  /** Where each candidate would be served: what an estimate is booked to if this process dies. */
  readonly routes?: readonly CandidateRoute[];
}

export interface CandidateRoute {
  readonly supplier: string;
  /** The supplier's name of the model. */
  readonly model: string;
}

export interface Admitted {
  readonly verdict: 'admitted';
  readonly hold: HoldRef;
  readonly className: string;
  /** Index into the request's candidates. */
  readonly candidate: number;
  readonly slow: boolean;
  /** Gate that caused a fallback, or that made credits or overage pay; absent on the plain way. */
  readonly becauseOfGate?: string;
  /** What was held in money, and from which payer; zero for included requests. */
  readonly heldChargeNanoUsd: NanoUsd;
  /** What of it credits hold; the rest is overage. */
  readonly heldCreditsNanoUsd: NanoUsd;
  readonly mode: PayingMode;
  /** Whether a fare cap may lower the charge: only settling tells. */
  readonly hasFareCap: boolean;
  readonly gates: readonly GateStanding[];
  readonly remainingNanoUsd: NanoUsd;
}

export interface Refused {
  readonly verdict: 'refused';
  readonly reason: RefusalReason;
  /** The gate that refused; absent for funds, class and capacity. */
  readonly gate?: GateStanding;
  /** Classes of the plan that would be admitted right now. */
  readonly availableClasses: readonly string[];
  readonly gates: readonly GateStanding[];
  readonly remainingNanoUsd: NanoUsd;
}

/** A durable hold: the request may go upstream. Ends exactly once. */
export interface HoldRef {
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly requestId: Id<'request'>;
  readonly admittedAtMs: number;
}

/** One upstream attempt that consumed something. */
export interface AttemptUsage {
  readonly supplier: string;
  readonly model: string;
  readonly serviceTier: string;
  readonly usage: Usage;
  readonly costNanoUsd: NanoUsd;
  readonly priceVersionId: Id<'priceVersion'>;
}

export type Outcome =
  | 'completed'
  | 'client_aborted'
  | 'upstream_failed'
  | 'cut_by_limit'
  /** Booked by the reaper for a process that died: what was held, as an estimate. */
  | 'process_died';

/** What a finished (or broken) request consumed, already priced. */
export interface Measurement {
  readonly attempts: readonly AttemptUsage[];
  readonly actual: Amounts;
  /** Counted from delivered text rather than reported by the supplier. */
  readonly estimated: boolean;
  readonly outcome: Outcome;
  readonly upstreamMs: number;
}

export interface Settled {
  readonly chargeNanoUsd: NanoUsd;
  readonly costNanoUsd: NanoUsd;
  /** How much the actual charge passed the hold: booked in full, and an incident. */
  readonly overrunNanoUsd: NanoUsd;
  readonly remainingNanoUsd: NanoUsd;
  /** True where this measurement had been settled before; nothing was booked again. */
  readonly repeated: boolean;
}

/** The durable door before every supplier: see DESIGN sections 2, 5 and 9. */
export interface Admission {
  /**
   * Decides and makes the hold durable, or records the refusal. Group commit.
   * @throws DomainError `store_unavailable` where the store cannot answer: never waved through.
   */
  admit(
    subject: Subject,
    request: DecisionRequest,
    evidence: DecisionEvidence,
  ): Promise<Admitted | Refused>;
  /**
   * Says that a request's first byte is about to go to a supplier. Returns when that outlives this
   * process, so that a hold which a killed process left unsent is not taken for one that was sent.
   * @throws Error where it cannot: then it must not be sent.
   */
  sending(hold: HoldRef): void;
  /**
   * Says what a request used. Where that now outlives this process, the answer may go out before the
   * settlement is durable: whoever looks after this process was killed books the same measurement.
   * @returns false where it may not: there is no journal, or so much is booked that waiting costs less
   */
  measured(hold: HoldRef, measurement: Measurement): boolean;
  /**
   * Raises a hold to a new worst case, durably, before a stream passes it.
   * @returns false where the plan or the buckets do not cover it; the old hold stays.
   */
  extend(hold: HoldRef, upTo: Amounts): Promise<boolean>;
  /**
   * Books what was used and ends the hold, in one transaction. The same measurement twice is a no-op.
   * @param urgency `soon` where nobody waits for it: it goes with others, within some milliseconds.
   *   What is asked of the account later is decided after it all the same.
   */
  settle(hold: HoldRef, measurement: Measurement, urgency?: 'now' | 'soon'): Promise<Settled>;
  /** Settlements that would be booked soon are booked now: somebody waits for them after all. */
  hurry(): void;
  /** Ends a hold of which nothing was consumed. */
  void(hold: HoldRef, reason: string): Promise<void>;
}
