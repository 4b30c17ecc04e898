import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { billingPeriod } from './calendar.ts';

const at = (text: string): number => Date.parse(text);

function periodAt(atMs: number, anchor: { anchorMs: number; timeZone: string }) {
  return billingPeriod(anchor.anchorMs, atMs, anchor.timeZone);
}

describe('billing periods', () => {
  it('keeps the anchor day across short months', () => {
    const anchor = { anchorMs: at('2027-01-31T10:00:00Z'), timeZone: 'UTC' };
    const starts = [0, 1, 2, 3].map((month) =>
      new Date(periodAt(Date.UTC(2027, month + 1, 15), anchor).startMs).toISOString(),
    );
    expect(starts).toEqual([
      '2027-01-31T10:00:00.000Z',
      '2027-02-28T10:00:00.000Z',
      '2027-03-31T10:00:00.000Z',
      '2027-04-30T10:00:00.000Z',
    ]);
  });

  it.each(['29', '30', '31'])(
    'gives a leap February its last day for an anchor on the %s',
    (day) => {
      const anchor = { anchorMs: at(`2028-01-${day}T00:00:00Z`), timeZone: 'UTC' };
      const period = periodAt(at('2028-02-10T00:00:00Z'), anchor);
      expect(new Date(period.endMs).toISOString()).toBe('2028-02-29T00:00:00.000Z');
    },
  );

  it('keeps the local hour across daylight saving', () => {
    const anchor = { anchorMs: at('2026-10-05T07:00:00Z'), timeZone: 'Europe/Berlin' };
    const period = periodAt(at('2026-11-10T00:00:00Z'), anchor);
    expect(new Date(period.startMs).toISOString()).toBe('2026-11-05T08:00:00.000Z');
  });

  it('moves a start that daylight saving skips to the instant of the skip', () => {
    const anchor = { anchorMs: at('2026-02-28T01:30:00Z'), timeZone: 'Europe/Berlin' };
    const period = periodAt(at('2026-03-28T12:00:00Z'), anchor);
    expect(new Date(period.startMs).toISOString()).toBe('2026-03-28T01:30:00.000Z');
    const skipped = periodAt(at('2026-03-29T12:00:00Z'), {
      anchorMs: at('2026-01-29T01:30:00Z'),
      timeZone: 'Europe/Berlin',
    });
    expect(new Date(skipped.startMs).toISOString()).toBe('2026-03-29T01:00:00.000Z');
  });

  it('tiles the time line: every instant lies in one period, and periods meet', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2020-01-01'), max: at('2040-01-01') }),
        fc.integer({ min: at('2020-01-01'), max: at('2040-01-01') }),
        fc.constantFrom(
          'UTC',
          'Europe/Berlin',
          'America/New_York',
          'Asia/Shanghai',
          'Pacific/Apia',
        ),
        (anchorMs, atMs, timeZone) => {
          const period = periodAt(atMs, { anchorMs, timeZone });
          expect(period.startMs).toBeLessThanOrEqual(atMs);
          expect(period.endMs).toBeGreaterThan(atMs);
          expect(periodAt(period.endMs, { anchorMs, timeZone }).startMs).toBe(period.endMs);
          expect(periodAt(period.startMs - 1, { anchorMs, timeZone }).endMs).toBe(period.startMs);
        },
      ),
      { numRuns: 300 },
    );
  });
});
