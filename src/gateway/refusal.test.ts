import { expect, test } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import type { Refused } from '#admission/admission.ts';
import type { Gate } from '#plans/plan-version.ts';
import { rateHeadersOf } from './rate-state.ts';
import { refusalError } from './refusal.ts';

const nowMs = Date.UTC(2026, 10, 24, 12, 0);
const openMs = Date.UTC(2026, 10, 24, 14, 32);
const messages: Gate = {
  id: 'fast-3h',
  unit: 'messages',
  window: { kind: 'rolling', seconds: 10_800 },
  scope: 'customer',
  classes: [],
  limit: 160_000,
  whenFull: { do: 'refuse' },
};
const tokens: Gate = {
  ...messages,
  id: 'tokens-day',
  unit: 'tokens',
  window: { kind: 'calendar', unit: 'day' },
  limit: 1_000,
};
const spend: Gate = {
  ...messages,
  id: 'spend',
  unit: 'cost',
  window: { kind: 'cycle' },
  limit: 5_000_000_000,
};
const gates = new Map([messages, tokens, spend].map((gate) => [gate.id, gate]));
const context = { gates, model: 'sim-standard', nowMs };
const refused = (over: Partial<Refused>): Refused => ({
  verdict: 'refused',
  reason: 'gate',
  availableClasses: [],
  gates: [],
  remainingNanoUsd: nanoUsd(0),
  ...over,
});

test('a full gate says what is full, when it opens, and what is open now', () => {
  const gate = { gateId: 'fast-3h', limit: 160_000, used: 160_000, resetAtMs: openMs };
  const error = refusalError(refused({ gate, availableClasses: ['fast'] }), context);
  expect(error.message).toBe(
    '160 of 160 messages in 3 h; next opens 14:32 UTC. fast is available now.',
  );
  expect(error).toMatchObject({
    code: 'gate_full',
    retryAfterMs: openMs - nowMs,
    facts: { gate: 'fast-3h', resetAtMs: openMs },
  });
});

test('money and far days are written out', () => {
  const gate = {
    gateId: 'spend',
    limit: 5_000_000_000,
    used: 4_900_000_000,
    resetAtMs: Date.UTC(2026, 11, 1),
  };
  expect(refusalError(refused({ gate }), context).message).toBe(
    '$4.90 of $5.00 in this billing period; next opens 2026-12-01 00:00 UTC.',
  );
});

test.each([
  ['funds', 'insufficient_funds'],
  ['class', 'model_not_in_plan'],
  ['capacity', 'no_capacity'],
  ['subscription', 'no_subscription'],
] as const)('%s', (reason, code) => {
  expect(refusalError(refused({ reason }), context).code).toBe(code);
});

test('a gate that the plan no longer has still refuses by its name', () => {
  const gate = { gateId: 'gone', limit: 1, used: 1, resetAtMs: openMs };
  expect(refusalError(refused({ gate }), context).message).toContain('gone');
});

test('headers tell of each unit the gate that is nearest to full', () => {
  const looser = { ...messages, id: 'weekly', limit: 1_000_000 };
  const headers = rateHeadersOf(
    [
      { gateId: 'weekly', limit: 1_000_000, used: 10_000, resetAtMs: nowMs + 1_000 },
      { gateId: 'fast-3h', limit: 160_000, used: 100_500, resetAtMs: nowMs + 60_000 },
      { gateId: 'tokens-day', limit: 1_000, used: 1_200, resetAtMs: nowMs },
      { gateId: 'spend', limit: 1, used: 1, resetAtMs: nowMs },
    ],
    new Map([...gates, ['weekly', looser]]),
    { nowMs, format: 'openai' },
  );
  expect(headers).toEqual({
    'x-ratelimit-limit-requests': '160',
    'x-ratelimit-remaining-requests': '59',
    'x-ratelimit-reset-requests': '1m0s',
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '0ms',
  });
});
