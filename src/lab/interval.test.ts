import { expect, it } from 'vitest';
import { seededRandom } from '#base/random.ts';
import { bootstrap } from './interval.ts';

it('is as wide in groups as theory has it, where there are too many customers to draw each', () => {
  const random = seededRandom(3);
  const customers = Array.from({ length: 40_000 }, () => ({ part: random.next() - 0.2, whole: 1 }));
  const { sum } = bootstrap(customers, seededRandom(1));
  const mean = customers.reduce((all, { part }) => all + part, 0);
  // Uniform over a span of 1: variance 1/12 each; 90% within 1.645 standard errors.
  const half = 1.645 * Math.sqrt(customers.length / 12);
  expect(sum.low).toBeLessThan(mean);
  expect((sum.high - sum.low) / 2 / half).toBeGreaterThan(0.9);
  expect((sum.high - sum.low) / 2 / half).toBeLessThan(1.1);
});
