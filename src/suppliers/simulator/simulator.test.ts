import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { seededRandom } from '#base/random.ts';
import { NO_LATENCY } from './delivery.ts';
import { rawRequest } from './raw-client.ts';
import { countTokens } from './simulated-tokens.ts';
import { parseServedLog } from './simulator-log.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';

const running: Simulator[] = [];

afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({
    clock: systemClock,
    random: seededRandom(1),
    latency: NO_LATENCY,
    ...options,
  });
  running.push(simulator);
  const key = { apiKey: options.apiKey ?? 'any', maxRetries: 0 };
  return {
    simulator,
    openai: new OpenAI({ baseURL: `${simulator.url}/v1`, ...key }),
    anthropic: new Anthropic({ baseURL: simulator.url, ...key }),
  };
}

const HELLO = [{ role: 'user', content: 'hello' }] as const;

describe('chat completions, by the official client', () => {
  test('the usage is the count of the delivered text', async () => {
    const { openai } = await start();
    const answer = await openai.chat.completions.create({
      model: 'sim-fast',
      messages: [...HELLO],
    });
    const text = answer.choices[0]?.message.content ?? '';
    expect(text).toMatch(/^Simulated answer/);
    expect(answer.system_fingerprint).toBe('simulated');
    expect(answer.usage?.completion_tokens).toBe(countTokens(text));
    expect(answer.usage?.total_tokens).toBe(
      countTokens(text) + (answer.usage?.prompt_tokens ?? Number.NaN),
    );
  });

  test('a stream carries the same text, and usage only if asked for', async () => {
    const { openai } = await start();
    const body = { model: 'sim-fast', messages: [...HELLO] };
    const whole = await openai.chat.completions.create(body);
    for (const include of [true, false]) {
      const stream = await openai.chat.completions.create({
        ...body,
        stream: true,
        stream_options: { include_usage: include },
      });
      let text = '';
      let usage;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        usage = chunk.usage ?? usage;
      }
      expect(text).toBe(whole.choices[0]?.message.content);
      expect(usage).toEqual(include ? whole.usage : undefined);
    }
  });

  test('several choices, a limit and a tier are heeded', async () => {
    const { openai } = await start();
    const answer = await openai.chat.completions.create({
      model: 'sim-fast',
      messages: [...HELLO],
      n: 2,
      max_tokens: 7,
      service_tier: 'priority',
    });
    expect(answer.choices.map((choice) => choice.finish_reason)).toEqual(['length', 'length']);
    expect(answer.usage?.completion_tokens).toBe(14);
    expect(answer.service_tier).toBe('priority');
  });

  test('a loop of tool calls runs to its end', async () => {
    const { openai } = await start();
    const runner = openai.chat.completions.runTools({
      model: 'sim-fast',
      stream: true,
      messages: [{ role: 'user', content: 'please call add_up' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'add_up',
            description: 'adds',
            parameters: { type: 'object', properties: { a: { type: 'number' } } },
            parse: (text: string) => JSON.parse(text) as { a: number },
            function: ({ a }: { a: number }) => `${a + 1}`,
          },
        },
      ],
    });
    expect(await runner.finalContent()).toMatch(/^Simulated answer/);
    expect(runner.messages.map((message) => message.role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
    ]);
  });

  test('reasoning models think, within the output', async () => {
    const { openai } = await start();
    const answer = await openai.chat.completions.create({
      model: 'sim-reasoning',
      messages: [...HELLO],
    });
    const text = answer.choices[0]?.message.content ?? '';
    const reasoning = answer.usage?.completion_tokens_details?.reasoning_tokens ?? 0;
    expect(reasoning).toBeGreaterThan(0);
    expect(answer.usage?.completion_tokens).toBe(reasoning + countTokens(text));
  });

  test('dictated counts reach the usage', async () => {
    const { openai } = await start();
    const answer = await openai.chat.completions.create(
      { model: 'sim-fast', messages: [...HELLO] },
      {
        headers: {
          'x-sim-input-tokens': '6758',
          'x-sim-cached-tokens': '512',
          'x-sim-output-tokens': '500',
        },
      },
    );
    expect(answer.usage).toMatchObject({
      prompt_tokens: 6758,
      completion_tokens: 500,
      prompt_tokens_details: { cached_tokens: 512 },
    });
  });
});

describe('Responses, by the official client', () => {
  test('a stream ends with the answer that it streamed', async () => {
    const { openai } = await start();
    const stream = openai.responses.stream({ model: 'sim-reasoning', input: 'hello' });
    let text = '';
    stream.on('response.output_text.delta', (event) => {
      text += event.delta;
    });
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(text);
    expect(final.usage?.output_tokens).toBe(
      countTokens(text) + (final.usage?.output_tokens_details.reasoning_tokens ?? 0),
    );
  });

  test('a limit makes it incomplete', async () => {
    const { openai } = await start();
    const answer = await openai.responses.create({
      model: 'sim-fast',
      input: 'hello',
      max_output_tokens: 5,
    });
    expect(answer.status).toBe('incomplete');
    expect(answer.incomplete_details?.reason).toBe('max_output_tokens');
  });

  test('going on from an earlier response costs its tokens again', async () => {
    const { openai } = await start();
    const first = await openai.responses.create({ model: 'sim-fast', input: 'hello' });
    const alone = await openai.responses.create({ model: 'sim-fast', input: 'and?' });
    const after = await openai.responses.create({
      model: 'sim-fast',
      input: 'and?',
      previous_response_id: first.id,
    });
    const carried = (after.usage?.input_tokens ?? 0) - (alone.usage?.input_tokens ?? 0);
    expect(carried).toBe(first.usage?.total_tokens);
    const unknown = openai.responses.create({
      model: 'sim-fast',
      input: 'and?',
      previous_response_id: 'resp_nobody',
    });
    await expect(unknown).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
    });
  });

  test('tools are called', async () => {
    const { openai } = await start();
    const parameters = { type: 'object', properties: {}, additionalProperties: false };
    const answer = await openai.responses.create({
      model: 'sim-fast',
      input: 'use look_up',
      tools: [{ type: 'function', name: 'look_up', parameters, strict: true }],
    });
    expect(answer.output[0]).toMatchObject({
      type: 'function_call',
      name: 'look_up',
      arguments: '{}',
    });
  });
});

describe('Anthropic messages, by the official client', () => {
  test('a stream carries text, thinking and a usage that adds up', async () => {
    const { anthropic } = await start();
    const stream = anthropic.messages.stream({
      model: 'sim-fast',
      max_tokens: 4096,
      thinking: { type: 'enabled', budget_tokens: 2048 },
      messages: [...HELLO],
    });
    const final = await stream.finalMessage();
    const texts = final.content.map((block) => {
      if (block.type === 'text') return block.text;
      return block.type === 'thinking' ? block.thinking : '';
    });
    expect(final.content.map((block) => block.type)).toEqual(['thinking', 'text']);
    expect(final.usage.output_tokens).toBe(texts.reduce((sum, text) => sum + countTokens(text), 0));
    expect(texts.every((text) => text.startsWith('Simulated answer'))).toBe(true);
  });

  test('cache writes and reads are apart from input', async () => {
    const { anthropic } = await start();
    const ask = () =>
      anthropic.messages.create({
        model: 'sim-fast',
        max_tokens: 16,
        system: [
          { type: 'text', text: 'long '.repeat(2000), cache_control: { type: 'ephemeral' } },
        ],
        messages: [...HELLO],
      });
    const first = (await ask()).usage;
    const second = (await ask()).usage;
    expect(first.cache_creation_input_tokens).toBeGreaterThan(1500);
    expect(second.cache_read_input_tokens).toBe(first.cache_creation_input_tokens);
    expect(second.input_tokens).toBe(first.input_tokens);
  });

  test('tools are called and tokens are counted beforehand', async () => {
    const { anthropic } = await start();
    const body = {
      model: 'sim-fast',
      messages: [{ role: 'user' as const, content: 'use look_up' }],
      tools: [{ name: 'look_up', input_schema: { type: 'object' as const } }],
    };
    const answer = await anthropic.messages.create({ ...body, max_tokens: 100 });
    expect(answer.stop_reason).toBe('tool_use');
    expect(answer.content[0]).toMatchObject({ type: 'tool_use', name: 'look_up', input: {} });
    const counted = await anthropic.messages.countTokens(body);
    expect(counted.input_tokens).toBe(answer.usage.input_tokens);
  });
});

test('embeddings are unit vectors that depend on the text alone', async () => {
  const { openai } = await start();
  const answer = await openai.embeddings.create({
    model: 'sim-embedding',
    input: ['one', 'two', 'one'],
    dimensions: 8,
  });
  const [one, two, again] = answer.data.map((each) => each.embedding);
  expect(one).toEqual(again);
  expect(one).not.toEqual(two);
  expect(Math.hypot(...(one ?? []))).toBeCloseTo(1, 5);
  expect(answer.usage.prompt_tokens).toBe(15);
});

describe('what a caller does wrong', () => {
  test('a wrong key', async () => {
    const { simulator, openai } = await start({ apiKey: 'right' });
    await expect(openai.models.list()).resolves.toBeDefined();
    const wrong = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await expect(wrong.models.list()).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });

  test('a model that does not exist', async () => {
    const { openai, anthropic } = await start({ models: ['sim-fast'] });
    const chat = openai.chat.completions.create({ model: 'sim-slow', messages: [...HELLO] });
    await expect(chat).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    const message = anthropic.messages.create({
      model: 'sim-slow',
      max_tokens: 1,
      messages: [...HELLO],
    });
    await expect(message).rejects.toMatchObject({
      status: 404,
      error: { type: 'error', error: { type: 'not_found_error' } },
    });
  });

  test.each([
    ['/v1/chat/completions', '{'],
    ['/v1/chat/completions', '{"model":"m","messages":[]}'],
    ['/v1/chat/completions', '{"model":7,"messages":[{"role":"user","content":"x"}]}'],
    ['/v1/responses', '{"model":"m"}'],
    ['/v1/messages', '{"model":"m","messages":[{"role":"user","content":"x"}]}'],
    ['/v1/embeddings', '{"model":"m","input":[]}'],
  ])('%s with %s', async (path, body) => {
    const { simulator } = await start();
    const answer = await rawRequest({ url: simulator.url, path, body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toHaveProperty(
      'error.type',
      'invalid_request_error',
    );
    expect(simulator.log.entries()).toHaveLength(0);
  });

  test('a body that is too large, and a path that does not exist', async () => {
    const { simulator } = await start({ bodyBytesMax: 100 });
    const { url } = simulator;
    const large = await rawRequest({ url, path: '/v1/responses', body: 'x'.repeat(200) });
    expect(large.status).toBe(413);
    expect((await rawRequest({ url, path: '/v1/nothing', body: '' })).status).toBe(404);
  });
});

describe('the log', () => {
  test('names each request and attempt, before the answer and after it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
    const logPath = join(directory, 'served.jsonl');
    const { simulator, openai } = await start({ logPath });
    const answer = await openai.chat.completions.create(
      { model: 'sim-fast', messages: [...HELLO] },
      { headers: { 'x-client-request-id': 'req_1', 'x-breakeven-attempt': 'att_1' } },
    );
    await expect.poll(() => simulator.log.entries()).toHaveLength(2);
    const [served] = simulator.log.requests();
    expect(served).toMatchObject({
      requestId: 'req_1',
      attemptId: 'att_1',
      surface: 'chat',
      planned: { output: answer.usage?.completion_tokens },
      end: { outcome: 'completed', billed: { output: answer.usage?.completion_tokens } },
    });
    expect(parseServedLog(`${readFileSync(logPath, 'utf8')}{"event":"star`)).toEqual([served]);
    rmSync(directory, { recursive: true });
  });

  test('in memory keeps the latest entries and says how many are gone', async () => {
    const { simulator, openai } = await start({ logEntriesMax: 4 });
    for (let index = 0; index < 4; index++)
      await openai.embeddings.create({ model: 'sim-embedding', input: 'x', dimensions: 1 });
    await expect.poll(() => simulator.log.dropped + simulator.log.entries().length).toBe(8);
    expect(simulator.log.entries().length).toBeLessThanOrEqual(4);
  });
});

test('latency delays the first token and paces the rest', async () => {
  const { openai, simulator } = await start({
    latency: { firstTokenMs: 60, tokensPerSecond: 500 },
  });
  const startMs = performance.now();
  const stream = await openai.chat.completions.create(
    { model: 'sim-fast', messages: [...HELLO], stream: true },
    { headers: { 'x-sim-output-tokens': '50' } },
  );
  let firstMs = 0;
  for await (const chunk of stream)
    if (firstMs === 0 && chunk.choices.length > 0) firstMs = performance.now() - startMs;
  expect(firstMs).toBeGreaterThan(50);
  expect(performance.now() - startMs).toBeGreaterThan(60 + 90);
  simulator.setLatency(NO_LATENCY);
});
