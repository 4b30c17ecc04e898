import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idFromUuid, mintedAtMs, namedId, newId, parseId, uuidOf } from './id.ts';
import { seededRandom, systemRandom } from './random.ts';

describe('ids', () => {
  it('survive the way to the database and back', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const id = idFromUuid('request', uuid);
        expect(uuidOf(id)).toBe(uuid);
        expect(parseId('request', id)).toBe(id);
        expect(parseId('customer', id)).toBeUndefined();
        // The slow way, by arithmetic on the whole number.
        const value = Array.from(id.slice(4)).reduce(
          (sum, character) =>
            sum * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(character)),
          0n,
        );
        expect(uuidOf(id).replaceAll('-', '')).toBe(value.toString(16).padStart(32, '0'));
      }),
    );
  });

  it('sort by the time of their making, and are UUIDs of version 7', () => {
    let nowMs = 1_800_000_000_000;
    const clock = { nowMs: () => (nowMs += 1) };
    const ids = Array.from({ length: 100 }, () => newId('request', clock, seededRandom(nowMs)));
    expect([...ids].sort()).toEqual(ids);
    expect(uuidOf(ids[0] ?? namedId('request', ''))[14]).toBe('7');
  });

  it('tell when they were made', () => {
    const atMs = 1_793_491_200_123;
    expect(mintedAtMs(uuidOf(newId('request', { nowMs: () => atMs }, seededRandom(1))))).toBe(atMs);
  });

  it('refuse a text that is no id', () => {
    expect(() => uuidOf('req_u' as never)).toThrow(RangeError);
    expect(() => uuidOf('req_é' as never)).toThrow(RangeError);
  });

  it('is the same for the same name', () => {
    expect(namedId('planVersion', 'pro/1')).toBe(namedId('planVersion', 'pro/1'));
    expect(namedId('planVersion', 'pro/1')).not.toBe(namedId('planVersion', 'pro/2'));
  });

  it('refuses what is no id', () => {
    for (const text of ['', 'cus_', 'cus_zzzzzzzzzzzzzzzzzzzzzzzzzz', 'cus_0', '0']) {
      expect(parseId('customer', text)).toBeUndefined();
    }
  });
});

describe('randomness', () => {
  it('gives the same sequence for the same seed', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('stays in range and does not hand out the same bytes twice', () => {
    for (const random of [seededRandom(1), systemRandom]) {
      for (let i = 0; i < 2000; i++) {
        const value = random.next();
        expect(value >= 0 && value < 1).toBe(true);
        expect(random.below(7)).toBeLessThan(7);
      }
    }
    const seen = new Set(
      Array.from({ length: 1000 }, () => Buffer.from(systemRandom.bytes(16)).toString('hex')),
    );
    expect(seen.size).toBe(1000);
    expect(systemRandom.bytes(10_000)).toHaveLength(10_000);
  });
});
