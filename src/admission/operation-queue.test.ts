import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Operation } from './operation.ts';
import { OperationQueue } from './operation-queue.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Numbered {
  readonly number: number;
  readonly account: string;
  readonly isUrgent: boolean;
}

const coming = fc.record({
  account: fc.constantFrom('a', 'b', 'c', 'd'),
  isUrgent: fc.boolean(),
});
const taking = fc.record({
  max: fc.integer({ min: 1, max: 8 }),
  urgentMax: fc.integer({ min: 1, max: 8 }),
});

it('gives each operation once, in the order of its account, and no more that are urgent than asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(coming, taking, fc.constant('hurry' as const))), (steps) => {
      const queue = new OperationQueue({ restMs: 25, restMax: 6 });
      const given: Numbered[] = [];
      const taken: Numbered[] = [];
      const takings: { some: readonly Numbered[]; max: number; urgentMax: number }[] = [];
      let isDueAtOnce = true;
      const take = (max: number, urgentMax: number): void => {
        const some = queue.take(max, urgentMax) as unknown as readonly Numbered[];
        taken.push(...some);
        takings.push({ some, max, urgentMax });
      };
      for (const step of steps) {
        if (step === 'hurry') queue.hurry();
        else if ('max' in step) {
          if (queue.isDue) take(step.max, step.urgentMax);
        } else {
          const operation = { number: given.length, ...step };
          given.push(operation);
          queue.push(operation as unknown as Operation);
          isDueAtOnce &&= queue.isDue || !step.isUrgent;
        }
      }
      // What rests is due before long, whatever was taken meanwhile.
      vi.advanceTimersByTime(25);
      while (queue.length > 0) {
        expect(queue.isDue).toBe(true);
        take(3, 2);
      }
      expect(queue.isDue).toBe(false);
      expect(isDueAtOnce).toBe(true);
      for (const { some, max, urgentMax } of takings) {
        expect(some.length).toBeGreaterThan(0);
        expect(some.length).toBeLessThanOrEqual(max);
        expect(some.filter(({ isUrgent }) => isUrgent).length).toBeLessThanOrEqual(urgentMax);
      }
      for (const account of ['a', 'b', 'c', 'd']) {
        const of = (operations: readonly Numbered[]) =>
          operations.filter((each) => each.account === account).map(({ number }) => number);
        expect(of(taken)).toEqual(of(given));
      }
    }),
  );
});

it.each([
  ['what an urgent one took along', true],
  ['whoever asked for it', false],
])('wakes for what rests after a rest that was ended by %s', async (_, isTakenAlong) => {
  const queue = new OperationQueue({ restMs: 25, restMax: 6 });
  const push = (account: string, isUrgent: boolean) =>
    queue.push({ account, isUrgent } as unknown as Operation);
  push('a', false);
  if (isTakenAlong) push('a', true);
  else queue.hurry();
  queue.take(8, 4);
  expect(queue.length).toBe(0);
  if (!isTakenAlong) queue.hurry();
  vi.advanceTimersByTime(25);
  let isWoken = false;
  void queue.change().then(() => (isWoken = true));
  push('b', false);
  expect(queue.isDue).toBe(false);
  vi.advanceTimersByTime(25);
  await Promise.resolve();
  expect([queue.isDue, isWoken]).toEqual([true, true]);
});
