import type { Random } from '#base/random.ts';
import { type Interval, percentiles } from './interval.ts';

/**
 * How many take a plan at a price, and what those cost, from an experiment: customers who were shown
 * prices by lot. Prices and costs are dollars a month.
 */

/** One customer of an experiment. */
export interface Exposure {
  /** The price that they were shown. */
  readonly price: number;
  readonly took: boolean;
  /** What their use cost, where they took it. */
  readonly cost: number;
}

/**
 * The share that takes it at a price: `share / (1 + exp(-(level - slope · x)))`, where x is the price
 * (`linear`) or its logarithm (`log`: willingness to pay is log-logistic, with a Pareto tail as the lab
 * assumes it). The form of Gabor and Granger's analyses with a logistic curve.
 */
export interface DemandCurve {
  readonly scale: 'log' | 'linear';
  /** Of all who are asked, those who would take it for next to nothing; at most 1. */
  readonly share: number;
  readonly level: number;
  readonly slope: number;
}

/** What those who take it at a price cost on average: `cost · (price / at)^power`. */
export interface CostCurve {
  readonly cost: number;
  readonly at: number;
  readonly power: number;
}

export interface DemandModel {
  readonly demand: DemandCurve;
  readonly cost: CostCurve;
}

export function takeUp({ scale, share, level, slope }: DemandCurve, price: number): number {
  return share / (1 + Math.exp(slope * (scale === 'log' ? Math.log(price) : price) - level));
}

/** By how many percent fewer take it where the price is a percent higher. */
export function elasticityAt(curve: DemandCurve, price: number): number {
  const rest = 1 - takeUp(curve, price) / curve.share;
  return curve.slope * rest * (curve.scale === 'log' ? 1 : price);
}

export function costAtPrice({ cost, at, power }: CostCurve, price: number): number {
  return cost * (price / at) ** power;
}

/** Of each customer who is asked: price less cost, times the share that takes it. */
export function profitAt({ demand, cost }: DemandModel, price: number): number {
  return takeUp(demand, price) * (price - costAtPrice(cost, price));
}

const PRICE_STEPS = 400;
/** Of the most profit, what is nearly as good. */
const GOOD_SHARE = 0.95;

function pricesOf({ low, high }: Interval): readonly number[] {
  return Array.from(
    { length: PRICE_STEPS + 1 },
    (_, step) => low + ((high - low) * step) / PRICE_STEPS,
  );
}

/** The price of most profit between two prices: nothing is said of what was never shown. */
export function bestPrice(model: DemandModel, range: Interval): number {
  return pricesOf(range).reduce((best, price) =>
    profitAt(model, price) > profitAt(model, best) ? price : best,
  );
}

function goodPrices(model: DemandModel, range: Interval): Interval {
  const most = profitAt(model, bestPrice(model, range));
  const good = pricesOf(range).filter((price) => profitAt(model, price) >= GOOD_SHARE * most);
  return { low: good[0] ?? range.low, high: good.at(-1) ?? range.high };
}

/** All that the estimate needs of the customers who were shown one price. */
export interface Arm {
  readonly price: number;
  asked: number;
  took: number;
  cost: number;
}

export function armsOf(exposures: readonly Exposure[]): Arm[] {
  const arms = new Map<number, Arm>();
  for (const each of exposures) {
    const arm = arms.get(each.price) ?? { price: each.price, asked: 0, took: 0, cost: 0 };
    arms.set(each.price, arm);
    addTo(arm, each);
  }
  return [...arms.values()].sort((a, b) => a.price - b.price);
}

function addTo(arm: Arm, { took, cost }: Exposure): void {
  arm.asked++;
  if (!took) return;
  arm.took++;
  arm.cost += cost;
}

/** An estimate with the interval that a bootstrap over customers gives. */
export interface Estimate extends Interval {
  readonly value: number;
}

export interface DemandEstimate {
  readonly model: DemandModel;
  readonly arms: readonly Arm[];
  /** At the price that was asked about. */
  readonly elasticity: Estimate;
  readonly takeUp: Estimate;
  readonly profit: Estimate;
  /** Of most profit, between the least and the most that was shown. */
  readonly bestPrice: number;
  /** The prices whose profit is within a twentieth of the most. */
  readonly goodPrices: Interval;
}

const RESAMPLES = 500;

/**
 * Estimates demand by maximum likelihood, with intervals by bootstrap over customers.
 * @param options.at the price at which elasticity, take-up and profit are told
 */
export function estimateDemand(
  exposures: readonly Exposure[],
  options: {
    readonly at: number;
    readonly scale: DemandCurve['scale'];
    readonly random: Random;
    readonly confidence?: number;
  },
): DemandEstimate {
  const { at, scale, random, confidence = 0.9 } = options;
  const arms = armsOf(exposures);
  const range = { low: arms[0]?.price ?? at, high: arms.at(-1)?.price ?? at };
  const told = (model: DemandModel): readonly number[] => [
    elasticityAt(model.demand, at),
    takeUp(model.demand, at),
    profitAt(model, at),
  ];
  const model = modelOf(arms, scale);
  const values = told(model);
  const drawn = values.map(() => new Float64Array(RESAMPLES));
  const positions = new Map(arms.map(({ price }, index) => [price, index]));
  const armOf = Uint32Array.from(exposures, ({ price }) => positions.get(price) ?? 0);
  for (let draw = 0; draw < RESAMPLES; draw++) {
    const again = arms.map(({ price }) => ({ price, asked: 0, took: 0, cost: 0 }));
    for (let n = 0; n < exposures.length; n++) {
      const i = random.below(exposures.length);
      const arm = again[armOf[i] ?? 0];
      const exposure = exposures[i];
      if (arm !== undefined && exposure !== undefined) addTo(arm, exposure);
    }
    for (const [k, value] of told(modelOf(again, scale, model)).entries()) {
      const column = drawn[k];
      if (column !== undefined) column[draw] = value;
    }
  }
  const estimate = (k: number): Estimate => ({
    value: values[k] ?? Number.NaN,
    ...percentiles(drawn[k] ?? new Float64Array(), confidence),
  });
  return {
    model,
    arms,
    elasticity: estimate(0),
    takeUp: estimate(1),
    profit: estimate(2),
    bestPrice: bestPrice(model, range),
    goodPrices: goodPrices(model, range),
  };
}

function modelOf(
  arms: readonly Arm[],
  scale: DemandCurve['scale'],
  start?: DemandModel,
): DemandModel {
  return { demand: fitDemand(arms, scale, start?.demand), cost: fitCost(arms, start?.cost) };
}

/** logit of the share, level, logarithm of the slope. */
type Parameters = readonly [number, number, number];

/** A prior so wide that it is felt only where no price that was shown comes near what all would pay. */
const SHARE_PRIOR = 1 / 9;
const STEPS_MAX = 60;

/** Fisher scoring with Levenberg's damping: each step makes the data likelier, or is not made. */
export function fitDemand(
  arms: readonly Arm[],
  scale: DemandCurve['scale'],
  start?: DemandCurve,
): DemandCurve {
  const xs = arms.map(({ price }) => (scale === 'log' ? Math.log(price) : price));
  let parameters = start === undefined ? firstGuess(arms, xs) : parametersOf(start);
  let likelihood = logLikelihood(arms, xs, parameters);
  let damping = 1e-3;
  for (let step = 0; step < STEPS_MAX && damping < 1e9; step++) {
    const { gradient, information } = scoreOf(arms, xs, parameters);
    const move = solve(
      information.map((row, i) =>
        row.map((value, j) => (i === j ? value * (1 + damping) + 1e-9 : value)),
      ),
      gradient,
    );
    const next = parameters.map((value, i) => value + (move[i] ?? 0)) as unknown as Parameters;
    const reached = logLikelihood(arms, xs, next);
    if (!(reached > likelihood)) {
      damping *= 10;
      continue;
    }
    const gain = reached - likelihood;
    [parameters, likelihood, damping] = [next, reached, Math.max(1e-9, damping / 10)];
    if (gain < 1e-10 * Math.abs(likelihood)) break;
  }
  return {
    scale,
    share: logistic(parameters[0]),
    level: parameters[1],
    slope: Math.exp(parameters[2]),
  };
}

function parametersOf({ share, level, slope }: DemandCurve): Parameters {
  return [Math.log(share / (1 - share)), level, Math.log(slope)];
}

/** Halves at the middle of the prices; falls off over their spread. */
function firstGuess(arms: readonly Arm[], xs: readonly number[]): Parameters {
  const most = Math.max(...arms.map(({ took, asked }) => (asked === 0 ? 0 : took / asked)));
  const share = Math.min(0.95, Math.max(0.02, 1.1 * most));
  const [low, high] = [xs[0] ?? 0, xs.at(-1) ?? 1];
  const slope = 4 / Math.max(1e-6, high - low);
  return [Math.log(share / (1 - share)), (slope * (low + high)) / 2, Math.log(slope)];
}

function logLikelihood(
  arms: readonly Arm[],
  xs: readonly number[],
  parameters: Parameters,
): number {
  const [shareLogit, level, slopeLog] = parameters;
  const share = logistic(shareLogit);
  const slope = Math.exp(slopeLog);
  let sum = -(SHARE_PRIOR * shareLogit * shareLogit) / 2;
  for (const [i, { asked, took }] of arms.entries()) {
    const p = bounded(share * logistic(level - slope * (xs[i] ?? 0)));
    sum += took * Math.log(p) + (asked - took) * Math.log(1 - p);
  }
  return sum;
}

function scoreOf(
  arms: readonly Arm[],
  xs: readonly number[],
  [shareLogit, level, slopeLog]: Parameters,
): { readonly gradient: number[]; readonly information: number[][] } {
  const share = logistic(shareLogit);
  const slope = Math.exp(slopeLog);
  const gradient = [-SHARE_PRIOR * shareLogit, 0, 0];
  const information = [
    [SHARE_PRIOR, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  for (const [i, { asked, took }] of arms.entries()) {
    const x = xs[i] ?? 0;
    const taken = logistic(level - slope * x);
    const p = bounded(share * taken);
    const fall = share * taken * (1 - taken);
    const change = [share * (1 - share) * taken, fall, -fall * slope * x];
    const residual = (took - asked * p) / (p * (1 - p));
    for (let j = 0; j < 3; j++) {
      gradient[j] = (gradient[j] ?? 0) + residual * (change[j] ?? 0);
      const row = information[j] ?? [];
      for (let k = 0; k < 3; k++)
        row[k] = (row[k] ?? 0) + (asked * (change[j] ?? 0) * (change[k] ?? 0)) / (p * (1 - p));
    }
  }
  return { gradient, information };
}

/** Quasi-Poisson regression of cost on the logarithm of the price: who stays at a dearer price uses more. */
export function fitCost(arms: readonly Arm[], start?: CostCurve): CostCurve {
  const took = arms.reduce((sum, each) => sum + each.took, 0);
  const all = arms.reduce((sum, each) => sum + each.cost, 0);
  const at =
    start?.at ?? Math.exp(arms.reduce((sum, { price }) => sum + Math.log(price), 0) / arms.length);
  if (took === 0 || all <= 0) return { cost: 0, at, power: 0 };
  let [level, power] = [Math.log(all / took), 0];
  for (let step = 0; step < STEPS_MAX; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
    for (const arm of arms) {
      const x = Math.log(arm.price / at);
      const mean = Math.exp(level + power * x);
      g0 += arm.cost - arm.took * mean;
      g1 += (arm.cost - arm.took * mean) * x;
      h00 += arm.took * mean;
      h01 += arm.took * mean * x;
      h11 += arm.took * mean * x * x;
    }
    const [a = 0, b = 0] = solve(
      [
        [h00 + 1e-12, h01],
        [h01, h11 + 1e-12],
      ],
      [g0, g1],
    );
    level += Math.max(-1, Math.min(1, a));
    power += Math.max(-1, Math.min(1, b));
    if (Math.abs(a) + Math.abs(b) < 1e-10) break;
  }
  return { cost: Math.exp(level), at, power };
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const bounded = (p: number): number => Math.min(1 - 1e-12, Math.max(1e-12, p));

/** Solves a small symmetric system by elimination with pivots. */
function solve(
  matrix: readonly (readonly number[])[],
  right: readonly number[],
): readonly number[] {
  const size = right.length;
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  for (let k = 0; k < size; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row) => (Math.abs(row[k] ?? 0) > Math.abs(best[k] ?? 0) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (const [i, row] of rows.entries()) {
      if (i === k) continue;
      const factor = (row[k] ?? 0) / (pivot[k] || Number.MIN_VALUE);
      for (let j = k; j <= size; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, k) => (row[size] ?? 0) / (row[k] || Number.MIN_VALUE));
}
