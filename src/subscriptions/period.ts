/**
 * Billing periods: calendar months counted from an anchor, in the subscription's time zone. A period
 * starts at the anchor's day and local time; in a month that is too short, on its last day, and the
 * month after goes back to the anchor's day (31 January, 28 February, 31 March).
 */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** The period that contains an instant. Instants before the anchor have periods too. */
export function periodAt(atMs: number, anchor: { anchorMs: number; timeZone: string }): Period {
  const anchorLocal = localTime(anchor.anchorMs, anchor.timeZone);
  const atLocal = localTime(atMs, anchor.timeZone);
  let months = (atLocal.year - anchorLocal.year) * 12 + (atLocal.month - anchorLocal.month);
  while (periodStart(months, anchorLocal, anchor.timeZone) > atMs) months--;
  while (periodStart(months + 1, anchorLocal, anchor.timeZone) <= atMs) months++;
  return {
    startMs: periodStart(months, anchorLocal, anchor.timeZone),
    endMs: periodStart(months + 1, anchorLocal, anchor.timeZone),
  };
}

interface LocalTime {
  readonly year: number;
  /** From 0, as in `Date`. */
  readonly month: number;
  readonly day: number;
  /** Milliseconds since local midnight. */
  readonly timeMs: number;
}

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function periodStart(months: number, anchor: LocalTime, timeZone: string): number {
  const month = anchor.month + months;
  const lastDay = new Date(Date.UTC(anchor.year, month + 1, 0)).getUTCDate();
  const localMs = Date.UTC(anchor.year, month, Math.min(anchor.day, lastDay)) + anchor.timeMs;
  return instantOf(localMs, timeZone);
}

function localTime(atMs: number, timeZone: string): LocalTime {
  const local = new Date(atMs + offsetMs(atMs, timeZone));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth(),
    day: local.getUTCDate(),
    timeMs: ((local.getTime() % DAY_MS) + DAY_MS) % DAY_MS,
  };
}

/** The instant of a local wall-clock time; a time that DST skips moves forward by the gap. */
function instantOf(localMs: number, timeZone: string): number {
  const before = offsetMs(localMs - DAY_MS, timeZone);
  const after = offsetMs(localMs + DAY_MS, timeZone);
  for (const offset of [before, after]) {
    if (offsetMs(localMs - offset, timeZone) === offset) return localMs - offset;
  }
  return localMs - before;
}

/** How far local time is ahead of UTC at an instant. */
function offsetMs(atMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(atMs).map((part) => [part.type, Number(part.value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const localMs = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return localMs - Math.floor(atMs / 1000) * 1000;
}
