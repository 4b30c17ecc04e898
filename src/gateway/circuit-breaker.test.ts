import { expect, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';

const settings = { failures: 3, openMs: 1_000 };

test('so many failures in a row open it; a success in between does not count them together', () => {
  const breaker = new CircuitBreaker(settings);
  breaker.failed(0);
  breaker.failed(0);
  breaker.succeeded();
  breaker.failed(0);
  breaker.failed(0);
  expect(breaker.state(0)).toBe('closed');
  breaker.failed(0);
  expect(breaker.state(999)).toBe('open');
  expect(breaker.isAvailable(999)).toBe(false);
});

test('half open lets one probe through at a time', () => {
  const breaker = new CircuitBreaker(settings);
  for (let i = 0; i < 3; i++) breaker.failed(0);
  expect(breaker.state(1_000)).toBe('half-open');
  expect(breaker.isAvailable(1_000)).toBe(true);
  breaker.begin(1_000);
  expect(breaker.isAvailable(1_000)).toBe(false);
  breaker.ended();
  expect(breaker.isAvailable(1_000)).toBe(true);
  breaker.begin(1_000);
  breaker.succeeded();
  expect(breaker.state(1_000)).toBe('closed');
});

test('a failed probe doubles the time, up to a bound', () => {
  const breaker = new CircuitBreaker(settings);
  for (let i = 0; i < 3; i++) breaker.failed(0);
  let nowMs = 1_000;
  breaker.begin(nowMs);
  breaker.failed(nowMs);
  expect(breaker.state(nowMs + 1_999)).toBe('open');
  expect(breaker.state(nowMs + 2_000)).toBe('half-open');
  for (let i = 0; i < 12; i++) {
    nowMs += 120_000;
    breaker.begin(nowMs);
    breaker.failed(nowMs);
  }
  expect(breaker.state(nowMs + 120_000)).toBe('half-open');
});

test('a route that asks to be left alone rests until then, and is not at fault', () => {
  const breaker = new CircuitBreaker(settings);
  breaker.rest(500);
  expect(breaker.isAvailable(499)).toBe(false);
  expect(breaker.isAvailable(500)).toBe(true);
});
