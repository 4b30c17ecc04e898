/**
 * Calendar ranges found by looking: local dates are printed quarter by quarter of an hour until they
 * change. Slow, obvious, and sharing no code with `plans/calendar.ts`; the tests hold that to this.
 */

export interface ReferenceRange {
  readonly startMs: number;
  readonly endMs: number;
}

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const printers = new Map<string, Intl.DateTimeFormat>();
const found = new Map<string, ReferenceRange[]>();

/** The run of quarter hours around an instant whose local date falls in the same day, week or month. */
export function referenceRange(
  unit: 'day' | 'week' | 'month',
  atMs: number,
  timeZone: string,
): ReferenceRange {
  const cacheKey = `${unit} ${timeZone}`;
  const known = found.get(cacheKey) ?? [];
  found.set(cacheKey, known);
  const hit = known.find((range) => atMs >= range.startMs && atMs < range.endMs);
  if (hit !== undefined) return hit;
  const quarter = Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
  const name = nameOf(unit, quarter, timeZone);
  let startMs = quarter;
  while (nameOf(unit, startMs - DAY_MS, timeZone) === name) startMs -= DAY_MS;
  while (nameOf(unit, startMs - QUARTER_MS, timeZone) === name) startMs -= QUARTER_MS;
  let endMs = quarter + QUARTER_MS;
  while (nameOf(unit, endMs + DAY_MS, timeZone) === name) endMs += DAY_MS;
  while (nameOf(unit, endMs, timeZone) === name) endMs += QUARTER_MS;
  const range = { startMs, endMs };
  known.push(range);
  return range;
}

function nameOf(unit: 'day' | 'week' | 'month', atMs: number, timeZone: string): string {
  let printer = printers.get(timeZone);
  if (printer === undefined) {
    printer = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    printers.set(timeZone, printer);
  }
  const day = printer.format(atMs);
  if (unit === 'day') return day;
  if (unit === 'month') return day.slice(0, 7);
  const date = Date.parse(`${day}T00:00:00Z`);
  return String(date - ((new Date(date).getUTCDay() + 6) % 7) * DAY_MS);
}
