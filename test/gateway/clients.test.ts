import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import {
  TestGateway,
  testModel,
  testRoute,
  type TestGatewayOptions,
} from '#gateway/testing-gateway.ts';

const messages = [{ role: 'user' as const, content: 'What is a waterline?' }];
const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
};
const chatTool = {
  type: 'function' as const,
  function: { name: 'get_weather', description: 'Weather', parameters },
};
const claudeTool = { name: 'get_weather', description: 'Weather', input_schema: parameters };

/** The simulator behind only one vendor's wire, so that the other's clients are translated. */
function only(vendor: 'anthropic' | 'openai'): TestGatewayOptions {
  return { models: ({ url }) => [testModel([testRoute({ baseUrl: url, protocol: vendor })])] };
}

describe.each([
  ['its own wire', {}],
  ['a translation', only('anthropic')],
] as const)('the official OpenAI client over %s', (_name, options) => {
  test('completes', async () => {
    await using house = await TestGateway.start(options);
    const completion = await house
      .openai()
      .chat.completions.create({ model: 'sim-standard', messages, max_tokens: 40 });
    await house.idle();
    expect(completion.choices[0]?.message.content).toBeTruthy();
    expect(completion.model).toBe('sim-standard');
    expect(house.admission.settled[0]).toMatchObject({ outcome: 'completed', estimated: false });
    expect(completion.usage?.completion_tokens).toBe(
      house.simulator.log.requests()[0]?.end?.billed?.output,
    );
  });

  test('streams', async () => {
    await using house = await TestGateway.start(options);
    const stream = house
      .openai()
      .chat.completions.stream({ model: 'sim-standard', messages, max_tokens: 40 });
    const completion = await stream.finalChatCompletion();
    await house.idle();
    expect(completion.choices[0]?.message.content).toBeTruthy();
    expect(['stop', 'length']).toContain(completion.choices[0]?.finish_reason);
    expect(house.admission.settled[0]).toMatchObject({ outcome: 'completed', estimated: false });
  });

  test('calls tools, streamed and not', async () => {
    await using house = await TestGateway.start(options);
    const body = {
      model: 'sim-standard',
      messages,
      tools: [chatTool],
      tool_choice: 'required' as const,
      max_tokens: 200,
    };
    const plain = await house.openai().chat.completions.create(body);
    const streamed = await house.openai().chat.completions.stream(body).finalChatCompletion();
    for (const { choices } of [plain, streamed]) {
      const call = choices[0]?.message.tool_calls?.[0];
      expect(choices[0]?.finish_reason).toBe('tool_calls');
      expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
      expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toHaveProperty(
        'city',
      );
    }
  });

  test('aborts a stream: the supplier stops, and what came is billed', async () => {
    await using house = await TestGateway.start({
      ...options,
      simulator: { latency: { firstTokenMs: 0, tokensPerSecond: 200 } },
    });
    const stream = await house.openai().chat.completions.create({
      model: 'sim-standard',
      messages,
      max_tokens: 2_000,
      stream: true,
    });
    let chunks = 0;
    for await (const _chunk of stream) {
      chunks += 1;
      if (chunks === 20) break;
    }
    await house.idle();
    const [measurement] = house.admission.settled;
    expect(measurement).toMatchObject({ outcome: 'client_aborted', estimated: true });
    expect(measurement?.attempts[0]?.usage.output).toBeGreaterThan(10);
    expect(measurement?.attempts[0]?.usage.output).toBeLessThan(500);
    expect(house.pools.stats().running).toBe(0);
  });
});

describe.each([
  ['its own wire', {}],
  ['a translation', only('openai')],
] as const)('the official Anthropic client over %s', (_name, options) => {
  test('completes', async () => {
    await using house = await TestGateway.start(options);
    const { data, response } = await house
      .anthropic()
      .messages.create({ model: 'sim-standard', messages, max_tokens: 40 })
      .withResponse();
    await house.idle();
    expect(data.content[0]).toMatchObject({ type: 'text' });
    expect(data.model).toBe('sim-standard');
    expect(response.headers.get('request-id')).toMatch(/^req_/);
    expect(house.admission.settled[0]).toMatchObject({ outcome: 'completed', estimated: false });
    expect(data.usage.output_tokens).toBe(house.simulator.log.requests()[0]?.end?.billed?.output);
  });

  test('streams', async () => {
    await using house = await TestGateway.start(options);
    const message = await house
      .anthropic()
      .messages.stream({ model: 'sim-standard', messages, max_tokens: 40 })
      .finalMessage();
    await house.idle();
    expect(message.content[0]).toMatchObject({ type: 'text' });
    expect(['end_turn', 'max_tokens']).toContain(message.stop_reason);
    expect(house.admission.settled[0]).toMatchObject({ outcome: 'completed', estimated: false });
  });

  test('calls tools, streamed and not', async () => {
    await using house = await TestGateway.start(options);
    const body = {
      model: 'sim-standard',
      messages,
      tools: [claudeTool],
      tool_choice: { type: 'any' as const },
      max_tokens: 200,
    };
    const plain = await house.anthropic().messages.create(body);
    const streamed = await house.anthropic().messages.stream(body).finalMessage();
    for (const { content, stop_reason } of [plain, streamed]) {
      expect(stop_reason).toBe('tool_use');
      const call = content.find((block) => block.type === 'tool_use');
      expect(call).toMatchObject({
        name: 'get_weather',
        input: { city: expect.anything() as unknown },
      });
    }
  });

  test('reads a refusal as its own error', async () => {
    await using house = await TestGateway.start(options);
    const client = house.anthropic();
    await expect(
      client.messages.create({ model: 'nobody', messages, max_tokens: 5 }),
    ).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    house.admission.refusal = {
      reason: 'funds',
      availableClasses: [],
      gates: [],
      remainingNanoUsd: house.admission.balanceNanoUsd,
    };
    await expect(
      client.messages.create({ model: 'sim-standard', messages, max_tokens: 5 }),
    ).rejects.toMatchObject({
      status: 402,
      error: { type: 'error', error: { type: 'billing_error' } },
    });
    expect(house.simulator.log.requests()).toEqual([]);
  });
});

describe.each([
  ['its own wire', {}],
  [
    'chat completions',
    { models: ({ url }) => [testModel([testRoute({ baseUrl: url, protocol: 'mistral' })])] },
  ],
  ['messages', only('anthropic')],
] as const satisfies readonly (readonly [string, TestGatewayOptions])[])(
  'the Responses API over %s',
  (_name, options) => {
    test('completes and streams', async () => {
      await using house = await TestGateway.start(options);
      const body = { model: 'sim-standard', input: 'What is a waterline?', max_output_tokens: 60 };
      const plain = await house.openai().responses.create(body);
      expect(plain.output_text).toBeTruthy();
      const streamed = await house.openai().responses.stream(body).finalResponse();
      expect(streamed.output_text).toBeTruthy();
      await house.idle();
      expect(house.admission.settled.map(({ estimated }) => estimated)).toEqual([false, false]);
    });
  },
);

test('embeddings', async () => {
  await using house = await TestGateway.start();
  const { data } = await house
    .openai()
    .embeddings.create({ model: 'sim-standard', input: ['one', 'two'] });
  await house.idle();
  expect(data).toHaveLength(2);
  expect(house.admission.settled[0]?.attempts[0]?.usage).toMatchObject({ output: 0 });
});

test('models, in the shape of whoever asks', async () => {
  await using house = await TestGateway.start();
  const names: string[] = [];
  for await (const model of house.openai().models.list()) names.push(model.id);
  for await (const model of house.anthropic().models.list()) names.push(model.display_name);
  expect(names).toEqual(['sim-standard', 'sim-standard']);
  expect((await house.openai().models.retrieve('sim-standard')).object).toBe('model');
  await expect(house.openai().models.retrieve('nobody')).rejects.toBeInstanceOf(
    OpenAI.NotFoundError,
  );
});

test('the public name stands in every chunk where the supplier has another', async () => {
  await using house = await TestGateway.start({
    models: ({ url }) => [testModel([testRoute({ baseUrl: url })], { name: 'waterline-1' })],
  });
  const stream = await house
    .openai()
    .chat.completions.create({ model: 'waterline-1', messages, max_tokens: 20, stream: true });
  const names = new Set<string>();
  for await (const chunk of stream) names.add(chunk.model);
  expect([...names]).toEqual(['waterline-1']);
  expect(house.simulator.log.requests()[0]?.model).toBe('sim-standard');
});

test('bytes are those of the supplier where nothing is declared to be edited', async () => {
  await using house = await TestGateway.start();
  const body = {
    model: 'sim-standard',
    messages,
    max_tokens: 30,
    stream: true,
    stream_options: { include_usage: true },
  };
  const through = await (await house.post('/v1/chat/completions', body)).text();
  const direct = await fetch(`${house.simulator.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const same = (text: string): string => text.replaceAll(/"id":"[^"]*"|"created":\d+/g, '');
  const cached = (text: string): string => same(text).replaceAll(/"cached_tokens":\d+/g, '');
  expect(cached(through)).toBe(cached(await direct.text()));
});

test('what has no translation is refused by name, before anything is held', async () => {
  await using house = await TestGateway.start(only('anthropic'));
  const response = await house.post('/v1/chat/completions', {
    model: 'sim-standard',
    messages,
    logit_bias: { '50256': -100 },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'untranslatable', param: 'logit_bias' },
  });
  expect(house.admission.calls).toEqual([]);
});

test('a quote says the range and holds nothing', async () => {
  await using house = await TestGateway.start();
  const response = await house.post('/v1/quote', {
    model: 'sim-standard',
    messages,
    max_tokens: 100,
  });
  const quote = (await response.json()) as {
    charge_usd: { min: string; expected: string; max: string };
    output_tokens_max: number;
  };
  expect(quote.output_tokens_max).toBe(100);
  expect(Number(quote.charge_usd.max)).toBeGreaterThan(0.001);
  expect(Number(quote.charge_usd.min)).toBeLessThan(Number(quote.charge_usd.max));
  expect(house.admission.calls).toEqual([]);
  const odd = await house.post('/v1/quote?endpoint=/v1/teapot', {});
  expect(await odd.json()).toMatchObject({ error: { param: 'endpoint' } });
});

test('receipts come from whoever keeps them, and 404 to everybody else', async () => {
  await using house = await TestGateway.start({
    deps: { receipt: async (_caller, id) => (id === 'req_1' ? { id } : undefined) },
  });
  const get = (path: string): Promise<Response> =>
    fetch(`${house.url}${path}`, { headers: { 'x-api-key': 'sk-be-test' } });
  expect(await (await get('/v1/receipts/req_1')).json()).toEqual({ id: 'req_1' });
  expect((await get('/v1/receipts/req_2')).status).toBe(404);
});

test('probes and unknown paths', async () => {
  await using house = await TestGateway.start({ deps: { isReady: () => false } });
  expect((await fetch(`${house.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${house.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${house.url}/metrics`)).status).toBe(404);
  expect((await fetch(`${house.url}/nowhere`)).status).toBe(404);
  const wrong = await fetch(`${house.url}/v1/chat/completions`);
  expect(wrong.status).toBe(405);
  expect(await wrong.json()).toMatchObject({ error: { code: 'method_not_allowed' } });
});
