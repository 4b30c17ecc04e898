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
      const take = (max: number, urgentMax: number): number => {
        const some = queue.take(max, urgentMax) as unknown as readonly Numbered[];
        expect(some.filter(({ isUrgent }) => isUrgent).length).toBeLessThanOrEqual(urgentMax);
        expect(some.length).toBeLessThanOrEqual(max);
        taken.push(...some);
        return some.length;
      };
      for (const step of steps) {
        if (step === 'hurry') queue.hurry();
        else if ('max' in step) {
          if (queue.isDue) expect(take(step.max, step.urgentMax)).toBeGreaterThan(0);
        } else {
          const operation = { number: given.length, ...step };
          given.push(operation);
          queue.push(operation as unknown as Operation);
          if (step.isUrgent) expect(queue.isDue).toBe(true);
        }
      }
      // What rests is due before long, whatever was taken meanwhile.
      vi.advanceTimersByTime(25);
      while (queue.length > 0) {
        expect(queue.isDue).toBe(true);
        take(3, 2);
      }
      expect(queue.isDue).toBe(false);
      for (const account of ['a', 'b', 'c', 'd']) {
        const of = (operations: readonly Numbered[]) =>
          operations.filter((each) => each.account === account).map(({ number }) => number);
        expect(of(taken)).toEqual(of(given));
      }
    }),
  );
});
