import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, test } from 'vitest';
import { inputBound } from './input-bound.ts';
import { inspectRequest } from './inspect.ts';
import { mediaTokensMax, type MediaModel } from './media-bound.ts';
import type { MediaPart } from './request-facts.ts';

const model = (more: Partial<MediaModel> = {}): MediaModel => ({
  vendor: 'openai',
  model: 'gpt-5',
  contextTokens: 400_000,
  ...more,
});
const image = (detail?: string): MediaPart => ({
  kind: 'image',
  source: 'inline',
  bytes: 9,
  detail,
});

describe('one part', () => {
  // gpt-4o at high detail: 85 + 170 × 8 tiles of a 2048 × 768 picture (OpenAI, "Images and vision").
  test.each([
    ['openai', 'gpt-4o', 'high', 85 + 170 * 8],
    ['openai', 'gpt-4o-mini', 'high', 2_833 + 5_667 * 8],
    ['openai', 'gpt-4o-mini', 'low', 2_833],
    ['openai', 'gpt-4.1-mini', 'auto', Math.ceil(1_536 * 1.62)],
    ['anthropic', 'claude-opus', undefined, 1_600],
    ['gemini', 'gemini-flash', undefined, 258 * 16],
  ])(
    '%s %s at detail %s is bounded by what the vendor bills at most',
    (vendor, name, detail, billed) => {
      expect(mediaTokensMax(image(detail), model({ vendor, model: name }))).toBeGreaterThanOrEqual(
        billed,
      );
    },
  );

  test('nothing is larger than the context window, and unknown sizes are exactly it', () => {
    expect(
      mediaTokensMax(image('high'), model({ model: 'gpt-4o-mini', contextTokens: 8_000 })),
    ).toBe(8_000);
    expect(
      mediaTokensMax({ kind: 'file', source: 'inline', bytes: 10, detail: undefined }, model()),
    ).toBe(400_000);
    expect(
      mediaTokensMax({ kind: 'audio', source: 'remote', bytes: 0, detail: undefined }, model()),
    ).toBe(400_000);
  });

  test('a minute of sound at MP3’s lowest rate is at least what Gemini bills for it', () => {
    expect(
      mediaTokensMax(
        { kind: 'audio', source: 'inline', bytes: 60_000, detail: undefined },
        model(),
      ),
    ).toBeGreaterThanOrEqual(60 * 32);
  });
});

test('each use of a hosted tool reads the prompt again', () => {
  const body = {
    model: 'm',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
    tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }],
  };
  const facts = inspectRequest('anthropic-messages', body, 200);
  expect(inputBound(facts, model()).textTokens).toBe(
    (200 + facts.hiddenInputTokens + 2 * 50_000) * 3,
  );
  expect(inputBound(facts, model({ contextTokens: 1_000 })).textTokens).toBe(3_000);
});

test('sounds, pictures and text are apart', () => {
  const facts = inspectRequest(
    'openai-chat',
    {
      model: 'm',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'https://a/b' } },
            { type: 'input_audio', input_audio: { data: 'A'.repeat(400), format: 'mp3' } },
          ],
        },
      ],
    },
    700,
  );
  expect(inputBound(facts, model())).toEqual({
    textTokens: 300,
    imageTokens: 3_779,
    audioTokens: 13,
  });
});

test('text is never bounded below what a tokeniser makes of it, whatever the script', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 5 }),
      (texts) => {
        const body = { model: 'm', messages: texts.map((content) => ({ role: 'user', content })) };
        const facts = inspectRequest('openai-chat', body, Buffer.byteLength(JSON.stringify(body)));
        const bound = inputBound(facts, model());
        // Four tokens frame each message and three prime the reply.
        const tokens = texts.reduce(
          (sum, text) => sum + 4 + countTokens(text, { disallowedSpecial: new Set<string>() }),
          3,
        );
        expect(bound.textTokens).toBeGreaterThanOrEqual(tokens);
      },
    ),
  );
});
