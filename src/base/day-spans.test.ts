import fc from 'fast-check';
import { expect, it } from 'vitest';
import { daySpans, type DaySpan } from './day-spans.ts';
import { utcDay } from './utc-day.ts';

const DAY_MS = 86_400_000;
const NOVEMBER = { fromDay: '2026-11-01', toDay: '2026-12-01' };

const daysOf = ({ fromDay, toDay }: DaySpan): readonly string[] =>
  Array.from({ length: (Date.parse(toDay) - Date.parse(fromDay)) / DAY_MS }, (_, index) =>
    utcDay(Date.parse(fromDay) + index * DAY_MS),
  );

it('begins with one day at either end and goes on with larger spans', () => {
  const spans = (order: 'asc' | 'desc'): readonly DaySpan[] => [
    ...daySpans(NOVEMBER, { order, beginMs: undefined, steps: [1, 3, 400] }),
  ];
  expect(spans('desc')).toEqual([
    { fromDay: '2026-11-30', toDay: '2026-12-01' },
    { fromDay: '2026-11-27', toDay: '2026-11-30' },
    { fromDay: '2026-11-01', toDay: '2026-11-27' },
  ]);
  expect(spans('asc')).toEqual([
    { fromDay: '2026-11-01', toDay: '2026-11-02' },
    { fromDay: '2026-11-02', toDay: '2026-11-05' },
    { fromDay: '2026-11-05', toDay: '2026-12-01' },
  ]);
});

it('begins with the day where a page ended', () => {
  const noonMs = Date.parse('2026-11-10T12:00:00Z');
  const [newer] = daySpans(NOVEMBER, { order: 'desc', beginMs: noonMs, steps: [1] });
  const [older] = daySpans(NOVEMBER, { order: 'asc', beginMs: noonMs, steps: [1] });
  expect(newer).toEqual({ fromDay: '2026-11-10', toDay: '2026-11-11' });
  expect(older).toEqual(newer);
});

it('goes through every day of a period once, in either order', () => {
  const periods = fc.record({
    first: fc.integer({ min: 20_000, max: 21_000 }),
    days: fc.nat(60),
    steps: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(periods, ({ first, days, steps: [head = 1, ...tail] }) => {
      const period = { fromDay: utcDay(first * DAY_MS), toDay: utcDay((first + days) * DAY_MS) };
      const walk = (order: 'asc' | 'desc'): readonly DaySpan[] => [
        ...daySpans(period, { order, beginMs: undefined, steps: [head, ...tail] }),
      ];
      expect(walk('asc').flatMap(daysOf)).toEqual(daysOf(period));
      expect(walk('desc').toReversed().flatMap(daysOf)).toEqual(daysOf(period));
    }),
  );
});
