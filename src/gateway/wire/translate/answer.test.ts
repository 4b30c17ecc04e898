import Anthropic from '@anthropic-ai/sdk';
import { usageOf, type Usage } from '#metering/usage.ts';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json-shape.ts';
import type { Surface } from '../request-facts.ts';
import type { AnswerContext } from './answer-translation.ts';
import { translationBetween, type Translation } from './translation.ts';

const USAGE = usageOf({
  input: 10,
  input_cached: 4,
  cache_write_5m: 3,
  cache_write_1h: 2,
  output: 7,
  reasoning: 5,
  requests: 1,
});
const context = (more: Partial<AnswerContext> = {}): AnswerContext => ({
  model: 'pub',
  nowMs: 1_800_000_000_000,
  includeUsage: true,
  usage: () => USAGE,
  request: {},
  ...more,
});

function between(client: Surface, supplier: Surface): Translation {
  const translation = translationBetween(client, supplier);
  if (!translation) throw new Error('no translation');
  return translation;
}

/** Feeds a supplier's events through the translation, cut off before the end where asked. */
function play(
  client: Surface,
  supplier: Surface,
  events: readonly unknown[],
  ctx = context(),
): string {
  const stream = between(client, supplier).stream(ctx);
  return (
    events.map((event) => stream.push(event === '[DONE]' ? undefined : event)).join('') +
    (stream.end() ?? stream.error(new Error('broke off')))
  );
}

const sse = (text: string) => async () =>
  new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const openai = (text: string) => new OpenAI({ apiKey: 'k', fetch: sse(text), maxRetries: 0 });
const anthropic = (text: string) => new Anthropic({ apiKey: 'k', fetch: sse(text), maxRetries: 0 });

async function chatOf(text: string): Promise<unknown> {
  return openai(text)
    .chat.completions.stream({ model: 'm', messages: [], stream_options: { include_usage: true } })
    .finalChatCompletion();
}
async function messageOf(text: string): Promise<Anthropic.Message> {
  return anthropic(text)
    .messages.stream({ model: 'm', max_tokens: 9, messages: [] })
    .finalMessage();
}
async function responseOf(
  text: string,
): Promise<{ last: OpenAI.Responses.Response; events: OpenAI.Responses.ResponseStreamEvent[] }> {
  const events: OpenAI.Responses.ResponseStreamEvent[] = [];
  for await (const event of await openai(text).responses.create({
    model: 'm',
    input: 'x',
    stream: true,
  }))
    events.push(event);
  const last = events.at(-1);
  if (last?.type !== 'response.completed' && last?.type !== 'response.incomplete')
    throw new Error(`ended by ${last?.type}`);
  return { last: last.response, events };
}

/** An answer in no vendor's shape, from which both vendors' bodies and streams are made. */
interface Answer {
  readonly thinking: string;
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: Record<string, unknown> }[];
  readonly cuts: readonly number[];
  readonly stop: 'end_turn' | 'max_tokens' | 'refusal';
}

const word = fc.string({ maxLength: 30, unit: 'grapheme' });
const answers: fc.Arbitrary<Answer> = fc.record({
  thinking: word,
  text: word,
  calls: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,6}$/),
      input: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(word, fc.integer()), {
        noNullPrototype: true,
        maxKeys: 3,
      }),
    }),
    { maxLength: 3 },
  ),
  cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  stop: fc.constantFrom('end_turn', 'max_tokens', 'refusal'),
});

function pieces(text: string, cuts: readonly number[]): string[] {
  const out: string[] = [];
  const characters = [...text];
  for (let i = 0, k = 0; i < characters.length; k++) {
    const cut = cuts[k % cuts.length] ?? 1;
    out.push(characters.slice(i, i + cut).join(''));
    i += cut;
  }
  return out;
}

const stopOf = (answer: Answer) =>
  answer.calls.length > 0 && answer.stop === 'end_turn' ? 'tool_use' : answer.stop;

function anthropicBody(answer: Answer): JsonObject {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'up',
    stop_reason: stopOf(answer),
    stop_sequence: null,
    usage: {},
    content: [
      ...(answer.thinking === ''
        ? []
        : [{ type: 'thinking', thinking: answer.thinking, signature: 'sig' }]),
      ...(answer.text === '' ? [] : [{ type: 'text', text: answer.text }]),
      ...answer.calls.map((call, i) => ({
        type: 'tool_use',
        id: `toolu_${i}`,
        name: call.name,
        input: call.input,
      })),
    ],
  };
}

function anthropicEvents(answer: Answer): JsonObject[] {
  const events: JsonObject[] = [
    {
      type: 'message_start',
      message: { ...anthropicBody(answer), content: [], stop_reason: null },
    },
    { type: 'ping' },
  ];
  (anthropicBody(answer)['content'] as JsonObject[]).forEach((block, index) => {
    const delta = (each: JsonObject) =>
      events.push({ type: 'content_block_delta', index, delta: each });
    if (block['type'] === 'thinking') {
      events.push({
        type: 'content_block_start',
        index,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      });
      for (const thinking of pieces(answer.thinking, answer.cuts))
        delta({ type: 'thinking_delta', thinking });
      delta({ type: 'signature_delta', signature: 'sig' });
    } else if (block['type'] === 'text') {
      events.push({
        type: 'content_block_start',
        index,
        content_block: { type: 'text', text: '' },
      });
      for (const text of pieces(answer.text, answer.cuts)) delta({ type: 'text_delta', text });
    } else {
      events.push({ type: 'content_block_start', index, content_block: { ...block, input: {} } });
      delta({ type: 'input_json_delta', partial_json: '' });
      const json = JSON.stringify(block['input']);
      if (json !== '{}')
        for (const partial_json of pieces(json, answer.cuts))
          delta({ type: 'input_json_delta', partial_json });
    }
    events.push({ type: 'content_block_stop', index });
  });
  return [
    ...events,
    {
      type: 'message_delta',
      delta: { stop_reason: stopOf(answer), stop_sequence: null },
      usage: { output_tokens: 3 },
    },
    { type: 'message_stop' },
  ];
}

const finishOf = (answer: Answer) =>
  ({ tool_use: 'tool_calls', end_turn: 'stop', max_tokens: 'length', refusal: 'content_filter' })[
    stopOf(answer)
  ];

function chatBody(answer: Answer): JsonObject {
  const tool_calls = answer.calls.map((call, i) => ({
    id: `call_${i}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.input) },
  }));
  const message = {
    role: 'assistant',
    content: answer.text === '' ? null : answer.text,
    refusal: null,
    ...(answer.thinking !== '' && { reasoning_content: answer.thinking }),
    ...(tool_calls.length > 0 && { tool_calls }),
  };
  return {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'up',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(answer) }],
  };
}

/** @param interleave sends the calls' deltas in turns, as parallel calls may come */
function chatEvents(answer: Answer, interleave: boolean): unknown[] {
  const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'up' };
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason }],
  });
  const lists = answer.calls.map((call, index) => [
    chunk({
      tool_calls: [
        {
          index,
          id: `call_${index}`,
          type: 'function',
          function: { name: call.name, arguments: '' },
        },
      ],
    }),
    ...pieces(JSON.stringify(call.input), answer.cuts).map((text) =>
      chunk({ tool_calls: [{ index, function: { arguments: text } }] }),
    ),
  ]);
  const calls: unknown[] = [];
  if (interleave)
    while (lists.some((list) => list.length > 0))
      for (const list of lists) calls.push(...list.splice(0, 1));
  else calls.push(...lists.flat());
  return [
    chunk({ role: 'assistant', content: '' }),
    ...pieces(answer.thinking, answer.cuts).map((reasoning_content) =>
      chunk({ reasoning_content }),
    ),
    ...pieces(answer.text, answer.cuts).map((content) => chunk({ content })),
    ...calls,
    chunk({}, finishOf(answer)),
    { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    '[DONE]',
  ];
}

/** Equal but for what only one of a body and an accumulated stream spells out. */
function normal(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) =>
      each === null ||
      (Array.isArray(each) && each.length === 0) ||
      key === 'parsed' ||
      key === 'cache_creation' ||
      key === 'parsed_arguments' ||
      key === 'output_text' ||
      key === 'parsed_output'
        ? undefined
        : each,
    ),
  );
}

describe('a stream says what the body says, read by the vendor’s own client', () => {
  test('Claude to a chat client', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        const text = play('openai-chat', 'anthropic-messages', anthropicEvents(answer));
        const chunks = normal(await chatOf(text)) as { choices: [{ message: JsonObject }] };
        const body = normal(
          between('openai-chat', 'anthropic-messages').body(anthropicBody(answer), context()),
        ) as typeof chunks;
        const { content, ...rest } = chunks.choices[0].message;
        chunks.choices[0].message = content === '' ? rest : chunks.choices[0].message;
        expect(withoutReasoning(chunks)).toEqual(withoutReasoning(body));
        expect(reasoningIn(text)).toBe(answer.thinking);
      }),
      { numRuns: 100 },
    );
  });

  test('a chat model to a Claude client', async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.boolean(), async (answer, interleave) => {
        const text = play('anthropic-messages', 'openai-chat', chatEvents(answer, interleave));
        const body = between('anthropic-messages', 'openai-chat').body(chatBody(answer), context());
        expect(normal(await messageOf(text))).toEqual(normal(body));
        expect(blocksNest(text)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test.each<[Surface, (answer: Answer) => unknown[], (answer: Answer) => JsonObject]>([
    ['openai-chat', (answer) => chatEvents(answer, true), chatBody],
    ['anthropic-messages', anthropicEvents, anthropicBody],
  ])('a model behind %s to a Responses client', async (supplier, events, bodyOf) => {
    await fc.assert(
      fc.asyncProperty(answers, async (answer) => {
        const { last, events: seen } = await responseOf(
          play('openai-responses', supplier, events(answer)),
        );
        const body = between('openai-responses', supplier).body(bodyOf(answer), context());
        expect(normal(last)).toEqual(normal(body));
        expect(seen.map((event) => event.sequence_number)).toEqual(seen.map((_, i) => i));
        expect(normal({ output: accumulated(seen) })).toEqual(normal({ output: last.output }));
      }),
      { numRuns: 100 },
    );
  });
});

function withoutReasoning(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) =>
      key === 'reasoning_content' || key === 'thinking_blocks' ? undefined : each,
    ),
  );
}

function dataOf(text: string): JsonObject[] {
  return text
    .split('\n')
    .flatMap((line) =>
      line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as JsonObject] : [],
    );
}

function reasoningIn(text: string): string {
  return dataOf(text)
    .map(
      (chunk) =>
        (chunk['choices'] as { delta: { reasoning_content?: string } }[])[0]?.delta
          .reasoning_content ?? '',
    )
    .join('');
}

/** Anthropic's blocks follow one another: one opens only when the one before has closed. */
function blocksNest(text: string): boolean {
  let open: unknown;
  let next = 0;
  for (const event of dataOf(text)) {
    if (event['type'] === 'content_block_start') {
      if (open !== undefined || event['index'] !== next) return false;
      open = event['index'];
    } else if (event['type'] === 'content_block_stop') {
      if (open !== event['index']) return false;
      open = undefined;
      next += 1;
    } else if (event['type'] === 'content_block_delta' && event['index'] !== open) return false;
  }
  return open === undefined;
}

/** What a Responses client that reads only deltas would hold. */
function accumulated(events: readonly OpenAI.Responses.ResponseStreamEvent[]): unknown[] {
  const items: JsonObject[] = [];
  const texts = new Map<number, string>();
  for (const event of events) {
    if (event.type === 'response.output_item.added')
      items[event.output_index] = event.item as unknown as JsonObject;
    if (
      event.type === 'response.output_text.delta' ||
      event.type === 'response.reasoning_text.delta' ||
      event.type === 'response.function_call_arguments.delta'
    ) {
      texts.set(event.output_index, (texts.get(event.output_index) ?? '') + event.delta);
    }
  }
  const done = events.flatMap((event) =>
    event.type === 'response.output_item.done' ? [event] : [],
  );
  for (const event of done) {
    const item = event.item as unknown as {
      type: string;
      content?: { text: string }[];
      arguments?: string;
    };
    expect(item.type).toBe((items[event.output_index] as { type?: string } | undefined)?.type);
    expect(item.type === 'function_call' ? item.arguments : item.content?.[0]?.text).toBe(
      texts.get(event.output_index) ?? '',
    );
  }
  return done.map((event) => event.item);
}

const plain: Answer = { thinking: '', text: 'Hello', calls: [], cuts: [2], stop: 'end_turn' };

describe('finish reasons', () => {
  const reasonOfChat = (stop_reason: unknown) =>
    (
      between('openai-chat', 'anthropic-messages').body(
        { ...anthropicBody(plain), stop_reason },
        context(),
      ) as { choices: [{ finish_reason: string }] }
    ).choices[0].finish_reason;
  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['brand_new', 'stop'],
    [null, 'stop'],
  ])('anthropic %s is chat %s', (from, to) => expect(reasonOfChat(from)).toBe(to));

  test('cut and refused answers end as such in a chat stream', () => {
    for (const [stop, reason] of [
      ['max_tokens', 'length'],
      ['refusal', 'content_filter'],
    ] as const) {
      expect(
        play('openai-chat', 'anthropic-messages', anthropicEvents({ ...plain, stop })),
      ).toContain(`"finish_reason":"${reason}"`);
    }
  });

  test('a server that says stop although it calls a tool', async () => {
    const events = chatEvents({ ...plain, calls: [{ name: 'f', input: {} }] }, false).map(
      (event) => JSON.parse(JSON.stringify(event).replace('"tool_calls"}]', '"stop"}]')) as unknown,
    );
    expect((await messageOf(play('anthropic-messages', 'openai-chat', events))).stop_reason).toBe(
      'tool_use',
    );
  });

  test('a refusal’s text reaches an Anthropic client', () => {
    const answer = {
      id: 'c',
      choices: [
        { index: 0, finish_reason: 'stop', message: { content: null, refusal: 'I cannot' } },
      ],
    };
    expect(between('anthropic-messages', 'openai-chat').body(answer, context())).toMatchObject({
      stop_reason: 'refusal',
      content: [{ text: 'I cannot' }],
    });
  });
});

describe('usage by inclusion rules', () => {
  test('chat: caches inside the prompt, reasoning inside the completion; only if asked for', async () => {
    const events = anthropicEvents(plain);
    expect(await chatOf(play('openai-chat', 'anthropic-messages', events))).toMatchObject({
      usage: {
        prompt_tokens: 19,
        completion_tokens: 12,
        total_tokens: 31,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
    });
    expect(
      play('openai-chat', 'anthropic-messages', events, context({ includeUsage: false })),
    ).not.toContain('usage');
  });

  test('anthropic: input, cache reads and cache writes apart', async () => {
    expect(
      (await messageOf(play('anthropic-messages', 'openai-chat', chatEvents(plain, false)))).usage,
    ).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 5,
      output_tokens: 12,
    });
  });

  test('responses', async () => {
    const { last } = await responseOf(
      play('openai-responses', 'openai-chat', chatEvents(plain, false)),
    );
    expect(last.usage).toEqual({
      input_tokens: 19,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 5 },
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 5 },
      total_tokens: 31,
    });
  });

  test('unknown usage is left out or zero, never made up', () => {
    const none = context({ usage: (): Usage | undefined => undefined });
    expect(
      between('openai-chat', 'anthropic-messages').body(anthropicBody(plain), none)['usage'],
    ).toBeUndefined();
    expect(
      between('openai-responses', 'openai-chat').body(chatBody(plain), none)['usage'],
    ).toBeNull();
  });
});

describe('streams that go wrong', () => {
  test('an error event of the supplier ends the client’s stream in its own format', async () => {
    const overloaded = {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    };
    const events = [...anthropicEvents(plain).slice(0, 4), overloaded, { type: 'message_stop' }];
    const text = play('openai-chat', 'anthropic-messages', events);
    await expect(chatOf(text)).rejects.toThrow('Overloaded');
    expect(text.match(/\[DONE\]/g)).toHaveLength(1);
    await expect(
      messageOf(
        play('anthropic-messages', 'openai-chat', [
          chatEvents(plain, false)[0],
          { error: { message: 'Overloaded' } },
        ]),
      ),
    ).rejects.toThrow('Overloaded');
  });

  test.each(['openai-chat', 'openai-responses'] as const)(
    'a stream that breaks off is not passed as whole to %s',
    (client) => {
      const stream = between(client, 'anthropic-messages').stream(context());
      for (const event of anthropicEvents(plain).slice(0, 4)) stream.push(event);
      expect(stream.end()).toBeUndefined();
      expect(stream.isEnded).toBe(false);
    },
  );

  test('damage in the middle of a stream does not end it as if it were whole', () => {
    const stream = between('anthropic-messages', 'openai-chat').stream(context());
    stream.push(chatEvents(plain, false)[0]);
    expect(stream.push(undefined)).toBe('');
    expect(stream.isEnded).toBe(false);
    expect(stream.end()).toBeUndefined();
  });

  test('a server that never sends [DONE] still ends the stream', async () => {
    const events = chatEvents(plain, false).slice(0, -1);
    expect(
      (await messageOf(play('anthropic-messages', 'openai-chat', events))).content,
    ).toMatchObject([{ text: 'Hello' }]);
  });

  test('a length ending in the middle of a translated stream', async () => {
    const stream = between('anthropic-messages', 'openai-chat').stream(context());
    const text =
      chatEvents(plain, false)
        .slice(0, 3)
        .map((event) => stream.push(event))
        .join('') + stream.length('spent');
    expect(await messageOf(text)).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ text: 'Hell' }],
    });
    expect(stream.push(chatEvents(plain, false)[3])).toBe('');
  });

  test('pings stay pings', () => {
    expect(play('openai-chat', 'anthropic-messages', [{ type: 'ping' }])).toContain(': ping\n\n');
  });

  test('arguments that the limit cut are kept', () => {
    const answer = {
      id: 'c',
      choices: [
        {
          index: 0,
          finish_reason: 'length',
          message: { tool_calls: [{ id: 'x', function: { name: 'f', arguments: '{"a":' } }] },
        },
      ],
    };
    expect(between('anthropic-messages', 'openai-chat').body(answer, context())).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ input: { INVALID_JSON: '{"a":' } }],
    });
  });

  test('no event makes a translator throw', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        7,
        'x',
        [],
        {},
        { choices: 3 },
        { choices: [null, { delta: { tool_calls: [null, {}, { index: 'a' }] } }] },
        { type: 'content_block_delta' },
        { type: 'content_block_stop', index: 9 },
        { type: 'message_delta' },
        { type: 'message_start', message: 4 },
      ),
      fc.object(),
    );
    const pairs = fc.constantFrom<[Surface, Surface][]>(
      ['openai-chat', 'anthropic-messages'],
      ['anthropic-messages', 'openai-chat'],
      ['openai-responses', 'openai-chat'],
      ['openai-responses', 'anthropic-messages'],
    );
    fc.assert(
      fc.property(pairs, fc.array(odd), ([client, supplier], events) => {
        expect(play(client, supplier, events)).toBeTypeOf('string');
        for (const event of events)
          expect(between(client, supplier).body(event, context())).toBeTypeOf('object');
      }),
      { numRuns: 500 },
    );
  });
});

test('reasoning with its signature comes in thinking_blocks, in body and stream', () => {
  const answer = { ...plain, thinking: 'hmm hmm' };
  const block = { type: 'thinking', thinking: 'hmm hmm', signature: 'sig' };
  expect(
    between('openai-chat', 'anthropic-messages').body(anthropicBody(answer), context()),
  ).toMatchObject({
    choices: [{ message: { reasoning_content: 'hmm hmm', thinking_blocks: [block] } }],
  });
  expect(play('openai-chat', 'anthropic-messages', anthropicEvents(answer))).toContain(
    JSON.stringify({ thinking_blocks: [block] }),
  );
});
