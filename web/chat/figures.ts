import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';

const NANO = 1_000_000_000;

/** Money with as many digits as it needs: $12.40, $0.042, $0.00042. */
export function money(nanoUsd: number): string {
  const usd = nanoUsd / NANO;
  const small = usd !== 0 && Math.abs(usd) < 1;
  return new Intl.NumberFormat(getLocale(), {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(small
      ? { minimumFractionDigits: 2, maximumSignificantDigits: 2, roundingPriority: 'auto' }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  }).format(usd);
}

export function count(value: number): string {
  return new Intl.NumberFormat(getLocale(), { maximumFractionDigits: 1 }).format(value);
}

/** Thousandths as a percentage. */
export function share(perMille: number): string {
  return new Intl.NumberFormat(getLocale(), {
    style: 'percent',
    maximumFractionDigits: perMille < 100 ? 1 : 0,
  }).format(perMille / 1000);
}

export function seconds(ms: number): string {
  if (ms < 50) return m.chat_seconds({ seconds: '<\u20090.1' });
  return m.chat_seconds({
    seconds: new Intl.NumberFormat(getLocale(), {
      maximumFractionDigits: ms < 10_000 ? 1 : 0,
    }).format(ms / 1000),
  });
}

/** The time of today, or the day too. */
export function clockTime(
  atMs: number,
  nowMs = performance.timeOrigin + performance.now(),
): string {
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(getLocale(), {
    hour: 'numeric',
    minute: '2-digit',
    ...(!isToday && { month: 'short', day: 'numeric' }),
  }).format(atMs);
}

export function day(atMs: number): string {
  return new Intl.DateTimeFormat(getLocale(), { dateStyle: 'medium' }).format(atMs);
}

/** How long until then: `2 h 04 min`, `3:07`. */
export function countdown(untilMs: number, nowMs: number): string {
  const left = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (hours >= 48) return m.chat_days({ days: Math.round(hours / 24) });
  if (hours > 0) return m.chat_hours_minutes({ hours, minutes: pad(minutes) });
  return `${minutes}:${pad(left % 60)}`;
}
