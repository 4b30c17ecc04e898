import { expect, test } from 'vitest';
import { PromptCache } from './prompt-cache.ts';
import { readCall } from './read-call.ts';
import type { SimulatedSurface } from './simulated-call.ts';

const LONG = 'word '.repeat(1500);
const LONGER = 'more '.repeat(200);

function setUp() {
  let nowMs = 1_000_000;
  const cache = new PromptCache({ nowMs: () => nowMs });
  return {
    pass: (ms: number) => {
      nowMs += ms;
    },
    count: (surface: SimulatedSurface, body: object) =>
      cache.count(
        readCall(surface, {}, Buffer.from(JSON.stringify({ model: 'm', max_tokens: 9, ...body }))),
      ),
  };
}

const user = (content: unknown) => ({ role: 'user', content });

test('OpenAI: a known prefix of 1,024 tokens or more is cached in steps of 128', () => {
  const { count } = setUp();
  const first = count('chat', { messages: [user(LONG)] });
  expect(first.cached).toBe(0);
  const again = count('chat', { messages: [user(LONG), user(LONGER)] });
  expect(again.cached).toBeGreaterThanOrEqual(1024);
  expect(again.cached % 128).toBe(0);
  expect(again.cached).toBeLessThanOrEqual(first.uncached);
});

test('OpenAI: short prompts, other models and other beginnings are not cached', () => {
  const { count } = setUp();
  count('chat', { messages: [user('short')] });
  expect(count('chat', { messages: [user('short')] }).cached).toBe(0);
  count('chat', { messages: [user(LONG)] });
  expect(count('chat', { messages: [user(LONG)], model: 'other' }).cached).toBe(0);
  expect(count('chat', { messages: [user('x'), user(LONG)] }).cached).toBe(0);
});

test('OpenAI: the cache forgets', () => {
  const { count, pass } = setUp();
  count('chat', { messages: [user(LONG)] });
  pass(11 * 60_000);
  expect(count('chat', { messages: [user(LONG)] }).cached).toBe(0);
});

const marked = (text: string, ttl?: string) => ({
  type: 'text',
  text,
  cache_control: { type: 'ephemeral', ...(ttl !== undefined && { ttl }) },
});

test('Anthropic: marked prefixes are written once and read afterwards, disjoint from input', () => {
  const { count } = setUp();
  const body = { system: [marked(LONG)], messages: [user('hi')] };
  const first = count('messages', body);
  expect(first).toMatchObject({ cached: 0, written1h: 0 });
  expect(first.written5m).toBeGreaterThan(1000);
  const second = count('messages', body);
  expect(second).toEqual({ ...first, cached: first.written5m, written5m: 0 });
});

test('Anthropic: the two lifetimes are counted apart, and end', () => {
  const { count, pass } = setUp();
  const body = { system: [marked(LONG, '1h'), marked(LONGER)], messages: [user('hi')] };
  const first = count('messages', body);
  expect(first.written1h).toBeGreaterThan(first.written5m);
  expect(first.written5m).toBeGreaterThan(0);
  pass(6 * 60_000);
  const later = count('messages', body);
  expect(later).toMatchObject({
    cached: first.written1h,
    written5m: first.written5m,
    written1h: 0,
  });
});

test('Anthropic: nothing is cached that is not marked', () => {
  const { count } = setUp();
  count('messages', { messages: [user(LONG)] });
  expect(count('messages', { messages: [user(LONG)] })).toMatchObject({ cached: 0, written5m: 0 });
});
