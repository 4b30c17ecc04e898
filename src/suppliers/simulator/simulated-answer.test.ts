import { describe, expect, test } from 'vitest';
import { answerCall, outputTokensOf } from './simulated-answer.ts';
import { readCall } from './read-call.ts';
import type { SimulatedCall } from './simulated-call.ts';

const PROMPT = { uncached: 10, cached: 0, written5m: 0, written1h: 0 };

function chat(body: object, headers: Record<string, string> = {}): SimulatedCall {
  const whole = { model: 'sim-fast', messages: [{ role: 'user', content: 'hello' }], ...body };
  return readCall('chat', headers, Buffer.from(JSON.stringify(whole)));
}

function answer(call: SimulatedCall, seed = 1) {
  const { choices, usage } = answerCall(call, PROMPT, seed);
  const choice = choices[0];
  if (!choice) throw new Error('no choice');
  return { choices, choice, usage, text: choice.textTokens.join('') };
}

test('seed, model and prompt decide the text', () => {
  const text = answer(chat({})).text;
  expect(answer(chat({})).text).toBe(text);
  expect(answer(chat({}), 2).text).not.toBe(text);
  expect(answer(chat({ model: 'sim-standard' })).text).not.toBe(text);
  expect(answer(chat({ messages: [{ role: 'user', content: 'hello!' }] })).text).not.toBe(text);
});

test('lengths are spread as those of real conversations', () => {
  const lengths = Array.from({ length: 2000 }, (_, seed) => answer(chat({}), seed).usage.output);
  lengths.sort((a, b) => a - b);
  expect(lengths[1000]).toBeGreaterThan(110);
  expect(lengths[1000]).toBeLessThan(150);
  expect(lengths[1800]).toBeGreaterThan(350);
  expect(lengths[1800]).toBeLessThan(520);
});

describe('the limit on output', () => {
  test('ends the text and says so', () => {
    const { choice, usage } = answer(chat({ max_tokens: 5 }));
    expect(choice.finish).toBe('length');
    expect(choice.textTokens).toHaveLength(5);
    expect(usage.output).toBe(5);
  });

  test('counts reasoning first, which may leave no text', () => {
    const call = chat({ model: 'sim-reasoning', max_completion_tokens: 10 });
    const { choice, usage } = answer(call);
    expect(usage).toMatchObject({ output: 10, reasoning: 10 });
    expect(choice.textTokens).toHaveLength(0);
    expect(choice.finish).toBe('length');
  });

  test('that is not reached changes nothing', () => {
    const { choice } = answer(chat({ max_tokens: 100_000 }));
    expect(choice.finish).toBe('stop');
    expect(choice.textTokens.join('')).toBe(answer(chat({})).text);
  });

  test('a tool call that does not fit becomes a cut text, within the limit', () => {
    const tools = [{ type: 'function', function: { name: 'look_up', parameters: {} } }];
    const { choice, usage } = answer(chat({ tools, tool_choice: 'required', max_tokens: 3 }));
    expect(choice.toolCall).toBeUndefined();
    expect(usage.output).toBe(3);
  });
});

test('each choice is billed', () => {
  const { choices, usage } = answer(chat({ n: 3 }));
  expect(choices).toHaveLength(3);
  expect(usage.output).toBe(choices.reduce((sum, choice) => sum + outputTokensOf(choice), 0));
  expect(choices[1]?.textTokens).not.toEqual(choices[0]?.textTokens);
});

describe('dictated counts', () => {
  test('from headers', () => {
    const headers = { 'x-sim-output-tokens': '321' };
    expect(answer(chat({}, headers)).usage).toMatchObject({ output: 321, reasoning: 0 });
  });

  test('from metadata, with reasoning inside the output', () => {
    const metadata = { sim_output_tokens: '100', sim_reasoning_tokens: '60' };
    const { choice, usage } = answer(chat({ metadata }));
    expect(usage).toMatchObject({ output: 100, reasoning: 60 });
    expect(choice.textTokens).toHaveLength(40);
  });

  test('stay within the limit that the caller set', () => {
    const headers = { 'x-sim-output-tokens': '321' };
    const { choice, usage } = answer(chat({ max_tokens: 20 }, headers));
    expect(usage.output).toBe(20);
    expect(choice.finish).toBe('length');
  });

  test.each(['-1', '1.5', 'many', '', '1e99'])('refuse %j', (count) => {
    expect(() => chat({}, { 'x-sim-output-tokens': count })).toThrow(/no count/);
  });
});

describe('tools', () => {
  const parameters = {
    type: 'object',
    properties: {
      city: { type: 'string' },
      days: { type: 'integer', minimum: 1 },
      unit: { type: 'string', enum: ['celsius', 'kelvin'] },
      tags: { type: 'array', items: { type: 'boolean' } },
    },
  };
  const tools = [
    { type: 'function', function: { name: 'get_time' } },
    { type: 'function', function: { name: 'get_weather', parameters } },
  ];
  const asking = [{ role: 'user', content: 'call get_weather for Bern' }];

  test('are called when the prompt names one, with arguments that fit its schema', () => {
    const { choice } = answer(chat({ tools, messages: asking }));
    expect(choice.finish).toBe('tool');
    expect(choice.toolCall?.name).toBe('get_weather');
    const given: unknown = JSON.parse(choice.toolCall?.argumentTokens.join('') ?? '');
    expect(given).toEqual({
      city: expect.any(String),
      days: expect.any(Number),
      unit: expect.stringMatching(/celsius|kelvin/),
      tags: [expect.any(Boolean)],
    });
  });

  test('are left alone when the prompt names none, or the caller forbids', () => {
    expect(answer(chat({ tools })).choice.toolCall).toBeUndefined();
    const none = chat({ tools, messages: asking, tool_choice: 'none' });
    expect(answer(none).choice.toolCall).toBeUndefined();
  });

  test('are called as the caller forces', () => {
    const first = answer(chat({ tools, tool_choice: 'required' }));
    expect(first.choice.toolCall?.name).toBe('get_time');
    const forced = { type: 'function', function: { name: 'get_weather' } };
    expect(answer(chat({ tools, tool_choice: forced })).choice.toolCall?.name).toBe('get_weather');
  });

  test('are not called again after their result', () => {
    const messages = [...asking, { role: 'tool', tool_call_id: 'call_1', content: '12 °C' }];
    expect(answer(chat({ tools, messages })).choice.finish).toBe('stop');
  });
});
