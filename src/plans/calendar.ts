/**
 * Calendar days, weeks (from Monday) and months in an IANA time zone, as half-open ranges of
 * instants. A day starts at its first instant: where a clock change skips midnight, at the change.
 */

export type CalendarUnit = 'day' | 'week' | 'month';

export interface CalendarRange {
  readonly startMs: number;
  /** Exclusive; equals the start of the next range. */
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const formatters = new Map<string, Intl.DateTimeFormat>();
/** The range last asked for, by zone and unit: the accounts of an installation share a few zones. */
const lastRanges = new Map<string, CalendarRange>();

/** True where the runtime's time zone data knows the name. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** The range of a unit that holds an instant. @throws RangeError on an unknown time zone. */
export function calendarRange(unit: CalendarUnit, atMs: number, timeZone: string): CalendarRange {
  const cacheKey = `${unit} ${timeZone}`;
  const last = lastRanges.get(cacheKey);
  if (last !== undefined && atMs >= last.startMs && atMs < last.endMs) return last;
  const range = Object.freeze(findRange(unit, atMs, timeZone));
  lastRanges.set(cacheKey, range);
  return range;
}

function findRange(unit: CalendarUnit, atMs: number, timeZone: string): CalendarRange {
  // A local date is kept as the UTC midnight of the same date, so that date arithmetic is UTC arithmetic.
  const local = atMs + offsetMs(atMs, timeZone);
  let date = firstDateOf(unit, local - mod(local, DAY_MS));
  let startMs = startOfDay(date, timeZone);
  let endMs = startOfDay(nextDate(unit, date), timeZone);
  // A clock set back over midnight repeats part of a day that has already ended.
  while (atMs >= endMs) {
    date = nextDate(unit, date);
    startMs = endMs;
    endMs = startOfDay(nextDate(unit, date), timeZone);
  }
  return { startMs, endMs };
}

function firstDateOf(unit: CalendarUnit, date: number): number {
  const parts = new Date(date);
  if (unit === 'day') return date;
  if (unit === 'week') return date - ((parts.getUTCDay() + 6) % 7) * DAY_MS;
  return Date.UTC(parts.getUTCFullYear(), parts.getUTCMonth(), 1);
}

function nextDate(unit: CalendarUnit, date: number): number {
  if (unit === 'day') return date + DAY_MS;
  if (unit === 'week') return date + 7 * DAY_MS;
  const parts = new Date(date);
  return Date.UTC(parts.getUTCFullYear(), parts.getUTCMonth() + 1, 1);
}

/**
 * The billing period of a monthly subscription that holds an instant. Periods begin on the anchor's
 * local day and time of each month; in a month without that day, on its last one (31 January → 28
 * February → 31 March: counted from the anchor each time, so that the day never drifts).
 */
export function billingPeriod(anchorMs: number, atMs: number, timeZone: string): CalendarRange {
  const anchor = new Date(anchorMs + offsetMs(anchorMs, timeZone));
  const now = new Date(atMs + offsetMs(atMs, timeZone));
  let months =
    (now.getUTCFullYear() - anchor.getUTCFullYear()) * 12 +
    now.getUTCMonth() -
    anchor.getUTCMonth();
  while (addMonths(anchorMs, months, timeZone) > atMs) months--;
  while (addMonths(anchorMs, months + 1, timeZone) <= atMs) months++;
  return {
    startMs: addMonths(anchorMs, months, timeZone),
    endMs: addMonths(anchorMs, months + 1, timeZone),
  };
}

/** The same local day and time `months` later; the month's last day where it is shorter. */
export function addMonths(anchorMs: number, months: number, timeZone: string): number {
  if (months === 0) return anchorMs;
  const local = anchorMs + offsetMs(anchorMs, timeZone);
  const anchor = new Date(local);
  const year = anchor.getUTCFullYear();
  const month = anchor.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const date = Date.UTC(year, month, Math.min(anchor.getUTCDate(), lastDay));
  return instantOf(date + mod(local, DAY_MS), timeZone);
}

function startOfDay(date: number, timeZone: string): number {
  return instantOf(date, timeZone);
}

/** The first instant at which a zone's clocks show a local time; where they skip it, the instant of the skip. */
function instantOf(local: number, timeZone: string): number {
  const before = offsetMs(local - DAY_MS, timeZone);
  const after = offsetMs(local + DAY_MS, timeZone);
  const early = local - Math.max(before, after);
  const late = local - Math.min(before, after);
  if (early + offsetMs(early, timeZone) === local) return early;
  if (late + offsetMs(late, timeZone) === local) return late;
  return offsetChange(early, late, timeZone);
}

function offsetChange(fromMs: number, toMs: number, timeZone: string): number {
  const offset = offsetMs(fromMs, timeZone);
  let low = fromMs;
  let high = toMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(middle, timeZone) === offset) low = middle;
    else high = middle;
  }
  return high;
}

/** Local time minus UTC. */
function offsetMs(atMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const fields: Record<string, number> = {};
  for (const part of formatterOf(timeZone).formatToParts(atMs))
    fields[part.type] = Number(part.value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second) - (atMs - mod(atMs, 1000));
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

function mod(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
