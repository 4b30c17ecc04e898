import { describe, expect, it } from 'vitest';
import { seededRandom, shuffle } from '#base/random.ts';
import { apportion, chooserOf, fromQuantiles, logNormals, normalQuantile, seedOf } from './draw.ts';

describe('draws', () => {
  it.each([
    [0.5, 0],
    [0.841344746068543, 1],
    [0.975, 1.959963984540054],
    [0.99, 2.3263478740408408],
    [0.999, 3.090232306167813],
    [0.001, -3.090232306167813],
    [1e-9, -5.997807015007687],
  ])('know the normal quantile of %f', (p, expected) => {
    expect(normalQuantile(p)).toBeCloseTo(expected, 7);
  });

  it('take one log-normal from every slice, so that the sample median is the median', () => {
    const values = logNormals(seededRandom(1), 1001, { median: 10, sigma: 2.15 });
    expect(values.toSorted((a, b) => a - b)).toEqual(values);
    expect(values[500]).toBeGreaterThan(9.9);
    expect(values[500]).toBeLessThan(10.1);
    const above = values.filter((value) => value > 10 * Math.exp(2.15 * normalQuantile(0.99)));
    expect(above.length).toBeGreaterThanOrEqual(10);
    expect(above.length).toBeLessThanOrEqual(11);
  });

  it('choose in proportion to weights, and never what has none', () => {
    const chooser = chooserOf({ rare: 1, never: 0, often: 3 });
    const random = seededRandom(5);
    const counts = { rare: 0, never: 0, often: 0 };
    for (let i = 0; i < 20_000; i++) counts[chooser.choose(random)]++;
    expect(counts.never).toBe(0);
    expect(counts.often / counts.rare).toBeGreaterThan(2.8);
    expect(counts.often / counts.rare).toBeLessThan(3.2);
    expect(() => chooserOf({ nothing: 0 })).toThrow(RangeError);
  });

  it('apportion a whole without losing or making any of it', () => {
    expect(Object.fromEntries(apportion(500, { a: 60, b: 30, c: 8, d: 1, e: 1 }))).toEqual({
      a: 300,
      b: 150,
      c: 40,
      d: 5,
      e: 5,
    });
    for (let whole = 0; whole < 200; whole++) {
      const counts = [...apportion(whole, { a: 60, b: 30, c: 8, d: 1, e: 1 }).values()];
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(whole);
    }
  });

  it('follow the quantiles they are given', () => {
    const random = seededRandom(2);
    const quantiles = [
      [0, 10],
      [0.5, 100],
      [0.9, 200],
      [1, 1000],
    ] as const;
    const values = Array.from({ length: 20_000 }, () => fromQuantiles(random, quantiles));
    values.sort((a, b) => a - b);
    for (const [share, value] of quantiles) {
      const found = values[Math.min(19_999, Math.floor(share * 20_000))] ?? 0;
      expect(Math.abs(found / value - 1)).toBeLessThan(0.05);
    }
  });

  it('shuffle without losing anything', () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    shuffle(values, seededRandom(4));
    expect(values).not.toEqual(values.toSorted((a, b) => a - b));
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('have a seed of their own for every part, also for large seeds', () => {
    const seeds = new Set<number>();
    for (const seed of [0, 1, 2, 2 ** 32, 2 ** 53 - 1]) {
      for (let index = 0; index < 300; index++) {
        for (let day = 0; day < 40; day++) seeds.add(seedOf(seed, index, day));
      }
    }
    expect(seeds.size).toBe(5 * 300 * 40);
    expect([...seeds].every(Number.isSafeInteger)).toBe(true);
  });
});
