import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatChunk } from './fixtures/usage-fixture.ts';
import { StreamWatcher } from './stream-watcher.ts';

function watch(
  dialect: ConstructorParameters<typeof StreamWatcher>[0],
  ...events: readonly unknown[]
): StreamWatcher {
  const watcher = new StreamWatcher(dialect);
  for (const event of events)
    watcher.push(
      Buffer.from(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`),
    );
  watcher.end();
  return watcher;
}

describe('a watched stream', () => {
  test('parses the first event, the end and the usage, and no delta between them', () => {
    const deltas = Array.from({ length: 100 }, (_, index) =>
      chatChunk('gpt-5.4', `word ${index} "usage": {`, { usage: null }),
    );
    const end = {
      id: 'chatcmpl-1',
      model: 'gpt-5.4',
      choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
      usage: null,
    };
    const usage = {
      id: 'chatcmpl-1',
      model: 'gpt-5.4',
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    };
    const watcher = watch('openai-chat', ...deltas, end, usage, '[DONE]');
    expect(watcher.facts()).toMatchObject({
      model: 'gpt-5.4',
      id: 'chatcmpl-1',
      finishReason: 'stop',
      isDone: true,
      error: undefined,
      events: 103,
      parsedEvents: 3,
    });
    expect(watcher.finish()?.parts[0]?.usage).toMatchObject({ input: 3, output: 4 });
  });

  test('keeps the delivered text for an estimate', () => {
    const pieces = ['He said "usage": {"x":1}\n', 'naïve – 漢字 🙂', '\\'];
    const watcher = watch('openai-chat', ...pieces.map((piece) => chatChunk('m', piece)));
    expect(watcher.deliveredText()).toBe(pieces.join(''));
    expect(watcher.finish()).toBeUndefined();
  });

  test('delivered text of the other wires', () => {
    expect(
      watch(
        'anthropic',
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
        {
          type: 'content_block_delta',
          index: 1,
          delta: { type: 'input_json_delta', partial_json: '{"a":' },
        },
      ).deliveredText(),
    ).toBe('Hi{"a":');
    expect(
      watch(
        'openai-responses',
        { type: 'response.output_text.delta', delta: 'Hi' },
        { type: 'response.output_text.done', text: 'Hi' },
      ).deliveredText(),
    ).toBe('Hi');
  });

  test('a model that changes on the way is noticed', () => {
    const watcher = watch(
      'openai-chat',
      chatChunk('', 'a'),
      chatChunk('gpt-5.4-2026-03-05', 'b'),
      chatChunk('gpt-5.4-2026-03-05', 'c'),
    );
    expect(watcher.facts()).toMatchObject({ model: 'gpt-5.4-2026-03-05', parsedEvents: 2 });
  });

  test('a stream that was cut is not done, one that its supplier ended is', () => {
    const start = {
      type: 'message_start',
      message: { id: 'm', model: 'c', usage: { input_tokens: 5, output_tokens: 1 } },
    };
    const delta = {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 9 },
    };
    expect(watch('anthropic', start).facts().isDone).toBe(false);
    expect(watch('anthropic', start, delta).facts()).toMatchObject({
      isDone: true,
      finishReason: 'end_turn',
      id: 'm',
    });
    const last = {
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 },
    };
    expect(watch('gemini', last).facts().isDone).toBe(true);
    expect(
      watch('cohere', {
        type: 'message-end',
        delta: { usage: { billed_units: { input_tokens: 1 } } },
      }).facts().isDone,
    ).toBe(true);
  });

  test('an error inside the stream is kept as sent', () => {
    const error = { message: 'overloaded', type: 'server_error' };
    expect(watch('openai-chat', chatChunk('m', 'a'), { error }).facts().error).toEqual(error);
    expect(watch('anthropic', { type: 'error', error }).facts().error).toEqual(error);
  });

  const head = fc.constantFrom(
    'data: {"model":"m","choices":[{"delta":{"content":"',
    'data: {"model":"n","choices":[{"delta":{"content":"',
    'data: {"choices":[{"delta":{"role":"assistant","content":"a","refusal":"',
    'event: delta\ndata: {"content":"',
    'data: {\ndata: "content":"',
    '',
  );
  const tail = fc.constantFrom(
    '"}}],"usage":null}\n\n',
    '"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n',
    '"},"finish_reason":"stop"}]}\r\n\r\n',
    '"}\r\r',
    '"}\n\nevent: next\n',
    'data: [DONE]\n\n',
    '\n',
    '',
  );
  const text = fc
    .array(fc.constantFrom('a', '字', '\\', '\\"', '"', '\n', '\r'), { maxLength: 3 })
    .map((parts) => parts.join(''));
  /** Most like a real stream: one event again and again, its text apart. */
  const repeated = fc
    .tuple(head, fc.array(text, { maxLength: 6 }), tail)
    .map(([before, texts, after]) => texts.map((each) => before + each + after));
  const chunks = fc.array(repeated, { maxLength: 5 });

  test('events that come one by one are read as if they came byte by byte', () => {
    fc.assert(
      fc.property(chunks, (groups) => {
        const whole = new StreamWatcher('openai-chat');
        const single = new StreamWatcher('openai-chat');
        for (const text of groups.flat()) {
          const bytes = Buffer.from(text);
          whole.push(bytes);
          for (let at = 0; at < bytes.length; at++) single.push(bytes.subarray(at, at + 1));
          expect(whole.facts()).toEqual(single.facts());
        }
        whole.end();
        single.end();
        expect(whole.facts()).toEqual(single.facts());
        expect(whole.finish()).toEqual(single.finish());
        expect(whole.deliveredText()).toBe(single.deliveredText());
      }),
      { numRuns: 1_000 },
    );
  });

  test('a delta like the one before it is told from all else', () => {
    const watcher = new StreamWatcher('openai-chat');
    const push = (event: unknown) =>
      watcher.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
    const last = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
    expect(push(chatChunk('m', ''))).toBe(false); // the first is always parsed
    expect(push(chatChunk('m', 'a'))).toBe(false);
    expect(push(chatChunk('m', 'b "usage": {}'))).toBe(true);
    expect(push(chatChunk('m', 'c', { usage: { prompt_tokens: 3 } }))).toBe(false);
    expect(push(chatChunk('m', 'd'))).toBe(false); // forgotten by then
    expect(push(chatChunk('m', 'e'))).toBe(true);
    expect(push(last)).toBe(false);
  });

  test('random bytes neither throw nor invent usage', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            fc.string().map((line) => Buffer.from(`data: ${line}\n\n`)),
          ),
        ),
        (chunks) => {
          const watcher = new StreamWatcher('openai-compatible');
          for (const chunk of chunks) watcher.push(chunk);
          watcher.end();
          expect(watcher.finish()).toBeUndefined();
          watcher.deliveredText();
        },
      ),
    );
  });
});
