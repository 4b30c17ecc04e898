import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Random, seededRandom } from '#base/random.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { normalQuantile } from './behaviour.ts';
import {
  type Arm,
  bestPrice,
  type DemandCurve,
  estimateDemand,
  type Exposure,
  fitDemand,
  profitAt,
  takeUp,
} from './demand.ts';
import { readExperiment } from './demand-file.ts';

/**
 * A population with planted demand: six in ten are in the market, their willingness to pay is
 * log-logistic around $150, and whoever values the plan more uses it more (correlation ½, costs
 * log-normal with σ 1 around $25).
 */
const PLANTED: DemandCurve = { scale: 'log', share: 0.6, slope: 2.8, level: 2.8 * Math.log(150) };
const COST = { median: 25, sigma: 1, correlation: 0.5 };
const PRICES = [50, 80, 120, 180, 260, 380] as const;
const AT = 180;
const CUSTOMERS = 3000;
/** 200 for the figures in docs/lab.md. */
const RUNS = Number(process.env['BREAKEVEN_DEMAND_RUNS'] ?? 20);

function experiment(random: Random): readonly Exposure[] {
  const normal = (u: number): number => normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, u)));
  return Array.from({ length: CUSTOMERS }, () => {
    const price = PRICES[random.below(PRICES.length)] ?? 0;
    const isAsked = random.next() < PLANTED.share;
    const u = random.next();
    const { median, sigma, correlation } = COST;
    const own = Math.sqrt(1 - correlation ** 2) * normal(random.next());
    const took = isAsked && willingness(u) >= price;
    const cost = median * Math.exp(sigma * (correlation * normal(u) + own));
    return { price, took, cost: took ? cost : 0 };
  });
}

const willingness = (u: number): number =>
  Math.exp((PLANTED.level + Math.log(u / (1 - u))) / PLANTED.slope);

/** Price less mean cost of those who would pay it, times their share: by summing over the population. */
function trueProfit(price: number): number {
  const { median, sigma, correlation } = COST;
  let sum = 0;
  let takers = 0;
  for (let i = 0; i < 4000; i++) {
    const u = (i + 0.5) / 4000;
    if (willingness(u) < price) continue;
    takers++;
    const own = (sigma ** 2 * (1 - correlation ** 2)) / 2;
    sum += median * Math.exp(sigma * correlation * normalQuantile(u) + own);
  }
  return takeUp(PLANTED, price) * (price - sum / takers);
}

describe('demand from an experiment', () => {
  it(`covers what was planted as often as it says (${RUNS} seeded runs)`, () => {
    const truth = {
      elasticity: PLANTED.slope * (1 - takeUp(PLANTED, AT) / PLANTED.share),
      takeUp: takeUp(PLANTED, AT),
      profit: trueProfit(AT),
    };
    const most = Math.max(...Array.from({ length: 166 }, (_, i) => trueProfit(50 + 2 * i)));
    const covered = { elasticity: 0, takeUp: 0, profit: 0 };
    let worst = 1;
    for (let run = 0; run < RUNS; run++) {
      const random = seededRandom(1000 + run);
      const found = estimateDemand(experiment(random), { at: AT, scale: 'log', random });
      for (const name of ['elasticity', 'takeUp', 'profit'] as const) {
        const { low, high } = found[name];
        if (low <= truth[name] && truth[name] <= high) covered[name]++;
      }
      worst = Math.min(worst, trueProfit(found.bestPrice) / most);
    }
    console.log(`covered of ${RUNS}: ${JSON.stringify(covered)}; worst profit ${worst.toFixed(4)}`);
    // A small number of runs can say only that nothing is far off.
    const [least, mostOften] = RUNS >= 200 ? [0.85, 0.95] : [0.65, 1];
    for (const count of Object.values(covered)) {
      expect(count / RUNS).toBeGreaterThanOrEqual(least);
      expect(count / RUNS).toBeLessThanOrEqual(mostOften);
    }
    expect(worst).toBeGreaterThan(0.95);
  }, 900_000);

  it('finds a curve from its own shares, and gives the same for the same seed', () => {
    const arms: Arm[] = PRICES.map((price) => {
      const took = 1e6 * takeUp(PLANTED, price);
      return { price, asked: 1e6, took, cost: 40 * took };
    });
    const found = fitDemand(arms, 'log');
    expect(found.share).toBeCloseTo(0.6, 2);
    expect(found.slope).toBeCloseTo(2.8, 1);
    const once = (): unknown =>
      estimateDemand(experiment(seededRandom(5)), {
        at: AT,
        scale: 'log',
        random: seededRandom(1),
      });
    expect(once()).toEqual(once());
  });

  const example = fileURLToPath(
    new URL('../../../shared/data/facts/gabor-granger-worked-example.json', import.meta.url),
  );
  if (!existsSync(example)) console.log('skipped: the worked example is not beside the project');

  it.skipIf(!existsSync(example))('reproduces a published Gabor–Granger example', () => {
    const facts = JSON.parse(readFileSync(example, 'utf8')) as {
      readonly prices_eur: readonly number[];
      readonly purchase_probability: readonly number[];
      readonly logistic_fit_published: { max: number; beta0: number; beta1: number };
      readonly fixed_cost: number;
      readonly marginal_cost: number;
      readonly market: number;
      readonly published_optimum: { price: number; profit: number };
    };
    const { max, beta0, beta1 } = facts.logistic_fit_published;
    const published: DemandCurve = { scale: 'linear', share: max, level: beta0, slope: -beta1 };
    const cost = { cost: facts.marginal_cost, at: 1, power: 0 };
    const range = { low: facts.prices_eur[0] ?? 0, high: facts.prices_eur.at(-1) ?? 0 };
    const profitOf = (demand: DemandCurve, price: number): number =>
      facts.market * profitAt({ demand, cost }, price) - facts.fixed_cost;
    // The example steps in half euros; its coefficients are rounded, and a finer search gains nothing.
    const steps = Array.from({ length: 17 }, (_, i) => 4 + i / 2);
    const best = steps.reduce((a, b) => (profitOf(published, b) > profitOf(published, a) ? b : a));
    expect(best).toBe(facts.published_optimum.price);
    const finer = profitOf(published, bestPrice({ demand: published, cost }, range));
    expect(finer / facts.published_optimum.profit).toBeLessThan(1.005);
    expect(profitOf(published, facts.published_optimum.price)).toBeCloseTo(
      facts.published_optimum.profit,
      -1,
    );
    // Our own fit, by likelihood from the same shares, finds nearly the same price.
    const asked = 1000;
    const arms: Arm[] = facts.prices_eur.map((price, i) => {
      const took = asked * (facts.purchase_probability[i] ?? 0);
      return { price, asked, took, cost: facts.marginal_cost * took };
    });
    const own = bestPrice({ demand: fitDemand(arms, 'linear'), cost }, range);
    console.log(`optimum: published ${facts.published_optimum.price}, ours ${own}`);
    expect(Math.abs(own - facts.published_optimum.price)).toBeLessThan(0.5);
  });
});

describe('the file of an experiment', () => {
  it('is read, and says where it is wrong', () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory[Symbol.dispose]());
    const read = (...lines: readonly string[]) =>
      readExperiment(directory.write('a.csv', ['customer,price,took,cost', ...lines].join('\n')));
    expect(read('a,10,yes,3', 'b,20,no,', 'c,30,0,')).toEqual([
      { price: 10, took: true, cost: 3 },
      { price: 20, took: false, cost: 0 },
      { price: 30, took: false, cost: 0 },
    ]);
    expect(() => read('a,10,yes,3', 'a,20,no,')).toThrow(
      'line 3: customer a stands in the file twice',
    );
    expect(() => read('a,free,yes,3')).toThrow('line 2: price is free');
    expect(() => read('a,10,maybe,3')).toThrow('line 2: took is maybe');
    expect(() => read('a,10,yes,3', 'b,20,no,')).toThrow('three prices');
  });
});
