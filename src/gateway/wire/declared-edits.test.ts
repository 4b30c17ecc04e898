import { DomainError } from '#base/domain-error.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEPTH_MAX, mapMembers } from './body-map.ts';
import {
  editRequest,
  isUsageOnlyChunk,
  publicModelInBody,
  publicModelInEvent,
  type RequestEdits,
} from './declared-edits.ts';

function edit(text: string, edits: RequestEdits): string {
  const body = Buffer.from(text);
  return editRequest(body, mapMembers(body), edits).toString();
}

/** Serialises with white space and escapes that `JSON.stringify` would never choose. */
function untidy(value: unknown, space: string): string {
  if (Array.isArray(value))
    return `[${space}${value.map((item) => untidy(item, space)).join(`${space},${space}`)}${space}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${space}${Object.entries(value)
      .map(([key, item]) => `${escaped(key)}${space}:${space}${untidy(item, space)}`)
      .join(`${space},${space}`)}${space}}`;
  }
  return typeof value === 'string' ? escaped(value) : JSON.stringify(value);
}
const escaped = (text: string) =>
  JSON.stringify(text).replace(/[a-f]/g, (letter, at: number, all: string) =>
    all[at - 1] === '\\' || all.slice(0, at).match(/\\u[0-9a-f]{0,3}$/)
      ? letter
      : `\\u00${letter.charCodeAt(0).toString(16)}`,
  );

const json = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\\"', '{', '}]', null, true, 0.5, -7),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const options = fc.constantFrom(
  undefined,
  null,
  {},
  { include_usage: false },
  { include_usage: true, other: '}' },
  { a: [1, { include_usage: false }] },
);
const limit = fc.constantFrom(undefined, null, 10, 100, 1000);

test('spliced bytes parse to what the edit means, whatever else the body holds', () => {
  fc.assert(
    fc.property(
      fc.record({
        before: json,
        model: fc.string({ unit: 'binary' }),
        messages: json,
        stream_options: options,
        max_tokens: limit,
        max_completion_tokens: limit,
        after: json,
      }),
      fc.constantFrom('', ' ', '\n\t', '\r\n  '),
      fc.record({
        model: fc.string({ unit: 'binary' }),
        includeUsage: fc.boolean(),
        outputTokensMax: fc.constantFrom(50, 500),
      }),
      (record, space, edits) => {
        const body = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
        const expected = structuredClone(body);
        expected['model'] = edits.model;
        if (edits.includeUsage)
          expected['stream_options'] = {
            ...(expected['stream_options'] as object),
            include_usage: true,
          };
        const set = ['max_tokens', 'max_completion_tokens'].filter(
          (name) => typeof body[name] === 'number',
        );
        for (const name of set)
          expected[name] = Math.min(body[name] as number, edits.outputTokensMax);
        if (set.length === 0) expected['max_tokens'] = edits.outputTokensMax;
        const text = edit(untidy(body, space), { ...edits, outputLimitField: 'max_tokens' });
        expect(JSON.parse(text)).toEqual(expected);
      },
    ),
    { numRuns: 1000 },
  );
});

describe('what no edit names stays byte for byte', () => {
  test('numbers, order, space and unknown parameters', () => {
    const text =
      '{ "z":1.0, "model" :"a" ,"big":12345678901234567890,"huge":1e400,"neg":-0,\n"messages":[{"role":"user","content":"\\u0041\\/"}]}\n';
    expect(edit(text, { model: 'b' })).toBe(text.replace('"a"', '"b"'));
  });

  test('no edit returns the very buffer', () => {
    const body = Buffer.from('{"model":"a","max_tokens":5}');
    expect(editRequest(body, mapMembers(body), { outputTokensMax: 5 })).toBe(body);
  });

  test('a lower limit of the client’s stays, both limits are lowered, null is no limit', () => {
    expect(edit('{"max_tokens":5,"max_completion_tokens":50}', { outputTokensMax: 9 })).toBe(
      '{"max_tokens":5,"max_completion_tokens":9}',
    );
    expect(
      edit('{"max_completion_tokens":null}', {
        outputTokensMax: 9,
        outputLimitField: 'max_completion_tokens',
      }),
    ).toBe('{"max_completion_tokens":9}');
    expect(edit('{"model":"m"}', { outputTokensMax: 9 })).toBe('{"model":"m"}');
  });

  test('a model name inside a message is not the model', () => {
    const text = '{"messages":[{"model":"a","content":"\\"model\\":\\"a\\""}],"model":"a"}';
    expect(edit(text, { model: 'b' })).toBe(
      '{"messages":[{"model":"a","content":"\\"model\\":\\"a\\""}],"model":"b"}',
    );
  });
});

describe('what parsing lets pass', () => {
  const refused = (text: string) => {
    try {
      mapMembers(Buffer.from(text));
    } catch (error) {
      return error instanceof DomainError ? [error.code, error.field] : error;
    }
    return undefined;
  };

  test('a name given twice is refused, however it is spelled', () => {
    expect(refused('{"model":"a","max_tokens":1,"max_tokens":100000}')).toEqual([
      'invalid_request',
      'max_tokens',
    ]);
    expect(refused('{"n":1,"\\u006e":9}')).toEqual(['invalid_request', 'n']);
  });

  test('a depth bomb is refused without a stack', () => {
    const depth = 200_000;
    expect(refused(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toEqual([
      'invalid_request',
      '',
    ]);
    expect(
      refused(`{"a":${'['.repeat(DEPTH_MAX - 1)}${']'.repeat(DEPTH_MAX - 1)}}`),
    ).toBeUndefined();
  });

  test('no bytes make it throw anything else, or loop', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .array(fc.constantFrom('{', '}', '"', '\\', ':', ',', '[', ']', 'a', ' '), {
              maxLength: 60,
            })
            .map((list) => list.join('')),
        ),
        (text) => {
          const outcome = refused(text);
          expect(
            outcome === undefined || Array.isArray(outcome) || outcome instanceof SyntaxError,
          ).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('answers', () => {
  test('the public name replaces the supplier’s where the format has it', () => {
    const body = Buffer.from(
      '{"id":"x","model":"up-1","choices":[{"message":{"content":"\\"model\\":\\"up-1\\""}}],"n":1.0}',
    );
    expect(publicModelInBody(body, 'pub').toString()).toBe(
      body.toString().replace('"up-1"', '"pub"'),
    );
    expect(
      publicModelInEvent(
        'anthropic-messages',
        Buffer.from('{"type":"message_start","message":{"model":"up"}}'),
        'pub',
      ).toString(),
    ).toBe('{"type":"message_start","message":{"model":"pub"}}');
    expect(
      publicModelInEvent(
        'openai-responses',
        Buffer.from('{"type":"response.created","response":{"model":"up","tools":[]}}'),
        'pub',
      ).toString(),
    ).toContain('"model":"pub"');
  });

  test.each([
    '{"model":null}',
    '{"model":7}',
    '[1]',
    '"model"',
    '{"a":"model"}',
    '{"model":"a","model":"b"}',
    '{"message":[],"x":"model"}',
    '',
    '[DONE]',
  ])('%s is left alone', (text) => {
    const bytes = Buffer.from(text);
    expect(publicModelInEvent('openai-chat', bytes, 'pub')).toBe(bytes);
    expect(publicModelInEvent('anthropic-messages', bytes, 'pub')).toBe(bytes);
  });

  test('only a chunk without choices that carries usage is ours to strip', () => {
    expect(isUsageOnlyChunk({ choices: [], usage: { prompt_tokens: 1 } })).toBe(true);
    expect(isUsageOnlyChunk({ choices: [], usage: null })).toBe(false);
    expect(isUsageOnlyChunk({ choices: [], prompt_filter_results: [] })).toBe(false);
    expect(
      isUsageOnlyChunk({ choices: [{ index: 0, delta: {} }], usage: { prompt_tokens: 1 } }),
    ).toBe(false);
    expect(isUsageOnlyChunk(null)).toBe(false);
  });
});
