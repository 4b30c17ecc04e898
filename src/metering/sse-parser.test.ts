import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SseParser, type SseEvent } from './sse-parser.ts';

function parse(
  stream: Uint8Array,
  cuts: readonly number[] = [],
  lineBytesMax?: number,
): SseEvent[] {
  const parser = new SseParser(lineBytesMax);
  const events: SseEvent[] = [];
  let from = 0;
  for (const cut of [...cuts, stream.length].sort((a, b) => a - b)) {
    events.push(...parser.push(stream.subarray(from, cut)));
    from = cut;
  }
  return [...events, ...parser.end()];
}

const text = (stream: string): Buffer => Buffer.from(stream);

describe('server-sent events', () => {
  test.each([
    ['LF', 'event: a\ndata: 1\n\ndata: 2\n\n'],
    ['CRLF', 'event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n'],
    ['CR', 'event: a\rdata: 1\r\rdata: 2\r\r'],
    ['a byte order mark', '\uFEFFevent: a\ndata: 1\n\ndata: 2\n\n'],
    [
      'comments and unknown fields',
      ': hi\nid: 7\nevent: a\n:\ndata: 1\nretry: 9\n\n: ping\n\ndata: 2\n\n',
    ],
    ['no space after the colon', 'event:a\ndata:1\n\ndata:2\n\n'],
    ['no blank line at the end', 'event: a\ndata: 1\n\ndata: 2'],
    ['mixed line ends', 'event: a\r\ndata: 1\n\rdata: 2\r\n\n'],
  ])('%s', (_name, stream) => {
    const expected = [
      { name: 'a', data: '1' },
      { name: undefined, data: '2' },
    ];
    expect(parse(text(stream))).toEqual(expected);
    for (let cut = 0; cut <= text(stream).length; cut++)
      expect(parse(text(stream), [cut])).toEqual(expected);
  });

  test('lines of data are joined; a bare field is empty data', () => {
    expect(parse(text('data: a\ndata\ndata:  b\n\n'))).toEqual([
      { name: undefined, data: 'a\n\n b' },
    ]);
  });

  test('an event without data is not dispatched, and its name does not leak', () => {
    expect(parse(text('event: a\n\ndata: 1\n\n'))).toEqual([{ name: undefined, data: '1' }]);
  });

  test('a line past the limit drops its event only, and is reported', () => {
    const parser = new SseParser(16);
    const events = [
      ...parser.push(text(`data: 1\n\ndata: ${'x'.repeat(9)}`)),
      ...parser.push(text(`${'x'.repeat(90)}\ndata: y\n\ndata: 2\n\n`)),
    ];
    expect(events.map((event) => event.data)).toEqual(['1', '2']);
    expect(parser.overflowed).toBe(true);
    expect(parse(text('data: 1\n\n'), [], 16)).toHaveLength(1);
  });

  test('cut anywhere, in characters and line ends too, the events are the same', () => {
    const line = fc.stringMatching(/^[^\r\n]*$/u);
    const event = fc.record({
      name: fc.option(fc.constantFrom('a', 'message_delta'), { nil: undefined }),
      data: fc.array(line, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(400)),
        (events, end, cuts) => {
          const wire = events.map(({ name, data }) =>
            [
              ...(name === undefined ? [] : [`event: ${name}`]),
              ...data.map((part) => `data: ${part}`),
              '',
              '',
            ].join(end),
          );
          const bytes = text(wire.join(''));
          const expected = events.map(({ name, data }) => ({
            name,
            data: Buffer.from(data.join('\n')).toString(),
          }));
          const within = cuts.map((cut) => Math.min(cut, bytes.length));
          expect(parse(bytes, within)).toEqual(expected);
        },
      ),
    );
  });

  test('random bytes never throw, and give no event with a line end in its name', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), (bytes, cuts) => {
        const within = cuts.map((cut) => Math.min(cut, bytes.length));
        for (const { name } of parse(bytes, within, 40)) expect(name ?? '').not.toMatch(/[\r\n]/);
      }),
    );
  });
});
