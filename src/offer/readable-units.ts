import { type NanoUsd, parsePicoUsd, parseScaled, parseUsd } from '#base/money.ts';
import type { Gate, GateUnit, GateWindow, Tariff, WhenFull } from '#plans/plan-version.ts';

/**
 * The notations of `breakeven.yaml`. Each function answers with the value, or with what is wrong, in
 * words for the person who wrote the file.
 */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

const ok = <T>(value: T): Reading<T> => ({ value });
const bad = (problem: string): { readonly problem: string } => ({ problem });

const DOLLARS = /^\$\s?([\d,]+(?:\.\d+)?)$/;

/** `$20`, `$1,234.50`: exact nano-dollars, never negative. */
export function readDollars(text: string): Reading<NanoUsd> {
  const digits = DOLLARS.exec(text.trim())?.[1];
  if (digits === undefined)
    return bad(`"${text}" is no amount of dollars; write it like $20 or $0.50`);
  const amount = parseUsd(digits.replaceAll(',', ''));
  return amount === undefined
    ? bad(`${text} has more than nine decimals or is too large`)
    : ok(amount);
}

/** `$1.25` per million tokens, or per single thing: pico-dollars per unit, exact. */
export function readRate(text: string, per: 'million' | 'one'): Reading<number> {
  const digits = DOLLARS.exec(text.trim())?.[1]?.replaceAll(',', '');
  if (digits === undefined) return bad(`"${text}" is no price; write it like $1.25`);
  const picos = per === 'one' ? parsePicoUsd(digits) : parseScaled(digits, 6);
  const rate = picos === undefined ? Number.NaN : Number(picos);
  if (!Number.isSafeInteger(rate)) {
    return bad(
      `${text} is no whole number of pico-dollars ${per === 'one' ? 'each' : 'per token'}`,
    );
  }
  return ok(rate);
}

const DURATION = /^(\d+)\s?(ms|s|m|h|d|w)$/;
const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90s`, `10m`, `3h`, `7d`: milliseconds, at least one. */
export function readDurationMs(text: string): Reading<number> {
  const match = DURATION.exec(text.trim());
  const durationMs = match ? Number(match[1]) * (MS[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
  if (!Number.isSafeInteger(durationMs) || durationMs < 1) {
    return bad(`"${text}" is no duration; write it like 90s, 10m, 3h or 7d`);
  }
  return ok(durationMs);
}

const CALENDAR: Readonly<Record<string, GateWindow>> = {
  day: { kind: 'calendar', unit: 'day' },
  week: { kind: 'calendar', unit: 'week' },
  month: { kind: 'calendar', unit: 'month' },
  'billing period': { kind: 'cycle' },
};

/** `3h` (rolling), `session 5h` (from the first message), `day`, `week`, `month`, `billing period`. */
export function readWindow(text: string): Reading<GateWindow> {
  const calendar = CALENDAR[text.trim()];
  if (calendar !== undefined && Object.hasOwn(CALENDAR, text.trim())) return ok(calendar);
  const session = /^session\s+(.+)$/.exec(text.trim())?.[1];
  const duration = readDurationMs(session ?? text);
  if ('problem' in duration || duration.value % 1000 !== 0) {
    return bad(
      `"${text}" is no window; write it like 3h, session 5h, day, week, month or billing period`,
    );
  }
  const seconds = duration.value / 1000;
  return ok(session === undefined ? { kind: 'rolling', seconds } : { kind: 'session', seconds });
}

const LIMIT_WORDS =
  'write it like 160 messages, 2000000 tokens, $5 of charge, $150 of cost or $10 of credits';

/** `160 messages`, `2,000,000 tokens`, `$150 of cost`: unit and limit of a gate. */
export function readLimit(text: string): Reading<Pick<Gate, 'unit' | 'limit'>> {
  const counted = /^([\d,]+(?:\.\d+)?)\s+(messages?|tokens?)$/.exec(text.trim());
  if (counted !== null) {
    const unit: GateUnit = counted[2]?.startsWith('message') === true ? 'messages' : 'tokens';
    const scaled = parseScaled((counted[1] ?? '').replaceAll(',', ''), unit === 'messages' ? 3 : 0);
    const limit = scaled === undefined ? Number.NaN : Number(scaled);
    return Number.isSafeInteger(limit)
      ? ok({ unit, limit })
      : bad(`"${text}" is no limit; ${LIMIT_WORDS}`);
  }
  const money = /^(\$\S+)\s+of\s+(charge|cost|credits)$/.exec(text.trim());
  if (money === null) return bad(`"${text}" is no limit; ${LIMIT_WORDS}`);
  const amount = readDollars(money[1] ?? '');
  return 'problem' in amount ? amount : ok({ unit: money[2] as GateUnit, limit: amount.value });
}

/** `refuse`, `fall back to fast`, `credits`, `overage`, `slow lane`. */
export function readWhenFull(text: string): Reading<WhenFull> {
  const words = text.trim();
  const to = /^fall\s?back to (\S+)$/.exec(words)?.[1];
  if (to !== undefined) return ok({ do: 'fallback', to });
  if (words === 'refuse' || words === 'credits' || words === 'overage') return ok({ do: words });
  if (words === 'slow lane') return ok({ do: 'slow' });
  return bad(
    `"${text}" is nothing that can happen; write refuse, fall back to CLASS, credits, overage or slow lane`,
  );
}

/** `cost`, `cost + 20%`, `cost + 12.5%`, `prices of NAME`. */
export function readTariff(text: string): Reading<Tariff> {
  const words = text.trim();
  if (words === 'cost') return ok({ kind: 'markup', perMille: 1000 });
  const table = /^prices of (\S+)$/.exec(words)?.[1];
  if (table !== undefined) return ok({ kind: 'rates', table });
  const percent = /^cost\s*\+\s*([\d.]+)\s*%$/.exec(words)?.[1];
  const perMille = percent === undefined ? undefined : parseScaled(percent, 1);
  if (perMille !== undefined) return ok({ kind: 'markup', perMille: 1000 + Number(perMille) });
  return bad(`"${text}" is no tariff; write cost, cost + 20% or prices of NAME`);
}

/** A class's weight as a number of messages: `1`, `0.25`, `50`: thousandths. */
export function readWeight(messages: number): Reading<number> {
  const milli = parseScaled(String(messages), 3);
  if (milli === undefined || milli < 0n)
    return bad(`${messages} is no weight: at least 0, at most three decimals`);
  return ok(Number(milli));
}

/** `50%`, `12.5%` of the standard rates: thousandths. */
export function readPercent(text: string): Reading<number> {
  const digits = /^([\d.]+)\s*%$/.exec(text.trim())?.[1];
  const perMille = digits === undefined ? undefined : parseScaled(digits, 1);
  return perMille === undefined
    ? bad(`"${text}" is no percentage; write it like 50%`)
    : ok(Number(perMille));
}

/** `01:00-04:00`: seconds of the UTC day. */
export function readHours(
  text: string,
): Reading<{ readonly fromSecond: number; readonly toSecond: number }> {
  const match = /^(\d\d):(\d\d)\s?[-–]\s?(\d\d):(\d\d)$/.exec(text.trim());
  const [fromHour = 99, fromMinute = 0, toHour = 99, toMinute = 0] = (match ?? [])
    .slice(1)
    .map(Number);
  const fromSecond = fromHour * 3600 + fromMinute * 60;
  const toSecond = toHour * 3600 + toMinute * 60;
  if (fromSecond > 86_400 || toSecond > 86_400 || fromMinute > 59 || toMinute > 59) {
    return bad(`"${text}" are no hours; write them like 01:00-04:00 (UTC)`);
  }
  return ok({ fromSecond, toSecond });
}

/** `2026-01-01` or a full ISO instant: milliseconds since the epoch. */
export function readInstant(text: string): Reading<number> {
  const atMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isFinite(atMs)
    ? ok(atMs)
    : bad(`"${text}" is no date; write it like 2026-01-01 (UTC)`);
}
