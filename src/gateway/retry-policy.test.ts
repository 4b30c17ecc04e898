import { describe, expect, test } from 'vitest';
import { seededRandom } from '#base/random.ts';
import { isRouteFault, nextStep, retryAfterMs, type AttemptFailure } from './retry-policy.ts';

const context = {
  attempts: 1,
  attemptsMax: 3,
  hasNextRoute: false,
  retryAfterMsMax: 5_000,
  random: seededRandom(1),
  nowMs: 0,
};
const refused = (
  status: number,
  headers: Record<string, string> = {},
  body = '',
): AttemptFailure => ({
  kind: 'refused',
  failure: { status, headers, body },
});

describe('what happens after a failed attempt', () => {
  test.each([400, 404, 413, 422])("the client's own fault (%i) is not repeated", (status) => {
    expect(nextStep(refused(status), { ...context, hasNextRoute: true })).toEqual({
      do: 'give-up',
    });
    expect(isRouteFault(refused(status))).toBe(false);
  });

  test.each([408, 409, 429, 500, 502, 503, 529])(
    '%i is repeated, elsewhere if there is an elsewhere',
    (status) => {
      expect(nextStep(refused(status), context).do).toBe('retry');
      expect(nextStep(refused(status), { ...context, hasNextRoute: true })).toEqual({
        do: 'next-route',
      });
    },
  );

  test.each([301, 307, 401, 403, 402])(
    '%i is a matter between us and the supplier: only another route helps',
    (status) => {
      expect(nextStep(refused(status), context)).toEqual({ do: 'give-up' });
      expect(nextStep(refused(status), { ...context, hasNextRoute: true })).toEqual({
        do: 'next-route',
      });
      expect(isRouteFault(refused(status))).toBe(true);
    },
  );

  test('retry-after is honoured up to a bound', () => {
    expect(nextStep(refused(429, { 'retry-after': '2' }), context)).toEqual({
      do: 'retry',
      afterMs: 2_000,
    });
    expect(
      nextStep(refused(429, { 'retry-after-ms': '150', 'retry-after': '9' }), context),
    ).toEqual({ do: 'retry', afterMs: 150 });
    expect(nextStep(refused(429, { 'retry-after': '6' }), context)).toEqual({ do: 'give-up' });
  });

  test('what fell silent is not asked again: it may be at work still', () => {
    expect(nextStep({ kind: 'silent' }, context)).toEqual({ do: 'give-up' });
    expect(nextStep({ kind: 'broken' }, context).do).toBe('retry');
  });

  test('attempts are bounded and the wait grows', () => {
    expect(nextStep(refused(500), { ...context, attempts: 3 })).toEqual({ do: 'give-up' });
    const waits = [1, 2].map((attempts) => nextStep(refused(500), { ...context, attempts }));
    expect(waits.map((each) => (each.do === 'retry' ? each.afterMs : 0))).toEqual([
      expect.toSatisfy((ms: number) => ms >= 125 && ms <= 250),
      expect.toSatisfy((ms: number) => ms >= 250 && ms <= 500),
    ]);
  });
});

test('retry-after as a date', () => {
  const failure = {
    status: 503,
    headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:03 GMT' },
    body: '',
  };
  expect(retryAfterMs(failure, 1_000)).toBe(2_000);
  expect(retryAfterMs({ ...failure, headers: { 'retry-after': 'soon' } }, 0)).toBeUndefined();
});
