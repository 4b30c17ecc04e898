import { expect, test } from 'vitest';
import { otelCall } from './otel-genai.ts';

test('cache counts are inside the input tokens, reasoning inside the output', () => {
  const call = otelCall({
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'claude-sonnet-4-6',
    'gen_ai.response.model': 'claude-sonnet-4-6-20260101',
    'gen_ai.response.id': 'msg_1',
    'gen_ai.usage.input_tokens': 1000,
    'gen_ai.usage.output_tokens': 200,
    'gen_ai.usage.cache_read.input_tokens': 700,
    'gen_ai.usage.cache_creation.input_tokens': 250,
    'gen_ai.usage.reasoning.output_tokens': 150,
  });
  expect(call).toMatchObject({
    provider: 'anthropic',
    responseId: 'msg_1',
    requestModel: 'claude-sonnet-4-6',
  });
  expect(call?.metering.parts[0]).toMatchObject({
    model: 'claude-sonnet-4-6-20260101',
    usage: {
      input: 50,
      input_cached: 700,
      cache_write_5m: 250,
      output: 50,
      reasoning: 150,
      requests: 1,
    },
  });
});

test('older names are read too', () => {
  const call = otelCall({
    'gen_ai.system': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.prompt_tokens': 10,
    'gen_ai.usage.completion_tokens': 5,
    'gen_ai.usage.cache_write.input_tokens': 4,
  });
  expect(call).toMatchObject({
    provider: 'openai',
    metering: { parts: [{ model: 'gpt-4o', usage: { input: 6, cache_write_5m: 4, output: 5 } }] },
  });
});

test('a span without counts, or no span, is nothing', () => {
  expect(otelCall({ 'gen_ai.request.model': 'm' })).toBeUndefined();
  expect(otelCall(null)).toBeUndefined();
});

test('caches beyond the input are cut to it and reported', () => {
  const call = otelCall({
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.cache_read.input_tokens': 30,
  });
  expect(call?.metering.parts[0]?.usage).toMatchObject({ input: 0, input_cached: 10 });
  expect(call?.metering.unknown).toHaveLength(1);
});
