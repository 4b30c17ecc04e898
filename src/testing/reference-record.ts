import type { Amounts } from '#plans/decision.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';

export type Kind = 'allowance' | 'promotional' | 'bought';
export type Mode = 'included' | 'credits' | 'overage' | 'metered';
export const KINDS: readonly Kind[] = ['allowance', 'promotional', 'bought'];

/** One line of the account's money: a signed change of one bucket. */
export interface Posting {
  readonly bucket: string;
  readonly amount: bigint;
}

export interface Part {
  readonly bucket: string;
  readonly amount: bigint;
}

export interface Counted {
  /** Which counter: gate, class, unit, scope, window, and whose. */
  readonly counter: string;
  readonly unit: Gate['unit'];
  /** The window it went into: its start, or the last instant of its quantum. */
  readonly place: bigint;
  readonly limit: bigint;
  amount: bigint;
}

/** One admitted request, for ever. */
export interface Use {
  readonly id: string;
  readonly at: bigint;
  readonly period: bigint;
  readonly mode: Mode;
  readonly fareCap: bigint | undefined;
  readonly fareRoom: bigint | undefined;
  readonly counted: Counted[];
  open: boolean;
  parts: Part[];
}

/** One counter that a gate sets up for one request. */
export interface Counter {
  readonly name: string;
  readonly counter: string;
  readonly gate: Gate;
  readonly limit: bigint;
  readonly counts: boolean;
}

export interface Trial {
  readonly fit: 'fits' | 'gate' | 'funds';
  readonly gate: Counter | undefined;
  readonly because: Counter | undefined;
  readonly mode: Mode;
  readonly slow: boolean;
  readonly charge: bigint;
  readonly fareRoom: bigint | undefined;
  readonly parts: readonly Part[];
  readonly counted: readonly { counter: Counter; amount: bigint }[];
}

/** Everything that ever happened to an account: all else is added up from it anew. */
export class ReferenceRecord {
  plan: PlanVersion;
  now = 0n;
  customerCap: bigint | undefined;
  readonly uses: Use[] = [];
  readonly postings: Posting[] = [];
  /** Newest last. */
  readonly periods: { start: bigint; end: bigint; zone: string }[] = [];

  constructor(plan: PlanVersion) {
    this.plan = plan;
  }

  advance(atMs: number): void {
    this.now = max(this.now, BigInt(atMs));
  }

  periodStart(): bigint {
    return this.periods.at(-1)?.start ?? 0n;
  }

  isRecent(period: bigint): boolean {
    return this.periods.slice(-2).some((each) => each.start === period);
  }
}

export function amountIn(
  unit: Gate['unit'],
  amounts: Amounts,
  weight: bigint,
  paid: bigint,
): bigint {
  if (unit === 'messages') return weight;
  if (unit === 'tokens') return BigInt(amounts.tokens);
  if (unit === 'charge') return BigInt(amounts.chargeNanoUsd);
  return unit === 'cost' ? BigInt(amounts.costNanoUsd) : paid;
}

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
