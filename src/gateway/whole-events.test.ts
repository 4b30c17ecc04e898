import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WholeEvents } from './whole-events.ts';

const lineEnd = fc.constantFrom('\n', '\r\n');
const event = fc
  .tuple(
    fc.array(fc.constantFrom('data: {"a":"水"}', 'event: delta', ': note', 'data: x'), {
      minLength: 1,
      maxLength: 3,
    }),
    lineEnd,
  )
  .map(([lines, end]) => lines.map((line) => line + end).join('') + end);

/** Cuts a buffer at sorted offsets. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
    bytes.length,
  ];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

test('however a stream is cut, only whole events are passed on, and every byte once', () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }),
      fc.string({ maxLength: 5 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (events, tail, cuts) => {
        const rest = tail.replaceAll(/[\r\n]/g, '');
        const bytes = Buffer.from(events.join('') + rest);
        const ends = new Set(
          events.map((_, index) => Buffer.byteLength(events.slice(0, index + 1).join(''))),
        );
        const whole = new WholeEvents();
        let passed = 0;
        const out: Buffer[] = [];
        for (const piece of pieces(bytes, cuts)) {
          const ready = whole.push(piece);
          if (ready === undefined) continue;
          passed += ready.length;
          expect(ends.has(passed)).toBe(true);
          out.push(ready);
        }
        expect(passed).toBe(Buffer.byteLength(events.join('')));
        expect(Buffer.concat([...out, whole.rest()])).toEqual(bytes);
      },
    ),
  );
});

test('a chunk of whole events is passed on without a copy', () => {
  const chunk = Buffer.from('data: 1\n\ndata: 2\n\n');
  expect(new WholeEvents().push(chunk)).toBe(chunk);
});
