import { describe, expect, it } from 'vitest';
import { starterOffer } from '#offer/starter-offer.ts';
import { CACHED_SHARE, CALIBRATIONS, DEMO_PLANS, PLAN_MIX, REASONING } from './calibration.ts';
import {
  demoDay,
  type DemoEvent,
  type DemoOptions,
  demoSubscribers,
  requestsPerDayMedian,
} from './demo-population.ts';
import { SIMULATED_MODELS } from './demo-request.ts';

const DAY_MS = 86_400_000;
const options: DemoOptions = {
  subscribers: 20_000,
  days: 14,
  calibration: 'typical',
  seed: 7,
  endMs: Date.UTC(2026, 10, 24),
};

function eventsOf(subscriber: Parameters<typeof demoDay>[0], seed = options.seed): DemoEvent[] {
  const days = Array.from({ length: options.days }, (_, day) => day);
  return days.flatMap((day) => demoDay(subscriber, day, { ...options, seed }));
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const starter = starterOffer().prices;
const RATES = Object.fromEntries(
  Object.entries(SIMULATED_MODELS).map(([className, name]) => {
    const price = starter.find((each) => each.supplier === 'simulator' && each.model === name);
    return [className, price?.serviceTiers['standard']?.[0]?.rates];
  }),
);

/** Dollars at the starter price book, by the plainest arithmetic. */
function costUsd(event: DemoEvent): number {
  const { input = NaN, input_cached: cached = NaN, output = NaN } = RATES[event.className] ?? {};
  return (
    ((event.inputTokens - event.cachedTokens) * input +
      event.cachedTokens * cached +
      (event.outputTokens + event.reasoningTokens) * output) /
    1e12
  );
}

describe("the demo's population", () => {
  it('is the same for the same seed, and another for another', () => {
    const small = { ...options, subscribers: 50 };
    expect(demoSubscribers(small)).toEqual(demoSubscribers(small));
    expect(demoSubscribers(small)).not.toEqual(demoSubscribers({ ...small, seed: 8 }));
    const subscriber = { index: 3, plan: 'pro', requestsPerDay: 20 } as const;
    expect(eventsOf(subscriber)).toEqual(eventsOf(subscriber));
    expect(eventsOf(subscriber)).not.toEqual(eventsOf(subscriber, 8));
    expect(eventsOf(subscriber)).not.toEqual(eventsOf({ ...subscriber, index: 4 }));
  });

  it.each([10, 100, 20_000])('subscribes in the stated mix, %i of them', (subscribers) => {
    const counts = Map.groupBy(demoSubscribers({ ...options, subscribers }), ({ plan }) => plan);
    expect(sum([...counts.values()].map(({ length }) => length))).toBe(subscribers);
    for (const plan of DEMO_PLANS) {
      const exact = (subscribers * PLAN_MIX[plan]) / 100;
      expect(Math.abs((counts.get(plan)?.length ?? 0) - exact)).toBeLessThan(1);
    }
  });

  // Published: top 1% 16–52%, top 10% 49–80%, bottom half 1–4%, Gini 0.65–0.87.
  it('has the tail that production shows', () => {
    const volumes = demoSubscribers(options)
      .filter(({ plan }) => plan === 'pro')
      .map(({ requestsPerDay }) => requestsPerDay)
      .sort((a, b) => b - a);
    const total = sum(volumes);
    const share = (part: number): number =>
      sum(volumes.slice(0, Math.round(volumes.length * part))) / total;
    expect(share(0.01)).toBeGreaterThan(0.16);
    expect(share(0.01)).toBeLessThan(0.52);
    expect(share(0.1)).toBeGreaterThan(0.49);
    expect(share(0.1)).toBeLessThan(0.8);
    expect(1 - share(0.5)).toBeGreaterThan(0.01);
    expect(1 - share(0.5)).toBeLessThan(0.04);
    const n = volumes.length;
    const gini = sum(volumes.map((volume, i) => (n - 1 - 2 * i) * volume)) / (n * total);
    expect(gini).toBeGreaterThan(0.65);
    expect(gini).toBeLessThan(0.87);
  });

  it('sends requests in order, inside the day, with counts that fit each other', () => {
    const events = eventsOf({ index: 3, plan: 'pro', requestsPerDay: 400 });
    expect(events.length).toBeGreaterThan(1000);
    const startMs = options.endMs - options.days * DAY_MS;
    for (const [i, event] of events.entries()) {
      expect(event.atMs).toBeGreaterThanOrEqual(events[i - 1]?.atMs ?? startMs);
      expect(event.atMs).toBeLessThan(options.endMs);
      expect(event.cachedTokens).toBeLessThanOrEqual(event.inputTokens);
      expect(event.reasoningTokens > 0).toBe(event.className === 'reasoning');
      expect(event.seat).toBeLessThan(1);
    }
  });

  it('sends as much as its level says, caches what long chats cache and thinks as much as is known', () => {
    const subscribers = Array.from({ length: 40 }, (_, index) => index);
    const events = subscribers.flatMap((index) =>
      eventsOf({ index, plan: 'pro', requestsPerDay: 100 }),
    );
    expect(Math.abs(events.length / (40 * 14 * 100) - 1)).toBeLessThan(0.1);
    const long = events.filter(({ className }) => className !== 'fast');
    const cached =
      sum(long.map(({ cachedTokens }) => cachedTokens)) /
      sum(long.map(({ inputTokens }) => inputTokens));
    expect(Math.abs(cached - CACHED_SHARE)).toBeLessThan(0.02);
    const thinking = events.filter(({ className }) => className === 'reasoning');
    const thought = sum(thinking.map(({ reasoningTokens }) => reasoningTokens));
    const shown = sum(thinking.map(({ outputTokens }) => outputTokens));
    expect(Math.abs(thought / (thought + shown) - 0.7)).toBeLessThan(0.03);
    expect(REASONING.tokensMax).toBeLessThan(65_536);
  });

  // Published: inter-arrival CV 2.2–12 where a Poisson process has 1.
  it.each([20, 100, 400])('comes in bursts at %i requests a day', (requestsPerDay) => {
    const variations = Array.from({ length: 31 }, (_, index) => {
      const events = eventsOf({ index, plan: 'pro', requestsPerDay });
      const gaps = events.slice(1).map(({ atMs }, i) => atMs - (events[i]?.atMs ?? 0));
      const mean = sum(gaps) / gaps.length;
      return Math.sqrt(sum(gaps.map((gap) => (gap - mean) ** 2)) / gaps.length) / mean;
    }).sort((a, b) => a - b);
    expect(variations[15]).toBeGreaterThan(2.2);
    expect(variations[15]).toBeLessThan(12);
  });
});

describe('the calibrations', () => {
  const sample = eventsOf({ index: 1, plan: 'pro', requestsPerDay: 2_000 });
  const usdPerRequest = sum(sample.map(costUsd)) / sample.length;
  const usdPerMonth = (requestsPerDay: number): number => requestsPerDay * 30 * usdPerRequest;

  it('let the stated share of Pro subscribers reach $8,000 a month at API price', () => {
    for (const [calibration, { proAtCapsShare }] of Object.entries(CALIBRATIONS)) {
      const name = calibration as keyof typeof CALIBRATIONS;
      const pro = demoSubscribers({ ...options, subscribers: 50_000, calibration: name }).filter(
        ({ plan }) => plan === 'pro',
      );
      const reach = pro.filter(({ requestsPerDay }) => usdPerMonth(requestsPerDay) >= 8_000);
      expect(reach.length / pro.length / proAtCapsShare).toBeGreaterThan(0.7);
      expect(reach.length / pro.length / proAtCapsShare).toBeLessThan(1.4);
    }
  });

  it.each([
    ['light', false],
    ['typical', true],
    ['heavy', true],
  ] as const)('make the $200 plan at %s lose: %s, whatever the seed', (calibration, loses) => {
    for (let seed = 1; seed <= 20; seed++) {
      const pro = demoSubscribers({ subscribers: 1_000, calibration, seed }).filter(
        ({ plan }) => plan === 'pro',
      );
      const costs = pro.map(({ requestsPerDay }) => usdPerMonth(requestsPerDay));
      expect(sum(costs) / pro.length > 200).toBe(loses);
      // Because of its heavy users: most subscribers cost less than they pay.
      const inBlack = costs.filter((cost) => cost < 200).length / pro.length;
      expect(inBlack).toBeGreaterThan(0.5);
    }
  });

  it('let the mean free user of "typical" send 3.7 requests a day', () => {
    // The mean of a log-normal is its median times e^(σ²/2).
    const mean = requestsPerDayMedian('free', 'typical') * Math.exp(2.15 ** 2 / 2);
    expect(mean).toBeGreaterThan(3.4);
    expect(mean).toBeLessThan(4);
  });
});
