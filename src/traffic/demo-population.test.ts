import { describe, expect, it } from 'vitest';
import { PLAN_MIX } from './calibration.ts';
import { demoDay, demoSubscribers, type DemoOptions } from './demo-population.ts';

const options: DemoOptions = {
  subscribers: 20_000,
  days: 3,
  calibration: 'typical',
  seed: 7,
  endMs: Date.UTC(2026, 10, 24),
};

describe("the demo's population", () => {
  it('is the same for the same seed, and another for another', () => {
    const small = { ...options, subscribers: 50 };
    expect(demoSubscribers(small)).toEqual(demoSubscribers(small));
    expect(demoSubscribers(small)).not.toEqual(demoSubscribers({ ...small, seed: 8 }));
    const [first] = demoSubscribers(small);
    if (!first) throw new Error('nobody subscribes');
    expect(demoDay({ ...first, requestsPerDay: 20 }, 1, small)).toEqual(
      demoDay({ ...first, requestsPerDay: 20 }, 1, small),
    );
  });

  it('has the heavy tail that production shows: top 1% 16–52%, top 10% 49–80% of requests', () => {
    const volumes = demoSubscribers(options)
      .map(({ requestsPerDay }) => requestsPerDay)
      .sort((a, b) => b - a);
    const total = volumes.reduce((sum, volume) => sum + volume, 0);
    const share = (part: number): number =>
      volumes.slice(0, volumes.length * part).reduce((sum, volume) => sum + volume, 0) / total;
    expect(share(0.01)).toBeGreaterThan(0.16);
    expect(share(0.01)).toBeLessThan(0.52);
    expect(share(0.1)).toBeGreaterThan(0.49);
    expect(share(0.1)).toBeLessThan(0.88);
  });

  it('subscribes in the stated mix', () => {
    const counts = Map.groupBy(demoSubscribers(options), ({ plan }) => plan);
    for (const [plan, percent] of Object.entries(PLAN_MIX)) {
      const share = (counts.get(plan as keyof typeof PLAN_MIX)?.length ?? 0) / options.subscribers;
      expect(Math.abs(share - percent / 100)).toBeLessThan(0.01);
    }
  });

  it('sends requests in order, inside the day, with counts that fit each other', () => {
    const subscriber = { index: 3, plan: 'pro', requestsPerDay: 400 } as const;
    const events = [0, 1, 2].flatMap((day) => demoDay(subscriber, day, options));
    expect(events.length).toBeGreaterThan(50);
    for (const [i, event] of events.entries()) {
      expect(event.atMs).toBeGreaterThanOrEqual(
        events[i - 1]?.atMs ?? options.endMs - 3 * 86_400_000,
      );
      expect(event.atMs).toBeLessThan(options.endMs);
      expect(event.cachedTokens).toBeLessThanOrEqual(event.inputTokens);
      expect(event.reasoningTokens > 0).toBe(event.className === 'reasoning');
    }
  });
});
