import { expect, it } from 'vitest';
import { BatchSize } from './batch-size.ts';

const MAX = 512;

/** Serves so many requests that wait already, and then nothing for a while. @returns the batches' sizes */
function clump(size: BatchSize, waiting: number): readonly number[] {
  const sizes: number[] = [];
  for (let left = waiting; left > 0;) {
    const taken = Math.min(left, size.urgentMax);
    sizes.push(taken);
    left -= taken;
    size.took(taken, left > 0);
  }
  size.idle();
  return sizes;
}

it('sends a clump on in small batches, however often it comes', () => {
  const size = new BatchSize({ first: 4, max: MAX });
  for (let times = 0; times < 5; times++) expect(clump(size, 32)).toEqual([4, 4, 4, 4, 4, 4, 4, 4]);
  expect(size.isCrowded).toBe(false);
});

it('grows while more keeps coming, up to the largest batch, and is calm again after a while of little', () => {
  const size = new BatchSize({ first: 4, max: MAX });
  for (let batches = 0; batches < 100; batches++) size.took(size.urgentMax, true);
  expect(size.urgentMax).toBe(MAX);
  expect(size.isCrowded).toBe(true);
  size.took(12, false);
  expect(size.isCrowded).toBe(false);
  for (let pauses = 0; pauses < 10; pauses++) size.idle();
  expect(size.urgentMax).toBe(4);
});

it('does not grow by batches that had room left', () => {
  const size = new BatchSize({ first: 4, max: MAX });
  for (let batches = 0; batches < 100; batches++) size.took(3, true);
  expect(size.urgentMax).toBe(4);
});
