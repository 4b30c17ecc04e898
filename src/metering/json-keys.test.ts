import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonKeyScanner } from './json-keys.ts';

function scanner(): { scan: (json: unknown) => boolean; texts: string[] } {
  const texts: string[] = [];
  const keys = new JsonKeyScanner(
    { usage: 'fact', model: 'watched', content: 'text' },
    (bytes, from, end) => texts.push(Buffer.from(bytes).toString('utf8', from, end)),
  );
  return {
    scan: (json) => keys.scan(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))),
    texts,
  };
}

describe('keys in JSON bytes', () => {
  test('a fact counts at any depth unless it is null', () => {
    expect(scanner().scan({ a: [{ usage: { n: 1 } }] })).toBe(true);
    expect(scanner().scan('{"usage" :\n null}')).toBe(false);
    expect(scanner().scan('{"usage" :\n 0}')).toBe(true);
  });

  test('a key inside a text is text', () => {
    const { scan, texts } = scanner();
    expect(scan({ content: 'say "usage": {"n": 1} \\' })).toBe(false);
    expect(texts).toEqual([String.raw`say \"usage\": {\"n\": 1} \\`]);
    expect(scanner().scan({ other: 'usage' })).toBe(false);
  });

  test('a watched value is new once, and again after it was another', () => {
    const { scan } = scanner();
    const events = ['a', 'a', 'b', 'b', 'a', 'a'].map((model) => scan({ model, content: 'x' }));
    expect(events).toEqual([true, false, true, false, true, false]);
  });

  test('what is no JSON yields nothing and does not throw', () => {
    for (const broken of [
      '',
      '"',
      '"usage',
      '"usage"',
      '"usage":',
      '{"content":"',
      '"\\',
      '"model":"',
    ]) {
      expect([broken, scanner().scan(broken)]).toEqual([broken, broken === '"model":"']);
    }
  });

  test('over any sequence of events it finds what parsing them would', () => {
    const event = fc.record(
      {
        id: fc.constant('x'),
        model: fc.constantFrom('a', 'b'),
        content: fc.string(),
        more: fc.jsonValue(),
        usage: fc.constantFrom(null, { n: 1 }),
      },
      { requiredKeys: ['id'] },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const { scan, texts } = scanner();
        let model: string | undefined;
        for (const sent of events) {
          const mustParse = (sent.usage ?? null) !== null || (sent.model ?? model) !== model;
          model = sent.model ?? model;
          const isWanted = scan(sent);
          expect(isWanted || !mustParse).toBe(true);
        }
        const contents = events.flatMap((sent) =>
          sent.content === undefined ? [] : [sent.content],
        );
        const read = texts.map((raw) => JSON.parse(`"${raw}"`) as string);
        expect(read.filter((text) => contents.includes(text))).toEqual(
          contents.filter((text) => read.includes(text)),
        );
        expect(read.length).toBeGreaterThanOrEqual(contents.length);
      }),
    );
  });
});

test('says of each event in a stream what it would say without remembering the ones before', () => {
  const delta = fc.record({
    model: fc.constantFrom('a', 'b'),
    before: fc.constantFrom({}, { usage: null }, { usage: { n: 1 } }, { content: 'first' }),
    content: fc.string({ unit: 'grapheme', maxLength: 6 }),
    after: fc.constantFrom(
      {},
      { finish_reason: null },
      { finish_reason: 'stop' },
      { usage: null, model: 'b' },
      { content: 'x' },
      { obfuscation: 'qx' },
    ),
  });
  fc.assert(
    fc.property(fc.array(delta, { maxLength: 30 }), (deltas) => {
      let text = '';
      const scanner = new JsonKeyScanner(
        { usage: 'fact', finish_reason: 'fact', model: 'watched', content: 'text' },
        (bytes, from, end) => {
          text += Buffer.from(bytes.subarray(from, end)).toString();
        },
      );
      let expectedText = '';
      let last: string | undefined;
      for (const { model, before, content, after } of deltas) {
        const parts = [{ model }, before, { content }, after] as Record<string, unknown>[];
        // Objects in an array: a key may come twice, in a known order.
        let isWanted = false;
        for (const [key, value] of parts.flatMap((part) => Object.entries(part))) {
          if (key === 'content') expectedText += JSON.stringify(value).slice(1, -1);
          else if (key === 'model') {
            isWanted ||= value !== last;
            last = value as string;
          } else if (key !== 'obfuscation') isWanted ||= value !== null;
        }
        const json = Buffer.from(JSON.stringify({ id: 'x', parts }));
        expect(scanner.scan(json)).toBe(isWanted);
      }
      expect(text).toBe(expectedText);
    }),
    { numRuns: 2000 },
  );
});
