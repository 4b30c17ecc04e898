import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json-shape.ts';
import { carryThinking } from './carried-thinking.ts';
import { translationBetween } from './translation.ts';

describe('a tool loop of a Claude model in the Responses format', () => {
  const thinking = { type: 'thinking', thinking: 'hmm hmm', signature: 'sig' };
  const redacted = { type: 'redacted_thinking', data: 'xyz' };
  const route = { model: 'up', outputTokensMax: 99, outputLimitField: 'max_tokens' } as const;
  const translation = translationBetween('openai-responses', 'anthropic-messages');
  const ask = [{ role: 'user', content: 'weather?' }];
  const answer = (blocks: readonly object[]) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [...blocks, { type: 'tool_use', id: 'c', name: 'f', input: { city: 'x' } }],
    stop_reason: 'tool_use',
  });
  const request = (input: readonly unknown[]) => ({ model: 'ours', input, store: false });
  const context = {
    model: 'ours',
    nowMs: 0,
    includeUsage: true,
    usage: () => undefined,
    request: request(ask),
  };

  test.each([[[thinking]], [[thinking, redacted]], [[redacted]]])(
    'sends %j back with its signature',
    (blocks) => {
      const output = translation?.body(answer(blocks), context)['output'] as JsonObject[];
      expect(output.map((item) => item['type'])).toEqual(['reasoning', 'function_call']);
      const result = { type: 'function_call_output', call_id: 'c', output: 'rain' };
      const next = translation?.request(request([...ask, ...output, result]), route);
      expect(next?.['messages']).toEqual([
        ...ask,
        {
          role: 'assistant',
          content: [...blocks, { type: 'tool_use', id: 'c', name: 'f', input: { city: 'x' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'rain' }] },
      ]);
      // A model of another vendor must not see them.
      const chat = translationBetween('openai-responses', 'openai-chat');
      const elsewhere = chat?.request(request([...ask, ...output, result]), route);
      expect(JSON.stringify(elsewhere)).not.toContain('thinking');
      // What is no thinking is refused by name; what is another supplier's is left out.
      const [item] = output;
      const forged = { ...item, encrypted_content: 'breakeven.thinking.1.e30' };
      expect(() => translation?.request(request([...ask, forged, result]), route)).toThrow(
        'input[1].encrypted_content',
      );
      const foreign = { ...item, encrypted_content: 'gAAAA' };
      expect(translation?.request(request([...ask, foreign]), route)?.['messages']).toEqual(ask);
    },
  );

  test('streams it too', () => {
    const stream = translation?.stream(context);
    const blocks = [thinking, redacted];
    const events = [
      { type: 'message_start', message: { ...answer([]), content: [] } },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking: 'hmm hmm' },
      },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'signature_delta', signature: 'sig' },
      },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: redacted },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      { type: 'message_stop' },
    ];
    const text = events.map((event) => stream?.push(event) ?? '').join('');
    const done = text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice(6)) as JsonObject)
      .findLast((event) => event['type'] === 'response.completed');
    expect(done?.['response']).toMatchObject({
      output: [{ type: 'reasoning', encrypted_content: carryThinking(blocks) }],
    });
  });
});
