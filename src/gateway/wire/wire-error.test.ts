import { DomainError, type ErrorCode } from '#base/domain-error.ts';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { presentError, type ErrorFormat } from './wire-error.ts';

const CODES: Readonly<Record<ErrorCode, [status: number, retry: boolean]>> = {
  invalid_request: [400, false],
  invalid_json: [400, false],
  body_too_large: [413, false],
  unsupported_parameter: [400, false],
  unpriced_parameter: [400, false],
  untranslatable: [400, false],
  not_found: [404, false],
  model_not_found: [404, false],
  method_not_allowed: [405, false],
  conflict: [409, false],
  unauthenticated: [401, false],
  forbidden: [403, false],
  key_revoked: [401, false],
  no_subscription: [402, false],
  model_not_in_plan: [403, false],
  gate_full: [429, true],
  insufficient_funds: [402, false],
  rate_limited: [429, true],
  idempotency_conflict: [422, false],
  idempotency_in_flight: [409, true],
  unknown_price: [503, false],
  invalid_price: [400, false],
  invalid_configuration: [400, false],
  no_capacity: [503, true],
  store_unavailable: [503, true],
  upstream_error: [502, true],
  upstream_timeout: [504, true],
  shutting_down: [503, true],
  internal: [500, false],
};

describe.each<ErrorFormat>(['openai', 'anthropic'])('%s', (format) => {
  test.each(Object.entries(CODES))('%s', (code, [status, retry]) => {
    const wire = presentError(
      new DomainError(code as ErrorCode, 'why', { field: 'a.b' }),
      format,
      'req_1',
    );
    expect(wire.status).toBe(status);
    expect(wire.headers['x-should-retry']).toBe(retry ? undefined : 'false');
    expect(status !== 503 || !retry || wire.headers['retry-after'] === '1').toBe(true);
    const { error } = wire.body as { error: Record<string, unknown> };
    expect(error['message'] === 'why').toBe(code !== 'internal');
    expect(format === 'openai' ? error['param'] : error['field']).toBe('a.b');
  });

  test('a foreign error shows nothing of itself', () => {
    const wire = presentError(new Error('password=hunter2'), format);
    expect(wire.status).toBe(500);
    expect(JSON.stringify(wire)).not.toContain('hunter2');
    for (const thrown of [undefined, null, 'hunter2', 7, Object.create(null)])
      expect(presentError(thrown, format).status).toBe(500);
  });

  test('an unknown code is safe', () => {
    for (const code of ['constructor', '__proto__', 'brand_new'])
      expect(presentError(new DomainError(code as ErrorCode, 'x'), format).status).toBe(500);
  });
});

test('a window that opens soon is left to the SDK, a later one is not', () => {
  const gate = (retryAfterMs: number) =>
    presentError(
      new DomainError('gate_full', '160 of 160', {
        retryAfterMs,
        facts: { resetAtMs: 1_800_000_000_000 },
      }),
      'openai',
    ).headers;
  expect(gate(1_500)).toEqual({
    'retry-after': '2',
    'retry-after-ms': '1500',
    'x-breakeven-reset': '2027-01-15T08:00:00.000Z',
  });
  expect(gate(3_600_000)).toMatchObject({ 'retry-after': '3600', 'x-should-retry': 'false' });
});

test('a gate that cannot be retried says so whatever its code', () => {
  expect(
    presentError(new DomainError('gate_full', 'x', { retryable: false }), 'openai').headers[
      'x-should-retry'
    ],
  ).toBe('false');
});

/** Counts the calls that an SDK makes when every answer is this error. */
function answering(
  error: DomainError,
  format: ErrorFormat,
): { fetch: typeof fetch; calls: () => number } {
  let calls = 0;
  const wire = presentError(error, format, 'req_1');
  return {
    calls: () => calls,
    fetch: async () => {
      calls += 1;
      return new Response(JSON.stringify(wire.body), {
        status: wire.status,
        headers: {
          ...wire.headers,
          'retry-after-ms': wire.headers['retry-after-ms'] ? '1' : '',
          'content-type': 'application/json',
        },
      });
    },
  };
}

describe('the official clients', () => {
  test('openai: a spent budget is not retried, a window is', async () => {
    const spent = answering(new DomainError('insufficient_funds', 'spent'), 'openai');
    const client = new OpenAI({ apiKey: 'k', fetch: spent.fetch, maxRetries: 2 });
    await expect(client.models.list()).rejects.toMatchObject({
      status: 402,
      code: 'insufficient_quota',
      type: 'insufficient_quota',
    });
    expect(spent.calls()).toBe(1);
    const window = answering(
      new DomainError('gate_full', 'full', { retryAfterMs: 10, field: 'model' }),
      'openai',
    );
    await expect(
      new OpenAI({ apiKey: 'k', fetch: window.fetch, maxRetries: 1 }).models.list(),
    ).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded', param: 'model' });
    expect(window.calls()).toBe(2);
  });

  test('anthropic: the class and type are the vendor’s', async () => {
    const window = answering(
      new DomainError('gate_full', 'full', { retryAfterMs: 10 }),
      'anthropic',
    );
    const client = new Anthropic({ apiKey: 'k', fetch: window.fetch, maxRetries: 1 });
    const call = client.messages.create({
      model: 'm',
      max_tokens: 1,
      messages: [{ role: 'user', content: 'x' }],
    });
    await expect(call).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    expect(window.calls()).toBe(2);
  });
});
