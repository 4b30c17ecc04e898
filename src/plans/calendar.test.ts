import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceRange } from '#testing/reference-calendar.ts';
import { calendarRange, isTimeZone } from './calendar.ts';

/** Half-hour shifts, midnight shifts, a zone that skipped a day, and one far ahead. */
const ZONES = [
  'UTC',
  'America/New_York',
  'America/Sao_Paulo',
  'Europe/London',
  'Africa/Cairo',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
];

describe('calendar ranges', () => {
  it('are those that looking at every quarter of an hour finds', () => {
    const instant = fc.integer({ min: Date.UTC(2011, 10, 1), max: Date.UTC(2030, 0, 1) });
    const unit = fc.constantFrom('day' as const, 'week' as const, 'month' as const);
    fc.assert(
      fc.property(instant, unit, fc.constantFrom(...ZONES), (atMs, of, zone) => {
        expect(calendarRange(of, atMs, zone)).toEqual(referenceRange(of, atMs, zone));
      }),
      { numRuns: 400 },
    );
  });

  it('make a day of 25 hours where clocks go back', () => {
    const { startMs, endMs } = calendarRange(
      'day',
      Date.parse('2026-11-01T12:00:00Z'),
      'America/New_York',
    );
    expect((endMs - startMs) / 3_600_000).toBe(25);
  });

  it('begin a day at the change where midnight is skipped', () => {
    const { startMs } = calendarRange('day', Date.parse('2026-04-24T12:00:00Z'), 'Africa/Cairo');
    expect(new Date(startMs).toISOString()).toBe('2026-04-23T22:00:00.000Z');
  });

  it('know a zone by its name', () => {
    expect([isTimeZone('Europe/Berlin'), isTimeZone('Europe/Nowhere')]).toEqual([true, false]);
  });
});
