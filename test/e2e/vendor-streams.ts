import { ANTHROPIC_FIXTURES } from '#metering/fixtures/anthropic/messages.ts';
import { DEEPSEEK_FIXTURES } from '#metering/fixtures/deepseek/chat.ts';
import type { StreamEvent } from '#metering/fixtures/usage-fixture.ts';

/** A vendor's stream as its documents show it, and what a reader must see of it. */
export interface VendorStream {
  readonly vendor: string;
  readonly protocol: string;
  /** The vendor's page, or the SDK's file and version, that documents the shape. */
  readonly source: string;
  readonly events: readonly StreamEvent[];
  readonly text: string;
  readonly reasoning?: string;
  readonly sources?: readonly string[];
}

const chunk = (
  model: string,
  delta: object,
  more: object = {},
  finish: string | null = null,
): StreamEvent => ({
  data: {
    id: 'chatcmpl-123',
    object: 'chat.completion.chunk',
    created: 1694268190,
    model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...more,
  },
});
const usage = (model: string, counts: object): StreamEvent => ({
  data: {
    id: 'chatcmpl-123',
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [],
    usage: counts,
  },
});
const DONE: StreamEvent = { data: '[DONE]' };
const COUNTS = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };

const typed = (
  ...events: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[]
): readonly StreamEvent[] => events.map((data) => ({ event: data.type, data }));

export const VENDOR_STREAMS: readonly VendorStream[] = [
  {
    vendor: 'OpenAI',
    protocol: 'openai',
    source: 'platform.openai.com, API reference, "The chat completion chunk object"',
    events: [
      chunk('m', { role: 'assistant', content: '', refusal: null }),
      chunk('m', { content: 'Hello' }),
      chunk('m', { content: ' there.' }),
      chunk('m', {}, {}, 'stop'),
      usage('m', COUNTS),
      DONE,
    ],
    text: 'Hello there.',
  },
  {
    vendor: 'Anthropic',
    protocol: 'anthropic',
    source: 'platform.claude.com, "Streaming messages", extended thinking',
    events: typed(
      {
        type: 'message_start',
        message: {
          id: 'msg_01',
          type: 'message',
          role: 'assistant',
          content: [],
          model: 'm',
          stop_reason: null,
          usage: { input_tokens: 25, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking: 'Let me solve this step by step.' },
      },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'signature_delta', signature: 'EqQBCgIYAhIM' },
      },
      { type: 'content_block_stop', index: 0 },
      { type: 'ping' },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: '27 * 453' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: ' = 12,231' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 15 } },
      { type: 'message_stop' },
    ),
    text: '27 * 453 = 12,231',
    reasoning: 'Let me solve this step by step.',
  },
  {
    vendor: 'Gemini',
    protocol: 'gemini',
    source: 'ai.google.dev, "OpenAI compatibility", streaming',
    events: [
      chunk('m', { role: 'assistant', content: 'A long time' }),
      chunk('m', { role: 'assistant', content: ' ago.' }, {}, 'stop'),
      usage('m', COUNTS),
      DONE,
    ],
    text: 'A long time ago.',
  },
  {
    vendor: 'DeepSeek',
    protocol: 'deepseek',
    source: 'api-docs.deepseek.com, "Thinking Mode", streaming',
    events: [
      chunk('m', { role: 'assistant', content: null, reasoning_content: '9.11 and 9.8: ' }),
      chunk('m', { content: null, reasoning_content: 'compare tenths.' }),
      chunk('m', { content: '9.8 is', reasoning_content: null }),
      chunk('m', { content: ' greater.', reasoning_content: null }),
      chunk(
        'm',
        { content: '', reasoning_content: null },
        {
          usage: {
            ...COUNTS,
            prompt_cache_hit_tokens: 0,
            prompt_cache_miss_tokens: 9,
            completion_tokens_details: { reasoning_tokens: 6 },
          },
        },
        'stop',
      ),
      DONE,
    ],
    text: '9.8 is greater.',
    reasoning: '9.11 and 9.8: compare tenths.',
  },
  {
    vendor: 'xAI',
    protocol: 'xai',
    source: 'docs.x.ai, "Reasoning", reasoning_content in chat completions',
    events: [
      chunk('m', { role: 'assistant', content: '', reasoning_content: 'First, 101 * 3.' }),
      chunk('m', { content: 'The answer is 303.' }),
      chunk('m', { content: '' }, {}, 'stop'),
      usage('m', { ...COUNTS, completion_tokens_details: { reasoning_tokens: 40 } }),
      DONE,
    ],
    text: 'The answer is 303.',
    reasoning: 'First, 101 * 3.',
  },
  {
    vendor: 'Groq',
    protocol: 'groq',
    source: 'console.groq.com, "Reasoning", reasoning_format parsed; usage in x_groq',
    events: [
      chunk('m', { role: 'assistant', content: '', reasoning: 'Count the letters.' }),
      chunk('m', { content: 'There are ' }),
      chunk('m', { content: '3.' }),
      chunk('m', {}, { x_groq: { id: 'req_1', usage: COUNTS } }, 'stop'),
      DONE,
    ],
    text: 'There are 3.',
    reasoning: 'Count the letters.',
  },
  {
    vendor: 'Mistral',
    protocol: 'mistral',
    source: 'docs.mistral.ai, "Reasoning", content as chunks of thinking and text',
    events: [
      chunk('m', {
        role: 'assistant',
        content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'John is a child.' }] }],
      }),
      chunk('m', { content: [{ type: 'text', text: 'He has one ' }] }),
      chunk('m', { content: 'sibling.' }),
      chunk('m', { content: '' }, { usage: COUNTS }, 'stop'),
      DONE,
    ],
    text: 'He has one sibling.',
    reasoning: 'John is a child.',
  },
  {
    vendor: 'Perplexity',
    protocol: 'perplexity',
    source: 'docs.perplexity.ai, "Chat completions", streaming; search_results on each chunk',
    events: ['The James Webb', ' telescope [1].'].map((content, at) =>
      chunk(
        'm',
        { role: 'assistant', content },
        {
          usage: { ...COUNTS, search_context_size: 'low' },
          citations: ['https://science.nasa.gov/webb/'],
          search_results: [
            { title: 'Webb', url: 'https://science.nasa.gov/webb/', date: '2025-01-01' },
          ],
        },
        at === 1 ? 'stop' : null,
      ),
    ),
    text: 'The James Webb telescope [1].',
    sources: ['https://science.nasa.gov/webb/'],
  },
  // What metering is held to is drawn too.
  ...fixtureStreams(),
];

function fixtureStreams(): readonly VendorStream[] {
  return [
    ...ANTHROPIC_FIXTURES.map((fixture) => ({ ...fixture, protocol: 'anthropic' })),
    ...DEEPSEEK_FIXTURES.map((fixture) => ({ ...fixture, protocol: 'deepseek' })),
  ].flatMap(({ vendor, protocol, source, stream, expected }) => {
    const text = stream === undefined ? '' : textOf(stream);
    if (stream === undefined || text === '' || expected === undefined) return [];
    return [{ vendor: `${vendor} (metering)`, protocol, source, events: stream, text }];
  });
}

/** The text that a stream's own events hold, by the documents' names. */
function textOf(events: readonly StreamEvent[]): string {
  return events
    .map(({ data }) => {
      const event = data as {
        readonly delta?: { readonly text?: string };
        readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
      };
      return event.delta?.text ?? event.choices?.[0]?.delta?.content ?? '';
    })
    .join('');
}
