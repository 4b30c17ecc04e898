import { expect, test } from 'vitest';
import { GuessPace } from './guess-pace.ts';

function skipped(pace: GuessPace): number {
  let batches = 0;
  while (!pace.mayGuess()) batches += 1;
  return batches;
}

test('pauses for longer after each wrong guess, and no longer than a bound', () => {
  const pace = new GuessPace();
  expect(skipped(pace)).toBe(0);
  const pauses = Array.from({ length: 12 }, () => {
    pace.wasWrong();
    return skipped(pace);
  });
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]);
});

test('begins anew after a guess that was right', () => {
  const pace = new GuessPace();
  for (let i = 0; i < 5; i++) pace.wasWrong();
  skipped(pace);
  pace.wasRight();
  pace.wasWrong();
  expect(skipped(pace)).toBe(2);
});
