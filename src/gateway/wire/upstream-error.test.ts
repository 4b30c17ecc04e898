import { describe, expect, test } from 'vitest';
import { errorWithin, presentUpstreamError } from './upstream-error.ts';

const failure = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

test('a vendor’s error keeps status, type, code, param and message', () => {
  const error = {
    message: 'Invalid temperature',
    type: 'invalid_request_error',
    param: 'temperature',
    code: 'bad_value',
  };
  const wire = presentUpstreamError(failure(400, { error }), 'openai');
  expect(wire).toEqual({ status: 400, headers: {}, body: { error } });
});

test('waits are passed, everything about our account is not', () => {
  const error = {
    message:
      'Rate limit reached for gpt-5 in organization org-AbC123 on tokens; key sk-proj-abcdef1234',
    type: 'tokens',
    code: 'rate_limit_exceeded',
  };
  const wire = presentUpstreamError(
    failure(
      429,
      { error },
      { 'retry-after': '7', 'openai-organization': 'acme', 'set-cookie': 'a' },
    ),
    'openai',
  );
  expect(wire.status).toBe(429);
  expect(wire.headers).toEqual({ 'retry-after': '7' });
  expect(JSON.stringify(wire)).not.toMatch(/AbC123|abcdef1234|acme/);
});

test.each([401, 403, 407])(
  'our refused credentials (%i) become 502 and say nothing of the key',
  (status) => {
    const wire = presentUpstreamError(
      failure(status, { error: { message: 'Incorrect API key provided: sk-live-9876' } }),
      'openai',
    );
    expect(wire.status).toBe(502);
    expect(wire.headers['x-should-retry']).toBe('false');
    expect(JSON.stringify(wire)).not.toContain('9876');
  },
);

test.each([
  failure(402, { error: { message: 'Insufficient Balance' } }),
  failure(429, {
    error: { code: 'insufficient_quota', message: 'You exceeded your current quota' },
  }),
  failure(400, {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message: 'Your credit balance is too low to access the API',
    },
  }),
])('our spent balance is no capacity, never the client’s own', (answer) => {
  const wire = presentUpstreamError(answer, 'openai');
  expect(wire.status).toBe(503);
  expect(wire.headers['retry-after']).toBe('30');
  expect(JSON.stringify(wire)).not.toMatch(/quota|balance/i);
});

describe('shapes', () => {
  test('an Anthropic error for an OpenAI client, and the reverse', () => {
    const anthropic = failure(529, {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    });
    expect(presentUpstreamError(anthropic, 'openai')).toMatchObject({
      status: 529,
      body: { error: { message: 'Overloaded', type: 'overloaded_error', code: null } },
    });
    const openai = failure(404, {
      error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found' },
    });
    expect(presentUpstreamError(openai, 'anthropic', 'req_1').body).toEqual({
      type: 'error',
      error: { type: 'not_found_error', message: 'no such model' },
      request_id: 'req_1',
    });
  });

  test.each([
    '',
    '<html>502</html>',
    '[]',
    'null',
    '{"error":null}',
    '{"error":{"message":{}}}',
    '"x"',
  ])('an odd body %j is still an error object', (body) => {
    const wire = presentUpstreamError(failure(500, body), 'openai');
    expect(wire.status).toBe(500);
    expect(wire.body).toMatchObject({ error: { message: expect.stringContaining('500') } });
  });

  test.each([200, 302, 101, 700])('status %i is an answer that is none', (status) => {
    expect(presentUpstreamError(failure(status, ''), 'openai').status).toBe(502);
  });

  test('a header that could break the response is dropped', () => {
    expect(
      presentUpstreamError(failure(429, '{}', { 'retry-after': '1\r\nx: y' }), 'openai').headers,
    ).toEqual({});
  });
});

test('an error inside a success is found', () => {
  expect(errorWithin({ error: { message: 'boom' } })?.message).toBe('boom');
  expect(errorWithin({ error: 'boom' })?.message).toBe('boom');
  expect(
    errorWithin({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
      ?.message,
  ).toBe('Overloaded');
  expect(errorWithin({ type: 'error', message: 'bad', sequence_number: 3 })?.message).toBe('bad');
  expect(
    errorWithin({ type: 'response.failed', response: { error: { message: 'failed' } } })?.message,
  ).toBe('failed');
  expect(errorWithin({ choices: [], error: null })).toBeUndefined();
  expect(errorWithin('x')).toBeUndefined();
});
