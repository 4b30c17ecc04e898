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
