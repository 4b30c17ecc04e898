import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutCurve } from '../../web/operator/curve-layout.ts';

const ROOM = { width: 800, height: 300, top: 30, left: 60 };

describe('the curve of a plan', () => {
  it('crosses the waterline after those who are below', () => {
    const layout = layOutCurve([-50, -10, 5, 20], 2, ROOM);
    expect(layout.crossingX).toBe(layout.xOf(2));
    expect(layout.yOf(0)).toBeGreaterThan(ROOM.top);
    expect(layout.ticks).toContain(0);
  });

  it('draws 50,000 subscribers with two points a pixel and keeps the worst and the best', () => {
    const margins = Array.from({ length: 50_000 }, (_, index) => index - 4_000);
    const layout = layOutCurve(margins, 4_000, ROOM);
    const points = layout.line.split('L').length;
    expect(points).toBeLessThanOrEqual(2 * ROOM.width);
    expect(layout.yOf(margins[0] ?? 0)).toBeCloseTo(ROOM.top + ROOM.height);
    expect(layout.yOf(margins.at(-1) ?? 0)).toBeCloseTo(ROOM.top);
  });

  it('finds under the pointer the subscriber that is drawn there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 700 }),
        fc.nat(),
        (some, at) => {
          const margins = some.toSorted((a, b) => a - b);
          const below = margins.filter((margin) => margin < 0).length;
          const layout = layOutCurve(margins, below, ROOM);
          const index = at % margins.length;
          expect(layout.indexAt(layout.xOf(index + 0.5))).toBe(index);
        },
      ),
    );
  });
});
