import { expect, test } from 'vitest';
import { openAiDuration } from './duration.ts';
import { rateHeaders } from './rate-headers.ts';

test.each([
  [0, '0ms'],
  [-5, '0ms'],
  [12, '12ms'],
  [11.2, '12ms'],
  [999, '999ms'],
  [1000, '1s'],
  [1500, '1.5s'],
  [59_999, '59.999s'],
  [60_000, '1m0s'],
  [360_000, '6m0s'],
  [3_661_500, '1h1m1.5s'],
])('%d ms is %s', (ms, text) => {
  expect(openAiDuration(ms)).toBe(text);
});

const state = {
  nowMs: 1_800_000_000_000,
  requests: { limit: 160, remaining: 3.9, resetAtMs: 1_800_000_360_000 },
  tokens: { limit: 1e6, remaining: -20, resetAtMs: 1_799_999_999_999 },
};

test('OpenAI’s names and durations', () => {
  expect(rateHeaders(state, 'openai')).toEqual({
    'x-ratelimit-limit-requests': '160',
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-reset-requests': '6m0s',
    'x-ratelimit-limit-tokens': '1000000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '0ms',
  });
});

test('Anthropic’s names and times', () => {
  expect(rateHeaders({ nowMs: state.nowMs, requests: state.requests }, 'anthropic')).toEqual({
    'anthropic-ratelimit-requests-limit': '160',
    'anthropic-ratelimit-requests-remaining': '3',
    'anthropic-ratelimit-requests-reset': '2027-01-15T08:06:00Z',
  });
});

test('no window, no header', () => {
  expect(rateHeaders({ nowMs: 0 }, 'openai')).toEqual({});
});
