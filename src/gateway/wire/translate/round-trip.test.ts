import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json-shape.ts';
import { translateRequest } from './request-fixture.ts';

const schema = { type: 'object', properties: { city: { type: 'string' } } };
const png = 'iVBORw0KGgo=';

describe('round trips', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' });
  const id = fc.stringMatching(/^[a-z]{1,8}$/);
  const input = fc.dictionary(
    id,
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    { noNullPrototype: true },
  );
  const picture = fc.constant({
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: png },
  });
  const block = fc.oneof(
    text.map((each) => ({ type: 'text', text: each })),
    picture,
  );
  const turn = fc.oneof(
    fc
      .oneof(text, fc.array(block, { minLength: 1, maxLength: 3 }))
      .map((content) => [{ role: 'user', content }]),
    text.map((content) => [
      { role: 'assistant', content },
      { role: 'user', content: 'go on' },
    ]),
    fc
      .record({ say: fc.option(text), id, name: id, input, answer: text })
      .map(({ say, name, answer, ...call }) => [
        {
          role: 'assistant',
          content: [
            ...(say === null ? [] : [{ type: 'text', text: say }]),
            { type: 'tool_use', id: call.id, name, input: call.input },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: answer }] },
        { role: 'assistant', content: 'done' },
        { role: 'user', content: 'thanks' },
      ]),
  );
  const tool = fc.record({
    name: id,
    description: text,
    input_schema: fc.constant(schema),
    strict: fc.boolean(),
  });
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const conversation = fc.record({
    model: fc.constant('up'),
    max_tokens: fc.integer({ min: 1, max: 9999 }),
    system: optional(text),
    messages: fc.array(turn, { minLength: 1, maxLength: 5 }).map((turns) => turns.flat()),
    tools: optional(fc.array(tool, { minLength: 1, maxLength: 3 })),
    tool_choice: fc.constantFrom(
      undefined,
      { type: 'auto' },
      { type: 'any' },
      { type: 'none' },
      { type: 'tool', name: 'a', disable_parallel_tool_use: true },
    ),
    temperature: fc.constantFrom(undefined, 0, 0.5, 1),
    top_p: fc.constantFrom(undefined, 0.9),
    stop_sequences: optional(fc.array(text, { minLength: 1, maxLength: 3 })),
    metadata: optional(fc.record({ user_id: id })),
    service_tier: fc.constantFrom(undefined, 'auto', 'standard_only'),
    output_config: fc.constantFrom(
      undefined,
      { effort: 'low' },
      { effort: 'max', format: { type: 'json_schema', schema } },
    ),
  });

  test('anthropic → chat → anthropic is the identity on text, tools and pictures', () => {
    fc.assert(
      fc.property(conversation, (drawn) => {
        const body = JSON.parse(
          JSON.stringify({ ...drawn, tool_choice: drawn.tools && drawn.tool_choice }),
        ) as JsonObject;
        const there = translateRequest('anthropic-messages', 'openai-chat', body);
        expect(translateRequest('openai-chat', 'anthropic-messages', there)).toEqual(body);
      }),
      { numRuns: 500 },
    );
  });

  test('chat → anthropic → chat is the identity from the second step on', () => {
    fc.assert(
      fc.property(conversation, (drawn) => {
        const body = JSON.parse(
          JSON.stringify({ ...drawn, tool_choice: drawn.tools && drawn.tool_choice }),
        ) as JsonObject;
        const chat = translateRequest('anthropic-messages', 'openai-chat', body);
        const again = translateRequest(
          'anthropic-messages',
          'openai-chat',
          translateRequest('openai-chat', 'anthropic-messages', chat),
        );
        expect(again).toEqual(chat);
      }),
      { numRuns: 200 },
    );
  });
});
