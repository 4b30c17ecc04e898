import type { Random } from '#base/random.ts';
import { ranksOf } from './ranks.ts';

/**
 * What people do when a plan changes. Every number is an assumption that stands beside the results and
 * can be changed; docs/lab.md says where each comes from.
 */
export interface Behaviour {
  /** False: everybody stays and does what they did. */
  readonly reacts: boolean;
  /**
   * How willingness to pay falls off above what people pay: of those who pay a price, the share
   * (1 / x) ^ elasticity would pay x times as much.
   */
  readonly priceElasticity: number;
  /** The band that results are also shown for. */
  readonly priceElasticityLow: number;
  readonly priceElasticityHigh: number;
  /** How closely willingness to pay goes with use, −1 to 1: heavy users value a plan more. */
  readonly usageValueCorrelation: number;
  /** How much of a request's worth is lost when it is refused, served by a lesser class, slowed. */
  readonly refusedLoss: number;
  readonly fallbackLoss: number;
  readonly slowLoss: number;
  /** Another plan must be better by this share of the old bill before anyone changes to it. */
  readonly switchingCost: number;
  /** Of requests that a gate refuses, the share that is sent again when it opens. */
  readonly deferredShare: number;
}

/** Sources: docs/lab.md, "Behaviour". */
export const DEFAULT_BEHAVIOUR: Behaviour = {
  reacts: true,
  priceElasticity: 1,
  priceElasticityLow: 0.4,
  priceElasticityHigh: 2.6,
  usageValueCorrelation: 0.5,
  refusedLoss: 1,
  fallbackLoss: 0.3,
  slowLoss: 0.1,
  switchingCost: 0.1,
  deferredShare: 0.5,
};

/** What one plan would be to one customer. */
export interface Option {
  /** What they pay over the replayed span, in nano-dollars. */
  readonly bill: number;
  /** The part of the plan's worth that they get: 1 = every request served as asked. */
  readonly quality: number;
}

export interface Customer {
  /** The plan in force. */
  readonly now: Option;
  /** Under the change. */
  readonly changed: Option;
  /** What other plans would be, before the change and after it; the same order. */
  readonly othersNow: readonly Option[];
  readonly othersChanged: readonly Option[];
  /** Willingness to pay, in bills: see {@link drawWillingness}. */
  readonly headroom: number;
}

export type Choice =
  | { readonly kind: 'stay' }
  | { readonly kind: 'leave' }
  /** By position in `othersChanged`. */
  | { readonly kind: 'move'; readonly to: number };

const STAY: Choice = Object.freeze({ kind: 'stay' });
const LEAVE: Choice = Object.freeze({ kind: 'leave' });

/** The part of a plan's worth that is left where so many of the requests met a limit. */
export function qualityOf(
  counts: {
    readonly requests: number;
    readonly refused: number;
    readonly fellBack: number;
    readonly slowed: number;
  },
  behaviour: Behaviour,
): number {
  if (counts.requests === 0) return 1;
  const lost =
    counts.refused * behaviour.refusedLoss +
    counts.fellBack * behaviour.fallbackLoss +
    counts.slowed * behaviour.slowLoss;
  return Math.max(0, 1 - lost / counts.requests);
}

/**
 * The plan that is best for a customer after a change, by what it is worth to them less its bill. They
 * hold their present plan, so it was worth its bill; and whatever kept them from plans that were better
 * even then goes on to keep them: under an unchanged plan nobody does anything.
 */
export function choose(customer: Customer, behaviour: Behaviour): Choice {
  if (!behaviour.reacts) return STAY;
  const { now, changed, headroom } = customer;
  // Who pays nothing has shown no willingness to pay.
  const worth = now.quality > 0 ? (now.bill / now.quality) * headroom : now.bill * headroom;
  const surplus = (option: Option): number => worth * option.quality - option.bill;
  const bestNow = Math.max(-Infinity, ...customer.othersNow.map(surplus));
  const held = Math.max(0, bestNow - surplus(now)) + behaviour.switchingCost * now.bill;
  let best = STAY;
  let bestSurplus = surplus(changed);
  if (bestSurplus < Math.min(0, surplus(now))) {
    best = LEAVE;
    bestSurplus = 0;
  }
  for (const [to, option] of customer.othersChanged.entries()) {
    const other = surplus(option) - held;
    if (other > bestSurplus) {
      best = { kind: 'move', to };
      bestSurplus = other;
    }
  }
  return best;
}

/**
 * Draws how many times their present bill each customer would pay before they leave: Pareto, so that
 * the elasticity is the same at every price, and correlated with use through a normal copula.
 * @param usage anything that rises with use, one a customer
 * @returns at least 1 each; equal seeds give equal draws, and a customer keeps theirs whatever the elasticity
 */
export function drawQuantiles(
  usage: readonly number[],
  behaviour: Pick<Behaviour, 'usageValueCorrelation'>,
  random: Random,
): readonly number[] {
  const ranks = ranksOf(usage);
  const rho = behaviour.usageValueCorrelation;
  return usage.map((_, i) => {
    const own = normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, random.next())));
    const z =
      rho * normalQuantile(((ranks[i] ?? 0) + 0.5) / usage.length) + Math.sqrt(1 - rho * rho) * own;
    return normalShare(z);
  });
}

/** How many bills a customer would pay, at this quantile of the willingness to pay. */
export function headroomAt(quantile: number, elasticity: number): number {
  return (1 - Math.min(1 - 1e-9, quantile)) ** (-1 / elasticity);
}

/** Φ(z), to 1e-7 (Abramowitz and Stegun 26.2.17). */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    0.3989422804014327 *
    Math.exp((-z * z) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}

/** Φ⁻¹(p), to 1e-9 (Acklam). */
export function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972,
    -13.28068155288572,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const horner = (k: readonly number[], x: number): number =>
    k.reduce((sum, each) => sum * x + each, 0);
  if (p < 0.02425 || p > 1 - 0.02425) {
    const q = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
    const tail = horner(c, q) / (horner(d, q) * q + 1);
    return p < 0.5 ? tail : -tail;
  }
  const q = p - 0.5;
  const r = q * q;
  return (horner(a, r) * q) / (horner(b, r) * r + 1);
}
