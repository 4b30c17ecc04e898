import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';

/**
 * What a plan promises and what happens when a promise is used up. A plan version is immutable:
 * a subscription points at one, and a change of the plan is a new version.
 */
export interface PlanVersion {
  readonly id: Id<'planVersion'>;
  /** The plan's stable name, such as `pro`. */
  readonly plan: string;
  /** Counts from 1 within the plan. */
  readonly version: number;
  readonly displayName: string;
  /** Listed plans are offered to customers and compared with by fare caps. */
  readonly listed: boolean;
  /** Price of one period, before tax. */
  readonly priceNanoUsd: NanoUsd;
  readonly period: 'month';
  readonly seatsMax: number;
  /** Which model classes the plan serves, and how many messages or credits one request weighs. */
  readonly classes: readonly ClassTerms[];
  /**
   * `included`: inside the gates a request costs the customer nothing; only what a full gate sends to
   * credits or overage is charged. `metered`: every request is charged by the tariff.
   */
  readonly billing: 'included' | 'metered';
  readonly tariff: Tariff;
  readonly gates: readonly Gate[];
  readonly credits: IncludedCredits;
  /** The most a period's overage may reach; 0 = no overage. The customer's own cap may be lower. */
  readonly overageCapNanoUsd: NanoUsd;
  /** The most that metered usage may charge in one period; `undefined` = no fare cap. Past it, usage is free but still gated. */
  readonly fareCapNanoUsd?: NanoUsd;
  /** What a plan of price zero may cost per user and period before its alarm sounds. */
  readonly acquisitionBudgetNanoUsd?: NanoUsd;
  /** How far allowance, promotional and bought credits together may go below zero. */
  readonly overdraftNanoUsd: NanoUsd;
  readonly queueClass: 'free' | 'standard' | 'priority';
}

export interface ClassTerms {
  /** Model class, such as `fast`, `standard`, `reasoning`. */
  readonly name: string;
  /** Weight of a message of this class in thousandths: 1000 = one message, 250 = a quarter, 50000 = fifty. */
  readonly weightMilli: number;
}

/** The charge of a request: cost times a mark-up, or the operator's own rates by model (see pricing/charge). */
export type Tariff =
  | {
      readonly kind: 'markup';
      /** 1,000 = at cost, 1,250 = cost plus a quarter. */ readonly perMille: number;
    }
  | {
      readonly kind: 'rates';
      /** Name of the tariff's price table in the price book. */ readonly table: string;
    };

export const GATE_UNITS = ['messages', 'tokens', 'charge', 'cost', 'credits'] as const;
/**
 * What a gate counts. `messages`: class weights in thousandths (a limit of 160 is stored as 160,000);
 * `tokens`: in and out; `charge`: what the tariff asks, in nUSD, also where the plan includes it;
 * `cost`: what the supplier asks, in nUSD; `credits`: nUSD paid from buckets.
 */
export type GateUnit = (typeof GATE_UNITS)[number];
/** A unit by its place in {@link GATE_UNITS}: what the kernel compares, and what is stored of it. */
export const UNIT_CODE = { messages: 0, tokens: 1, charge: 2, cost: 3, credits: 4 } as const;
export type UnitCode = (typeof UNIT_CODE)[GateUnit];

export type GateWindow =
  /** The last `seconds` up to now. */
  | { readonly kind: 'rolling'; readonly seconds: number }
  /** Starts with the first message, lasts `seconds`, then starts again with the next message. */
  | { readonly kind: 'session'; readonly seconds: number }
  /** Calendar units in the subscription's time zone (frozen per period); weeks start on Monday. */
  | { readonly kind: 'calendar'; readonly unit: 'day' | 'week' | 'month' }
  /** The subscription's billing period. */
  | { readonly kind: 'cycle' };

export const GATE_SCOPES = ['everyone', 'customer', 'class', 'member', 'key'] as const;
/** Whose use a gate adds up. `class`: one counter for each class it names. */
export type GateScope = (typeof GATE_SCOPES)[number];

/** What happens to a request that does not fit: */
export type WhenFull =
  | { readonly do: 'refuse' }
  /** Served by another class, decided anew through that class's gates. */
  | { readonly do: 'fallback'; readonly to: string }
  /** Served and charged by the tariff to allowance, promotional and bought credits. */
  | { readonly do: 'credits' }
  /** As credits, and then metered up to the overage cap. */
  | { readonly do: 'overage' }
  /** Served in the slow lane. */
  | { readonly do: 'slow' };

export interface Gate {
  /** Stable across versions of the plan, so that a count carries over a change. */
  readonly id: string;
  readonly unit: GateUnit;
  readonly window: GateWindow;
  readonly scope: GateScope;
  /** The classes it counts; empty = all. */
  readonly classes: readonly string[];
  /** In the unit's own integers (thousandths of a message, tokens, nUSD). */
  readonly limit: number;
  readonly whenFull: WhenFull;
}

export interface IncludedCredits {
  readonly perPeriodNanoUsd: NanoUsd;
  /** What is left at the end of a period: lost, or carried over up to a maximum. */
  readonly rollover:
    | { readonly kind: 'none' }
    | { readonly kind: 'upTo'; readonly maxNanoUsd: NanoUsd };
}
