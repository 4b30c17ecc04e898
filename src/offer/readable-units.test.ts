import { describe, expect, test } from 'vitest';
import {
  readDollars,
  readDurationMs,
  readHours,
  readInstant,
  readLimit,
  readPercent,
  readRate,
  readTariff,
  readWeight,
  readWhenFull,
  readWindow,
} from './readable-units.ts';

const problem = { problem: expect.any(String) as string };

describe('notations of breakeven.yaml', () => {
  test.each([
    ['$20', 20_000_000_000],
    ['$1,234.50', 1_234_500_000_000],
    ['$0.000000001', 1],
    ['20', undefined],
    ['$-1', undefined],
    ['€20', undefined],
    ['$0.0000000001', undefined],
    ['$1e3', undefined],
  ])('dollars: %s', (text, value) => {
    expect(readDollars(text)).toEqual(value === undefined ? problem : { value });
  });

  test.each([
    ['$1.25', 'million', 1_250_000],
    ['$0.000001', 'million', 1],
    ['$0.0000001', 'million', undefined],
    ['$0.01', 'one', 10_000_000_000],
    ['free', 'one', undefined],
  ] as const)('rates: %s per %s', (text, per, value) => {
    expect(readRate(text, per)).toEqual(value === undefined ? problem : { value });
  });

  test.each([
    ['3h', { kind: 'rolling', seconds: 10_800 }],
    ['7d', { kind: 'rolling', seconds: 604_800 }],
    ['session 5h', { kind: 'session', seconds: 18_000 }],
    ['day', { kind: 'calendar', unit: 'day' }],
    ['billing period', { kind: 'cycle' }],
    ['500ms', undefined],
    ['constructor', undefined],
    ['fortnight', undefined],
  ])('windows: %s', (text, value) => {
    expect(readWindow(text)).toEqual(value === undefined ? problem : { value });
  });

  test.each([
    ['160 messages', { unit: 'messages', limit: 160_000 }],
    ['0.5 messages', { unit: 'messages', limit: 500 }],
    ['1 message', { unit: 'messages', limit: 1000 }],
    ['2,000,000 tokens', { unit: 'tokens', limit: 2_000_000 }],
    ['$150 of cost', { unit: 'cost', limit: 150_000_000_000 }],
    ['$5 of charge', { unit: 'charge', limit: 5_000_000_000 }],
    ['$5', undefined],
    ['160', undefined],
    ['1.5 tokens', undefined],
  ])('limits: %s', (text, value) => {
    expect(readLimit(text)).toEqual(value === undefined ? problem : { value });
  });

  test.each([
    ['refuse', { do: 'refuse' }],
    ['fall back to fast', { do: 'fallback', to: 'fast' }],
    ['slow lane', { do: 'slow' }],
    ['explode', undefined],
  ])('when full: %s', (text, value) => {
    expect(readWhenFull(text)).toEqual(value === undefined ? problem : { value });
  });

  test.each([
    ['cost', { kind: 'markup', perMille: 1000 }],
    ['cost + 20%', { kind: 'markup', perMille: 1200 }],
    ['cost+12.5%', { kind: 'markup', perMille: 1125 }],
    ['prices of retail', { kind: 'rates', table: 'retail' }],
    ['cost - 5%', undefined],
    ['cost + 1.25%', undefined],
  ])('tariffs: %s', (text, value) => {
    expect(readTariff(text)).toEqual(value === undefined ? problem : { value });
  });

  test('durations, weights, percentages, hours and dates', () => {
    expect(readDurationMs('90s')).toEqual({ value: 90_000 });
    expect(readDurationMs('0s')).toEqual(problem);
    expect(readWeight(0.25)).toEqual({ value: 250 });
    expect(readWeight(0.0001)).toEqual(problem);
    expect(readWeight(-1)).toEqual(problem);
    expect(readPercent('50%')).toEqual({ value: 500 });
    expect(readPercent('half')).toEqual(problem);
    expect(readHours('16:30-00:30')).toEqual({ value: { fromSecond: 59_400, toSecond: 1800 } });
    expect(readHours('25:00-26:00')).toEqual(problem);
    expect(readHours('soon')).toEqual(problem);
    expect(readInstant('2026-01-01')).toEqual({ value: Date.UTC(2026, 0, 1) });
    expect(readInstant('yesterday')).toEqual(problem);
  });
});
