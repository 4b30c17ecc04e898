import type Anthropic from '@anthropic-ai/sdk';
import { DomainError } from '#base/domain-error.ts';
import fc from 'fast-check';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json-shape.ts';
import type { Surface } from '../request-facts.ts';
import { refusalOf, translateRequest } from './request-fixture.ts';
import { translationBetween } from './translation.ts';

const schema = { type: 'object', properties: { city: { type: 'string' } } };
const png = 'iVBORw0KGgo=';

describe('chat → anthropic', () => {
  test('a whole conversation with tools and pictures', () => {
    expect(
      translateRequest('openai-chat', 'anthropic-messages', {
        model: 'pub',
        max_completion_tokens: 500,
        temperature: 0.5,
        top_p: 0.9,
        stop: 'END',
        stream: true,
        stream_options: { include_usage: true },
        user: 'u1',
        reasoning_effort: 'high',
        parallel_tool_calls: false,
        tool_choice: 'required',
        seed: 4,
        frequency_penalty: 0,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
        tools: [
          {
            type: 'function',
            function: { name: 'weather', description: 'd', parameters: schema, strict: true },
          },
          { type: 'function', function: { name: 'now' } },
        ],
        messages: [
          { role: 'developer', content: 'be brief' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'look' },
              {
                type: 'image_url',
                image_url: { url: `data:image/png;base64,${png}`, detail: 'high' },
              },
              { type: 'image_url', image_url: { url: 'https://a/b.png' } },
            ],
          },
          {
            role: 'assistant',
            content: null,
            refusal: null,
            tool_calls: [
              {
                id: 'c1',
                type: 'function',
                function: { name: 'weather', arguments: '{"city":"Rome"}' },
              },
              { id: 'c2', type: 'function', function: { name: 'now', arguments: '' } },
            ],
          },
          { role: 'tool', tool_call_id: 'c1', content: '21' },
          { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'noon' }] },
          { role: 'user', content: 'and?' },
        ],
      } satisfies OpenAI.ChatCompletionCreateParams),
    ).toEqual({
      model: 'up',
      max_tokens: 500,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
      stream: true,
      system: 'be brief',
      metadata: { user_id: 'u1' },
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: { effort: 'high', format: { type: 'json_schema', schema } },
      tools: [
        { name: 'weather', description: 'd', input_schema: schema, strict: true },
        { name: 'now', input_schema: { type: 'object', properties: {} } },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
            { type: 'image', source: { type: 'url', url: 'https://a/b.png' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Rome' } },
            { type: 'tool_use', id: 'c2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: '21' },
            { type: 'tool_result', tool_use_id: 'c2', content: [{ type: 'text', text: 'noon' }] },
            { type: 'text', text: 'and?' },
          ],
        },
      ],
    });
  });

  test('without a limit the model’s own is sent', () => {
    expect(
      translateRequest('openai-chat', 'anthropic-messages', {
        model: 'm',
        messages: [{ role: 'user', content: 'x' }],
      })['max_tokens'],
    ).toBe(4096);
  });

  test('thinking goes back with its signature, so that a tool loop can go on', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
    const out = translateRequest('openai-chat', 'anthropic-messages', {
      model: 'm',
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'assistant',
          content: '',
          reasoning_content: 'hm',
          thinking_blocks: [thinking],
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: '' },
      ],
    });
    expect((out['messages'] as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: [thinking, { type: 'tool_use', id: 'c', name: 'f', input: {} }],
    });
  });

  const user = { role: 'user', content: 'x' };
  test.each<[string, object]>([
    ['temperature', { temperature: 1.5 }],
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['frequency_penalty', { frequency_penalty: 1 }],
    ['store', { store: true }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['response_format.type', { response_format: { type: 'json_object' } }],
    ['service_tier', { service_tier: 'flex' }],
    ['modalities', { modalities: ['audio'] }],
    ['some_new_thing', { some_new_thing: 1 }],
    ['verbosity', { verbosity: 'low' }],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'c' } }] }],
    ['reasoning_effort', { reasoning_effort: 'ultra' }],
    ['messages[1].role', { messages: [user, { role: 'system', content: 'late' }] }],
    ['messages[1].role', { messages: [user, { role: 'assistant', content: 'half' }] }],
    ['messages[0].name', { messages: [{ ...user, name: 'Bob' }] }],
    ['messages[0].role', { messages: [{ role: 'function', name: 'f', content: 'x' }] }],
    [
      'messages[0].content[0].type',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } }],
          },
        ],
      },
    ],
    [
      'messages[0].content[0].image_url.url',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA' } }],
          },
        ],
      },
    ],
    [
      'messages[0].tool_calls[0].function.arguments',
      {
        messages: [
          {
            role: 'assistant',
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '[1' } }],
          },
          user,
        ],
      },
    ],
    [
      'tool_choice',
      {
        tools: [{ type: 'function', function: { name: 'f' } }],
        tool_choice: { type: 'allowed_tools', allowed_tools: {} },
      },
    ],
    ['__proto__', JSON.parse('{"__proto__":{"n":2}}') as object],
  ])('refuses %s by name', (field, more) => {
    const body = Object.defineProperties(
      { model: 'm', messages: [user] },
      Object.getOwnPropertyDescriptors(more),
    );
    expect(refusalOf('openai-chat', 'anthropic-messages', body)).toEqual(['untranslatable', field]);
  });
});

describe('anthropic → chat', () => {
  test('a whole conversation with tools and pictures', () => {
    expect(
      translateRequest('anthropic-messages', 'openai-chat', {
        model: 'pub',
        max_tokens: 500,
        system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
        stop_sequences: ['END'],
        stream: true,
        metadata: { user_id: 'u1' },
        tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
        thinking: { type: 'enabled', budget_tokens: 4096 },
        output_config: { format: { type: 'json_schema', schema } },
        service_tier: 'standard_only',
        tools: [
          {
            name: 'weather',
            description: 'd',
            input_schema: { type: 'object', properties: schema.properties },
          },
        ],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'look' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
              {
                type: 'document',
                title: 'a.pdf',
                source: { type: 'base64', media_type: 'application/pdf', data: png },
              },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: '' },
              { type: 'text', text: 'I look' },
              { type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Rome' } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'c1', content: 'no such city', is_error: true },
              { type: 'text', text: 'and?' },
            ],
          },
        ],
      } satisfies Anthropic.MessageCreateParams),
    ).toEqual({
      model: 'up',
      max_tokens: 500,
      stop: ['END'],
      stream: true,
      stream_options: { include_usage: true },
      user: 'u1',
      parallel_tool_calls: false,
      tool_choice: { type: 'function', function: { name: 'weather' } },
      reasoning_effort: 'medium',
      service_tier: 'default',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'response', schema, strict: true },
      },
      tools: [
        { type: 'function', function: { name: 'weather', description: 'd', parameters: schema } },
      ],
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'be brief' }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
            {
              type: 'file',
              file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${png}` },
            },
          ],
        },
        {
          role: 'assistant',
          content: 'I look',
          tool_calls: [
            {
              id: 'c1',
              type: 'function',
              function: { name: 'weather', arguments: '{"city":"Rome"}' },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'Error: no such city' },
        { role: 'user', content: [{ type: 'text', text: 'and?' }] },
      ],
    });
  });

  const user = { role: 'user', content: 'x' };
  test.each<[string, object]>([
    ['top_k', { top_k: 5 }],
    ['speed', { speed: 'fast' }],
    ['container', { container: 'c' }],
    ['thinking.type', { thinking: { type: 'between_tools' } }],
    ['tools[0].type', { tools: [{ type: 'bash_20250124', name: 'bash' }] }],
    [
      'tools[0].input_examples',
      { tools: [{ name: 'f', input_schema: schema, input_examples: [{}] }] },
    ],
    ['messages[1].role', { messages: [user, { role: 'assistant', content: 'half' }] }],
    [
      'messages[0].content[0].type',
      { messages: [{ role: 'user', content: [{ type: 'search_result' }] }] },
    ],
    [
      'messages[0].content[0].citations',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'document', source: {}, citations: { enabled: true } }],
          },
        ],
      },
    ],
    [
      'messages[0].content[1].type',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'tool_result', tool_use_id: 'c' },
            ],
          },
        ],
      },
    ],
    [
      'messages[0].content[0].content[0].type',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'image' }] }],
          },
        ],
      },
    ],
    ['metadata.other', { metadata: { other: 1 } }],
    ['output_config.task_budget', { output_config: { task_budget: {} } }],
  ])('refuses %s by name', (field, more) => {
    expect(
      refusalOf('anthropic-messages', 'openai-chat', {
        model: 'm',
        max_tokens: 9,
        messages: [user],
        ...more,
      }),
    ).toEqual(['untranslatable', field]);
  });
});

describe('responses → chat', () => {
  test('a whole conversation', () => {
    expect(
      translateRequest('openai-responses', 'openai-chat', {
        model: 'pub',
        instructions: 'be brief',
        max_output_tokens: 50,
        stream: true,
        reasoning: { effort: 'low', summary: 'auto' },
        store: false,
        include: ['reasoning.encrypted_content'],
        text: { format: { type: 'json_schema', name: 'x', schema }, verbosity: 'low' },
        tool_choice: { type: 'function', name: 'weather' },
        tools: [{ type: 'function', name: 'weather', parameters: schema, strict: true }],
        input: [
          { role: 'developer', content: 'dev' },
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'look' },
              { type: 'input_image', image_url: 'https://a/b.png', detail: 'low' },
            ],
          },
          { type: 'reasoning', id: 'rs', summary: [] },
          {
            type: 'message',
            id: 'm',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: 'I look', annotations: [] }],
          },
          { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{}' },
          { type: 'function_call', call_id: 'c2', name: 'weather', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c1', output: '21' },
        ],
      } satisfies OpenAI.Responses.ResponseCreateParams),
    ).toEqual({
      model: 'up',
      max_tokens: 50,
      stream: true,
      stream_options: { include_usage: true },
      reasoning_effort: 'low',
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
      tool_choice: { type: 'function', function: { name: 'weather' } },
      tools: [
        { type: 'function', function: { name: 'weather', parameters: schema, strict: true } },
      ],
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'system', content: 'dev' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image_url', image_url: { url: 'https://a/b.png', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: 'I look',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' } },
            { id: 'c2', type: 'function', function: { name: 'weather', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '21' },
      ],
    });
  });

  test.each<[string, object]>([
    ['store', { store: true }],
    ['truncation', { truncation: 'auto' }],
    ['include', { include: ['message.output_text.logprobs'] }],
    ['input[0].type', { input: [{ type: 'item_reference', id: 'x' }] }],
    ['tools[0].type', { tools: [{ type: 'web_search' }] }],
    ['previous_response_id', { previous_response_id: 'r' }],
    ['text.format.type', { text: { format: { type: 'grammar' } } }],
  ])('refuses %s by name', (field, more) => {
    expect(
      refusalOf('openai-responses', 'openai-chat', { model: 'm', input: 'x', ...more }),
    ).toEqual(['untranslatable', field]);
  });

  test('reaches a Claude model through chat, and names fields in its own words', () => {
    const out = translateRequest('openai-responses', 'anthropic-messages', {
      model: 'm',
      instructions: 's',
      input: 'x',
      stream: true,
    });
    expect(out).toEqual({
      model: 'up',
      max_tokens: 4096,
      stream: true,
      system: 's',
      messages: [{ role: 'user', content: 'x' }],
    });
    expect(
      refusalOf('openai-responses', 'anthropic-messages', {
        model: 'm',
        input: 'x',
        text: { format: { type: 'json_object' } },
      }),
    ).toEqual(['untranslatable', 'text.format.type']);
    expect(
      refusalOf('openai-responses', 'anthropic-messages', {
        model: 'm',
        input: [
          { role: 'user', content: 'x' },
          { role: 'system', content: 'late' },
        ],
      }),
    ).toEqual(['untranslatable', 'input']);
  });
});

test('pairs that need no translation have none', () => {
  expect(translationBetween('openai-chat', 'openai-chat')).toBeUndefined();
  expect(translationBetween('openai-embeddings', 'anthropic-messages')).toBeUndefined();
});

test('whatever the body is, a translation answers with an object or a domain error', () => {
  const key = fc.constantFrom(
    'model',
    'messages',
    'input',
    'content',
    'role',
    'type',
    'text',
    'tools',
    'function',
    'name',
    'tool_calls',
    'source',
    'system',
    '__proto__',
    'max_tokens',
    'output',
    'image_url',
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(
        'text',
        'user',
        'assistant',
        'tool',
        'image',
        'function',
        'tool_use',
        'tool_result',
        'function_call',
        null,
        true,
        3,
        '',
      ),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(key, tie('any'), { maxKeys: 6, noNullPrototype: true }),
    ),
  })).any;
  const pairs = fc.constantFrom<[Surface, Surface][]>(
    ['openai-chat', 'anthropic-messages'],
    ['anthropic-messages', 'openai-chat'],
    ['openai-responses', 'openai-chat'],
    ['openai-responses', 'anthropic-messages'],
  );
  fc.assert(
    fc.property(
      pairs,
      fc.dictionary(key, value, { noNullPrototype: true }),
      ([client, supplier], body) => {
        expect(outcome(() => translateRequest(client, supplier, body))).toBe('expected');
      },
    ),
    { numRuns: 2000 },
  );
});

/** An object or a domain error is expected; anything else thrown is a crash. */
function outcome(run: () => object): unknown {
  try {
    return typeof run() === 'object' ? 'expected' : 'no object';
  } catch (error) {
    return error instanceof DomainError ? 'expected' : error;
  }
}
