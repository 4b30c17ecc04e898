import type { Nano } from '../../src/http/shapes/wire.ts';
import { getLocale } from '../paraglide/runtime.js';

const NANO = 1_000_000_000;
const DAY_MS = 86_400_000;

/** For drawing and comparing; an exact sum stays text on the wire. */
export const numberOf = (nano: Nano): number => Number(nano);

/**
 * Short: 1.2M in English, 12.3万 in Chinese, where a thousand has no name and stays in figures. By itself
 * compact notation groups no four figures: 9999, 1234.6万.
 */
const COMPACT = { notation: 'compact', useGrouping: true } as const;

const minus = (text: string): string => text.replace('-', '−');

/** Money with as many digits as it needs, losses with a minus sign: $1,204.50, −$0.00042. */
export function usd(nano: Nano, { signed = false }: { readonly signed?: boolean } = {}): string {
  const value = numberOf(nano) / NANO;
  const size = Math.abs(value);
  const digits =
    size === 0 || size >= 1
      ? { minimumFractionDigits: 2, maximumFractionDigits: 2 }
      : {
          minimumFractionDigits: 2,
          maximumFractionDigits: Math.min(9, 1 - Math.floor(Math.log10(size)) + 1),
        };
  return minus(
    new Intl.NumberFormat(getLocale(), {
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      ...(signed && { signDisplay: 'exceptZero' }),
      ...digits,
    }).format(value),
  );
}

/** Money inside of a sentence: the sign does not part from its amount at a line's end. */
export const usdInText = (nano: Nano): string => usd(nano).replace('−', '−\u2060');

/** Money where room is short: $18.4K, −$184. */
export function usdShort(nano: Nano, { signed = false } = {}): string {
  const value = numberOf(nano) / NANO;
  const size = Math.abs(value);
  return minus(
    new Intl.NumberFormat(getLocale(), {
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      ...(signed && { signDisplay: 'exceptZero' }),
      ...(size >= 10_000 && COMPACT),
      minimumFractionDigits: size !== 0 && size < 1 ? 2 : 0,
      maximumFractionDigits:
        size === 0 ? 0 : size < 1 ? 2 : size < 100 ? 2 : size >= 10_000 ? 1 : 0,
    }).format(value),
  );
}

export function count(value: number): string {
  return minus(new Intl.NumberFormat(getLocale(), { maximumFractionDigits: 1 }).format(value));
}

/** In three digits, where a bar's width is all the room there is: 319K, 1.05M; 31.9万, 105万. */
export function countRough(value: number): string {
  return new Intl.NumberFormat(getLocale(), {
    ...COMPACT,
    maximumSignificantDigits: 3,
  }).format(value);
}

/** 1.2M, 48K; 120万, 4.8万. */
export function countShort(value: number): string {
  return minus(
    new Intl.NumberFormat(getLocale(), { ...COMPACT, maximumFractionDigits: 1 }).format(value),
  );
}

/** A share 0…1 as a percentage, with a digit where it is small. */
export function percent(share: number): string {
  const size = Math.abs(share);
  return minus(
    new Intl.NumberFormat(getLocale(), {
      style: 'percent',
      maximumFractionDigits: size !== 0 && size < 0.1 ? 1 : 0,
    }).format(share),
  );
}

/** How a figure moved, `+12%`; `undefined` where there was nothing before. */
export function change(now: number, before: number): string | undefined {
  if (before === 0) return undefined;
  const share = (now - before) / Math.abs(before);
  return minus(
    new Intl.NumberFormat(getLocale(), {
      style: 'percent',
      signDisplay: 'exceptZero',
      maximumFractionDigits: Math.abs(share) < 0.1 ? 1 : 0,
    }).format(share),
  );
}

export function moment(atMs: number): string {
  return new Intl.DateTimeFormat(getLocale(), { dateStyle: 'medium', timeStyle: 'short' }).format(
    atMs,
  );
}

/** A UTC day, `2026-11-27`, as people write it. */
export function dayText(day: string): string {
  return new Intl.DateTimeFormat(getLocale(), {
    month: 'short',
    day: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(`${day}T00:00:00Z`));
}

/** The days of a period; the last one is written, though the end is exclusive. */
export function daysText(fromDay: string, toDay: string): string {
  const last = addDays(toDay, -1);
  return fromDay === last ? dayText(fromDay) : `${dayText(fromDay)} – ${dayText(last)}`;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

export function daysBetween(fromDay: string, toDay: string): number {
  return Math.round((Date.parse(toDay) - Date.parse(fromDay)) / DAY_MS);
}

/** Today in UTC, the calendar of the books. */
export function today(): string {
  return new Date(performance.timeOrigin + performance.now()).toISOString().slice(0, 10);
}

/** To the second, for the order of events. */
export function momentSeconds(atMs: number): string {
  return new Intl.DateTimeFormat(getLocale(), {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(atMs);
}

export function dateText(atMs: number): string {
  return new Intl.DateTimeFormat(getLocale(), { dateStyle: 'medium' }).format(atMs);
}
