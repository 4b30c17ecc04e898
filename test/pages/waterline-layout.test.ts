import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, type Floater } from '../../web/operator/waterline-layout.ts';

const ROOM = { width: 1000, plotHeight: 250, labelHeight: 60, slotWidthMin: 118, gap: 12 };

const plan = (id: string, subscribers: number, margin: number): Floater => ({
  id,
  subscribers,
  margin,
});

describe('the waterline', () => {
  it('hangs what loses money below the line, in proportion to what floats', () => {
    const { blocks } = layOut([plan('plus', 100, 20), plan('pro', 100, -10)], ROOM);
    expect(blocks[0]?.height).toBeCloseTo(-2 * (blocks[1]?.height ?? 0));
    expect(blocks.map(({ isCut }) => isCut)).toEqual([false, false]);
  });

  it('cuts the one that towers and leaves the others in proportion', () => {
    const { blocks } = layOut(
      [plan('plus', 150, 15), plan('pro', 40, -177), plan('max', 5, 1650)],
      ROOM,
    );
    const [plus, pro, max] = blocks;
    expect(max?.isCut).toBe(true);
    expect(max?.height).toBeCloseTo(-1.6 * (pro?.height ?? 0));
    expect((plus?.height ?? 0) / (pro?.height ?? 1)).toBeCloseTo(15 / -177);
  });

  it('names the line above it where what stands at its end hangs below', () => {
    const ends = (last: number): boolean =>
      layOut([plan('free', 10, 0), plan('pro', 10, last)], ROOM).isLabelBelow;
    expect(ends(5)).toBe(true);
    expect(ends(-5)).toBe(false);
    // A pillar at the end is in the way above; what hangs beside it is not, below.
    const phone = { width: 358, plotHeight: 190, labelHeight: 62, slotWidthMin: 62, gap: 4 };
    const demo = [
      plan('free', 300, -0.13),
      plan('payg', 5, 0.67),
      plan('plus', 150, 15.75),
      plan('pro', 40, -170),
      plan('max', 5, 1700),
    ];
    expect(layOut(demo, phone).isLabelBelow).toBe(true);
  });

  it('draws nothing where nobody earns or loses', () => {
    const { blocks, height } = layOut([plan('free', 3, 0)], ROOM);
    expect(blocks[0]?.height).toBe(0);
    expect(Number.isFinite(height)).toBe(true);
  });

  it('keeps all blocks in their slots, slots apart, and within the room', () => {
    const plans = fc.array(
      fc.record({
        id: fc.uuid(),
        subscribers: fc.integer({ min: 1, max: 50_000 }),
        margin: fc.integer({ min: -1e12, max: 1e12 }),
      }),
      { minLength: 1, maxLength: 7 },
    );
    fc.assert(
      fc.property(plans, (some) => {
        const { blocks, lineY, height } = layOut(some, ROOM);
        for (const [index, block] of blocks.entries()) {
          expect(block.width).toBeLessThanOrEqual(block.slotWidth + 1e-6);
          const nextX = blocks[index + 1]?.slotX ?? Number.POSITIVE_INFINITY;
          expect(nextX).toBeGreaterThanOrEqual(block.slotX + block.slotWidth);
          expect(lineY - block.height).toBeGreaterThanOrEqual(0);
          expect(lineY - block.height).toBeLessThanOrEqual(height);
          expect(Math.sign(block.height)).toBe(Math.sign(some[index]?.margin ?? 0));
        }
        const last = blocks.at(-1);
        expect((last?.slotX ?? 0) + (last?.slotWidth ?? 0)).toBeLessThanOrEqual(ROOM.width + 1e-3);
      }),
    );
  });
});
