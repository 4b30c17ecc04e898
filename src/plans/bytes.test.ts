import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.ts';

const latin1 = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 300 })
  .map((codes) => String.fromCharCode(...codes));
const value = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 }), latin1);

function write(writer: ByteWriter, values: readonly (number | string)[]): Buffer {
  writer.clear();
  for (const each of values)
    if (typeof each === 'number') writer.varint(each);
    else writer.text(each);
  return writer.take();
}

function read(bytes: Buffer, values: readonly (number | string)[]): (number | string)[] {
  const reader = new ByteReader(bytes);
  const found = values.map((each) => (typeof each === 'number' ? reader.varint() : reader.text()));
  reader.end();
  return found;
}

describe('ByteWriter', () => {
  test('writes integers in base 128, low groups first', () => {
    const bytesOf = (integer: number) => [...write(new ByteWriter(), [integer])];
    expect(bytesOf(0)).toEqual([0]);
    expect(bytesOf(127)).toEqual([127]);
    expect(bytesOf(128)).toEqual([128, 1]);
    expect(bytesOf(2 ** 28 - 1)).toEqual([255, 255, 255, 127]);
    expect(bytesOf(2 ** 28)).toEqual([128, 128, 128, 128, 1]);
    expect(bytesOf(Number.MAX_SAFE_INTEGER)).toEqual([255, 255, 255, 255, 255, 255, 255, 15]);
  });

  test('gives back what it was given, next to every power of two', () => {
    const writer = new ByteWriter();
    for (let bit = 0; bit < 53; bit++) {
      const values = [2 ** bit - 1, 2 ** bit, 2 ** bit + 1].filter(Number.isSafeInteger);
      expect(read(write(writer, values), values)).toEqual(values);
    }
  });

  test('never writes over what was taken, however much comes after it', () => {
    const writer = new ByteWriter();
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 60 }), { maxLength: 60 }), (all) => {
        const taken = all.map((values) => write(writer, values));
        expect(taken.map((bytes, i) => read(bytes, all[i] ?? []))).toEqual(all);
      }),
    );
  });

  test('forgets a value that was not finished', () => {
    const writer = new ByteWriter();
    writer.text('half');
    expect(() => writer.varint(-1)).toThrow(RangeError);
    expect(() => writer.varint(0.5)).toThrow(RangeError);
    expect([...write(writer, [7])]).toEqual([7]);
  });
});
