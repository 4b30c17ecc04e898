import { expect, test } from 'vitest';
import { TestGateway } from './testing-gateway.ts';

const messages = [{ role: 'user' as const, content: 'What is a waterline?' }];

test('a plain completion is held, forwarded, metered, settled and told its charge', async () => {
  await using house = await TestGateway.start();
  const { data, response } = await house
    .openai()
    .chat.completions.create({ model: 'sim-standard', messages, max_tokens: 50 })
    .withResponse();
  await house.idle();
  expect(data.choices[0]?.message.content).toBeTruthy();
  const [measurement] = house.admission.settled;
  const cost =
    (data.usage?.prompt_tokens ?? 0) * 1_000 + (data.usage?.completion_tokens ?? 0) * 10_000;
  expect(measurement).toMatchObject({
    outcome: 'completed',
    estimated: false,
    actual: { costNanoUsd: cost, chargeNanoUsd: cost },
  });
  expect(house.admission.open.size).toBe(0);
  const [admit] = house.admission.of('admit');
  expect(admit?.request.candidates[0]?.quote.chargeNanoUsd).toBeGreaterThanOrEqual(cost);
  // What an estimate is booked to if this process dies.
  expect(admit?.evidence.routes).toEqual([{ supplier: 'sim', model: 'sim-standard' }]);
  expect(house.admission.sent).toEqual([admit?.request.requestId]);
  expect(response.headers.get('x-request-id')).toBe(admit?.request.requestId);
  expect(Number(response.headers.get('x-breakeven-charge'))).toBeCloseTo(cost / 1e9, 12);
  expect(response.headers.get('openai-processing-ms')).toMatch(/^\d+$/);
  expect(house.simulator.log.requests()[0]?.requestId).toBe(admit?.request.requestId);
});

test('a streamed completion arrives whole, without the usage chunk that only we asked for', async () => {
  await using house = await TestGateway.start();
  const stream = await house
    .openai()
    .chat.completions.create({ model: 'sim-standard', messages, max_tokens: 60, stream: true });
  let text = '';
  const usages: unknown[] = [];
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    if (chunk.usage) usages.push(chunk.usage);
  }
  await house.idle();
  expect(text.length).toBeGreaterThan(20);
  expect(usages).toEqual([]);
  const billed = house.simulator.log.requests()[0]?.end?.billed;
  const [measurement] = house.admission.settled;
  expect(measurement).toMatchObject({ outcome: 'completed', estimated: false });
  expect(measurement?.attempts[0]?.usage.output).toBe(billed?.output);
});

test('a client that asks for usage gets the chunk', async () => {
  await using house = await TestGateway.start();
  const stream = await house.openai().chat.completions.create({
    model: 'sim-standard',
    messages,
    max_tokens: 60,
    stream: true,
    stream_options: { include_usage: true },
  });
  let usage: unknown;
  for await (const chunk of stream) usage = chunk.usage ?? usage;
  expect(usage).toMatchObject({ completion_tokens: expect.any(Number) as number });
});
