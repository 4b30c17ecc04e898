const DAY_MS = 86_400_000;
let lastNumber = Number.NaN;
let lastText = '';

/** The UTC day of an instant, such as `2026-11-24`. */
export function utcDay(atMs: number): string {
  const number = Math.floor(atMs / DAY_MS);
  if (number === lastNumber) return lastText;
  lastText = new Date(number * DAY_MS).toISOString().slice(0, 10);
  lastNumber = number;
  return lastText;
}
