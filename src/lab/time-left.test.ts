import { expect, test } from 'vitest';
import { TimeLeft } from './time-left.ts';

test('the rest of a step takes as long as what is done of it took', () => {
  const left = new TimeLeft();
  const at = (text: string, done: number, nowMs: number) =>
    left.secondsOf({ text, done, of: 100 }, nowMs);
  expect(at('Reading', 0, 0)).toBeUndefined();
  expect(at('Reading', 10, 1000)).toBeUndefined();
  expect(at('Reading', 20, 2000)).toBe(8);
  expect(at('Reading', 100, 9000)).toBe(1);
  // A step that was half done when it was first heard of is counted from there.
  expect(at('Trying', 50, 10_000)).toBeUndefined();
  expect(at('Trying', 60, 15_000)).toBe(20);
  expect(left.secondsOf({ text: 'The best', done: 0, of: 1 }, 30_000)).toBeUndefined();
});
