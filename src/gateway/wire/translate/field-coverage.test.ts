import { readFileSync } from 'node:fs';
import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { Surface } from '../request-facts.ts';
import { ANTHROPIC_TO_CHAT } from './anthropic-to-chat-request.ts';
import { CHAT_TO_ANTHROPIC } from './chat-to-anthropic-request.ts';
import { refusalOf, translateRequest } from './request-fixture.ts';
import { RESPONSES_TO_CHAT } from './responses-to-chat-request.ts';
import type { FieldTable } from './untranslatable.ts';

const schema = { type: 'object', properties: { city: { type: 'string' } } };

/** Every field that the vendors' SDKs know, with a value that asks for something. A new SDK field does not compile. */
type Samples<Params> = { readonly [Key in keyof Required<Params>]: unknown };
const CHAT_FIELDS: Samples<OpenAI.ChatCompletionCreateParamsNonStreaming> = {
  messages: [{ role: 'user', content: 'other' }],
  model: 'x',
  audio: { format: 'mp3', voice: 'ash' },
  frequency_penalty: 1,
  function_call: 'auto',
  functions: [{ name: 'f' }],
  logit_bias: { 5: 1 },
  logprobs: true,
  max_completion_tokens: 77,
  max_tokens: 78,
  metadata: { a: 'b' },
  modalities: ['audio'],
  moderation: { model: 'm' },
  n: 2,
  parallel_tool_calls: false,
  prediction: { type: 'content', content: 'x' },
  presence_penalty: 1,
  prompt_cache_key: 'k',
  prompt_cache_options: { mode: 'implicit' },
  prompt_cache_retention: '24h',
  reasoning_effort: 'high',
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
  safety_identifier: 's',
  seed: 3,
  service_tier: 'default',
  stop: ['a'],
  store: true,
  stream: true,
  stream_options: { include_usage: true },
  temperature: 0.1,
  tool_choice: 'required',
  tools: [{ type: 'function', function: { name: 'g' } }],
  top_logprobs: 2,
  top_p: 0.2,
  user: 'u',
  verbosity: 'low',
  web_search_options: {},
};
const ANTHROPIC_FIELDS: Samples<Anthropic.MessageCreateParamsNonStreaming> = {
  max_tokens: 77,
  messages: [{ role: 'user', content: 'other' }],
  model: 'x',
  cache_control: { type: 'ephemeral' },
  container: 'c',
  diagnostics: {},
  inference_geo: 'us',
  metadata: { user_id: 'u' },
  output_config: { effort: 'low' },
  service_tier: 'standard_only',
  speed: 'fast',
  stop_sequences: ['a'],
  stream: true,
  system: 's',
  thinking: { type: 'disabled' },
  tool_choice: { type: 'any' },
  tools: [{ name: 'g', input_schema: schema }],
  user_profile_id: 'p',
  workspace_id: 'w',
};
const RESPONSES_FIELDS: Samples<OpenAI.Responses.ResponseCreateParamsNonStreaming> = {
  access_programs: { cyber: 'standard' },
  background: true,
  context_management: [{ type: 'x' }],
  conversation: 'c',
  image: { context_compression: 'auto' },
  include: ['message.output_text.logprobs'],
  input: 'other',
  instructions: 's',
  max_output_tokens: 77,
  max_tool_calls: 3,
  metadata: { a: 'b' },
  model: 'x',
  moderation: { model: 'm' },
  parallel_tool_calls: false,
  previous_response_id: 'r',
  prompt: { id: 'p' },
  prompt_cache_key: 'k',
  prompt_cache_options: { mode: 'implicit' },
  prompt_cache_retention: '24h',
  reasoning: { effort: 'high' },
  safety_identifier: 's',
  service_tier: 'flex',
  store: true,
  stream: true,
  stream_options: { include_obfuscation: false },
  temperature: 0.1,
  text: { verbosity: 'low' },
  tool_choice: 'required',
  tools: [{ type: 'function', name: 'g', parameters: schema, strict: true }],
  top_logprobs: 2,
  top_p: 0.2,
  truncation: 'auto',
  user: 'u',
};

describe.each<[Surface, Surface, Record<string, unknown>, FieldTable, object]>([
  [
    'openai-chat',
    'anthropic-messages',
    CHAT_FIELDS,
    CHAT_TO_ANTHROPIC,
    {
      messages: [{ role: 'user', content: 'x' }],
      tools: [{ type: 'function', function: { name: 'f' } }],
    },
  ],
  [
    'anthropic-messages',
    'openai-chat',
    ANTHROPIC_FIELDS,
    ANTHROPIC_TO_CHAT,
    { max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
  ],
  ['openai-responses', 'openai-chat', RESPONSES_FIELDS, RESPONSES_TO_CHAT, { input: 'x' }],
])('%s → %s', (client, supplier, samples, table, base) => {
  /** The model comes from the route; what a stream option asks for is answered by the translated stream. */
  const elsewhere = ['model', 'stream_options'];

  /** What became of a field: its table says what should. */
  function fate(name: string, value: unknown): unknown {
    const body = { model: 'm', ...base, [name]: value };
    if (table.hints.includes(name) || elsewhere.includes(name)) {
      return typeof translateRequest(client, supplier, body);
    }
    if (!table.mapped.includes(name)) return refusalOf(client, supplier, body);
    const without = JSON.stringify(translateRequest(client, supplier, { model: 'm', ...base }));
    return JSON.stringify(translateRequest(client, supplier, body)) === without
      ? 'dropped'
      : 'mapped';
  }

  test.each(Object.entries(samples))(
    '%s is translated, refused by name, or a hint',
    (name, value) => {
      const isHint = table.hints.includes(name) || elsewhere.includes(name);
      const expected = isHint
        ? 'object'
        : table.mapped.includes(name)
          ? 'mapped'
          : ['untranslatable', name];
      expect(fate(name, value)).toEqual(expected);
    },
  );

  test('hints and neutral values stand in the document', () => {
    const document = readFileSync(
      new URL('../../../../docs/translation.md', import.meta.url),
      'utf8',
    );
    const names = [...table.hints, ...Object.keys(table.neutral)];
    expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
  });
});
