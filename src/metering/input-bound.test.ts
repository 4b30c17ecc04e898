import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, test } from 'vitest';
import { inputTokensUpperBound, TOKENS_PER_IMAGE_MAX } from './input-bound.ts';

function boundOf(body: unknown): ReturnType<typeof inputTokensUpperBound> {
  return inputTokensUpperBound(body, Buffer.byteLength(JSON.stringify(body)));
}

describe('the bound on input tokens', () => {
  test('is never below the tokens of the text, whatever the script', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 5 }),
        (texts) => {
          const body = {
            model: 'm',
            messages: texts.map((content) => ({ role: 'user', content })),
          };
          const tokens = texts.reduce(
            (sum, text) => sum + 4 + countTokens(text, { disallowedSpecial: new Set<string>() }),
            3,
          );
          expect(boundOf(body).tokens).toBeGreaterThanOrEqual(tokens);
          expect(boundOf(body).unbounded).toEqual([]);
        },
      ),
    );
  });

  test('an image has a bound of its own, in every wire', () => {
    for (const part of [
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'input_image', image_url: 'https://example.com/a.png' },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { type: 'tool_result', content: [{ type: 'image', source: { type: 'url', url: 'x' } }] },
    ]) {
      expect(boundOf({ messages: [{ role: 'user', content: [part] }] }).tokens).toBeGreaterThan(
        TOKENS_PER_IMAGE_MAX,
      );
    }
  });

  test('names what it cannot bound', () => {
    const body = {
      previous_response_id: 'resp_1',
      tools: [
        { type: 'web_search' },
        { type: 'function', function: { name: 'f' } },
        { googleSearch: {} },
      ],
      input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }],
    };
    expect(boundOf(body).unbounded).toEqual([
      'previous_response_id',
      'tools.web_search',
      'tools.google_search',
      'content.input_file',
    ]);
    expect(boundOf({ messages: [], tools: [{ type: 'function' }] }).unbounded).toEqual([]);
  });

  test('any JSON has a bound', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(boundOf(body).tokens).toBeGreaterThan(0);
      }),
    );
  });
});
