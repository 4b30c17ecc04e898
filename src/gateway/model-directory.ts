import type { Subject } from '#admission/admission.ts';
import type { PriceOf } from '#pricing/cost.ts';
import type { PriceVersion } from '#pricing/price.ts';
import type { Supplier } from '#suppliers/supplier.ts';

/** One way to a model: a supplier, its name for the model, and what it asks. */
export interface ModelRoute {
  /** Stable and unique; the circuit breaker's key and what records name. */
  readonly id: string;
  readonly supplier: Supplier;
  /** The model as the supplier names it. */
  readonly model: string;
  /** What bounds a request on this route: the price in force, and any that a response may name instead. */
  readonly prices: readonly PriceVersion[];
  /** Prices what a response says it was. */
  readonly priceOf: PriceOf;
  /** How long to wait for an answer's headers, and between its chunks; the pool's own where absent. */
  readonly headersTimeoutMs?: number | undefined;
  readonly silenceTimeoutMs?: number | undefined;
}

/** A model under its public name. */
export interface ServedModel {
  readonly name: string;
  readonly className: string;
  readonly contextTokens: number;
  /** The most that the model puts out, thinking included. */
  readonly outputTokensMax: number;
  /** The 99th percentile of what it puts out: what a stream holds at first. */
  readonly outputTokensP99: number;
  /** True where it may think unseen: then delivered text does not bound what it has put out so far. */
  readonly thinksUnseen: boolean;
  /** In order of preference; at least one. */
  readonly routes: readonly ModelRoute[];
}

export interface ListedModel {
  readonly name: string;
  readonly displayName: string;
  readonly createdAtMs: number;
  readonly ownedBy: string;
}

/** What the gateway asks of the catalogue. Answers come from memory: the hot path never waits here. */
export interface ModelDirectory {
  /**
   * The model of that public name, followed by one of each class that the subject's plan may fall back
   * to. Empty where nobody knows the name.
   */
  candidates(subject: Subject, model: string): readonly ServedModel[];
  /** What the subject may call, in the order to be shown. */
  list(subject: Subject): readonly ListedModel[];
}
