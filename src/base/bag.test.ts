import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bag } from './bag.ts';

test('holds what a Set would hold', () => {
  const items = Array.from({ length: 12 }, (_, name) => ({ name, place: -1 }));
  const step = fc.record({ adds: fc.boolean(), index: fc.nat(items.length - 1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const bag = new Bag<(typeof items)[number]>();
      const set = new Set<(typeof items)[number]>();
      for (const { adds, index } of steps) {
        const item = items[index];
        if (item === undefined) continue;
        if (!adds) {
          bag.remove(item);
          set.delete(item);
        } else if (!set.has(item)) {
          bag.add(item);
          set.add(item);
        }
        expect(bag.size).toBe(set.size);
      }
      expect(new Set(bag)).toEqual(set);
    }),
  );
});

test('may lose items while they are visited', () => {
  const bag = new Bag<{ place: number }>();
  for (let i = 0; i < 5; i++) bag.add({ place: -1 });
  let visited = 0;
  for (const item of bag) {
    bag.remove(item);
    visited += 1;
  }
  expect([visited, bag.size]).toEqual([5, 0]);
});
