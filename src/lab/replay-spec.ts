import type { Id } from '#base/id.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { ClassPrice, TokenRates } from './class-prices.ts';

/** What a replay applies to a tape; plain data, so that it passes between threads. */
export interface ReplaySpec {
  /**
   * True: the candidates and amounts as the books have them, to prove that a replay reproduces them.
   * False: the plans below, with what they need derived.
   */
  readonly recorded: boolean;
  /** Every plan version of the tape; in a scenario, with the terms that it has there. */
  readonly plans: readonly PlanVersion[];
  /** Ids of those whose terms are the scenario's. */
  readonly changed: readonly Id<'planVersion'>[];
  /** The tape's classes and, after them, those that only plans name. */
  readonly classNames: readonly string[];
  readonly classPrices: readonly ClassPrice[];
  /** By class: whether its unseen demand has an answer. */
  readonly demandKnown: readonly boolean[];
  /** By the tape's model: the rates that the scenario's price book has instead; `undefined` = as booked. */
  readonly modelRates: readonly (TokenRates | undefined)[];
  /** Of requests that a gate refuses, the share that comes again once, when the gate opens. */
  readonly deferredShare: number;
  readonly seed: number;
  /** What happened before is replayed and not counted. */
  readonly fromMs: number;
  /** True: no requests, only what else happens to accounts: what subscriptions earn at another price. */
  readonly accountsOnly: boolean;
}
