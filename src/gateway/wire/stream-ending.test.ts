import { DomainError } from '#base/domain-error.ts';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { sseEvent } from './sse.ts';
import { streamEnding, type StreamEnding } from './stream-ending.ts';

const sse = (text: string) => async () =>
  new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const openai = (text: string) => new OpenAI({ apiKey: 'k', fetch: sse(text), maxRetries: 0 });
const anthropic = (text: string) => new Anthropic({ apiKey: 'k', fetch: sse(text), maxRetries: 0 });
const broken = new DomainError('upstream_error', 'the supplier went away');

/** What the client received before we ended the stream, and the ending's memory of it. */
function play(
  ending: StreamEnding,
  events: readonly (readonly [name: string | undefined, data: object])[],
): string {
  for (const [name, data] of events) ending.sent(name, JSON.stringify(data));
  return events.map(([name, data]) => sseEvent(data, name)).join('');
}

describe('chat', () => {
  const chunk = {
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 7,
    model: 'm',
    choices: [{ index: 0, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }],
  };
  const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] };

  test('a length ending parses as one', async () => {
    const ending = streamEnding('openai-chat');
    const text =
      play(ending, [[undefined, chunk]]) +
      ending.length('budget spent', { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 });
    const final = await openai(text).chat.completions.stream(ask).finalChatCompletion();
    expect(final).toMatchObject({
      id: 'c1',
      model: 'm',
      usage: { total_tokens: 2 },
      choices: [{ finish_reason: 'length', message: { content: 'Hel' } }],
    });
    expect(text).toContain('budget spent');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('an error is an object in data', async () => {
    const ending = streamEnding('openai-chat');
    const stream = openai(
      play(ending, [[undefined, chunk]]) + ending.error(broken),
    ).chat.completions.stream(ask);
    await expect(stream.finalChatCompletion()).rejects.toThrow('the supplier went away');
  });
});

describe('anthropic', () => {
  const ask = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'x' }] };
  const start = [
    'message_start',
    {
      type: 'message_start',
      message: {
        id: 'm1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    },
  ] as const;
  const open = [
    'content_block_start',
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  ] as const;
  const delta = [
    'content_block_delta',
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hel' } },
  ] as const;

  test('a length ending closes the open block', async () => {
    const ending = streamEnding('anthropic-messages');
    const text =
      play(ending, [
        start,
        ['content_block_start', { ...open[1], index: 0 }],
        ['content_block_stop', { type: 'content_block_stop', index: 0 }],
        open,
        delta,
      ]) + ending.length('spent', { output_tokens: 5 });
    expect(text).toContain('{"type":"content_block_stop","index":1}');
    const final = await anthropic(text).messages.stream(ask).finalMessage();
    expect(final).toMatchObject({
      stop_reason: 'max_tokens',
      usage: { output_tokens: 5 },
      content: [{ text: '' }, { text: 'Hel' }],
    });
  });

  test('nothing open, nothing closed', () => {
    const ending = streamEnding('anthropic-messages');
    play(ending, [start]);
    expect(ending.length('spent')).not.toContain('content_block_stop');
  });

  test('an error event', async () => {
    const ending = streamEnding('anthropic-messages');
    const text = play(ending, [start]) + ending.error(broken);
    await expect(anthropic(text).messages.stream(ask).finalMessage()).rejects.toThrow(
      'the supplier went away',
    );
  });
});

test('responses', async () => {
  const ending = streamEnding('openai-responses');
  const response = {
    id: 'r1',
    object: 'response',
    status: 'in_progress',
    output: [],
    model: 'm',
    tools: [],
  };
  const item = {
    type: 'message',
    id: 'i',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Hel', annotations: [] }],
  };
  const before = play(ending, [
    ['response.created', { type: 'response.created', sequence_number: 0, response }],
    [
      'response.output_item.added',
      {
        type: 'response.output_item.added',
        sequence_number: 1,
        output_index: 0,
        item: { ...item, content: [] },
      },
    ],
    [
      'response.output_item.done',
      { type: 'response.output_item.done', sequence_number: 2, output_index: 0, item },
    ],
  ]);
  const stream = await openai(before + ending.length('spent')).responses.create({
    model: 'm',
    input: 'x',
    stream: true,
  });
  const events = [];
  for await (const event of stream) events.push(event);
  expect(events.at(-1)).toMatchObject({
    type: 'response.incomplete',
    sequence_number: 3,
    response: {
      id: 'r1',
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [item],
    },
  });
  expect(ending.error(broken)).toContain('"sequence_number":3');
});
