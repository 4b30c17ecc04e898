import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptBytes, passingBytes } from './byte-memory.ts';

describe('passingBytes', () => {
  test('gives each what nobody else has, of the length asked for', () => {
    const lengths = fc.array(fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: 20_000 })));
    fc.assert(
      fc.property(lengths, (asked) => {
        const given = asked.map((length, mark) => passingBytes(length).fill(mark));
        expect(given.map(({ length }) => length)).toEqual(asked);
        for (const [mark, bytes] of given.entries())
          expect(bytes.every((byte) => byte === (mark & 255))).toBe(true);
      }),
    );
  });

  test('shares memory with its like, never with the pool that everything else shares', () => {
    const first = passingBytes(10);
    const pooled = Buffer.allocUnsafe(10);
    const owners = new Set([first.buffer]);
    for (let i = 0; i < 40; i++) owners.add(passingBytes(300).buffer);
    expect(owners.size).toBeLessThanOrEqual(2);
    expect(owners).not.toContain(pooled.buffer);
  });
});

describe('keptBytes', () => {
  test('is a copy of the parts in memory of its own', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 100 }));
    fc.assert(
      fc.property(parts, (given) => {
        const kept = keptBytes(...given);
        expect(kept).toEqual(Buffer.concat(given));
        expect(kept.buffer.byteLength).toBe(kept.length);
        const before = Buffer.from(kept);
        for (const part of given) part.fill(0);
        expect(kept).toEqual(before);
      }),
    );
  });
});
