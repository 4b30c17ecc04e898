import type { Meter } from '#chat/limits.ts';
import { m } from '../paraglide/messages.js';
import { listed } from '../ui/words.ts';
import { clockTime, count, money, share } from './figures.ts';

/** A class as people call it. */
export function className(name: string): string {
  switch (name) {
    case 'fast':
      return m.chat_class_fast();
    case 'standard':
      return m.chat_class_standard();
    case 'reasoning':
      return m.chat_class_reasoning();
    case 'embedding':
      return m.chat_class_embedding();
    default:
      return name.charAt(0).toUpperCase() + name.slice(1);
  }
}

/** What a gate counts: "Standard messages in 3 h". */
export function meterTitle({
  unit,
  classes,
  window,
}: Pick<Meter, 'unit' | 'classes' | 'window'>): string {
  const what = {
    messages: m.chat_unit_messages,
    tokens: m.chat_unit_tokens,
    usd: m.chat_unit_usd,
    share: m.chat_unit_share,
  }[unit]();
  const title = m.chat_meter({
    what:
      classes.length > 0
        ? m.chat_meter_of({ classes: listed(classes.map(className)), what })
        : what,
    window: windowText(window),
  });
  return title.charAt(0).toUpperCase() + title.slice(1);
}

export function windowText(window: Meter['window']): string {
  if (window.kind === 'cycle') return m.chat_window_cycle();
  if (window.kind === 'calendar')
    return {
      day: m.chat_window_day,
      week: m.chat_window_week,
      month: m.chat_window_month,
    }[window.unit]();
  const hours = window.seconds / 3600;
  return hours >= 1
    ? m.chat_window_hours({ hours: count(hours) })
    : m.chat_window_minutes({ minutes: count(window.seconds / 60) });
}

/** "128 of 160", or a share where amounts are nobody's business. */
export function meterAmount({ unit, used, limit }: Pick<Meter, 'unit' | 'used' | 'limit'>): string {
  if (unit === 'share') return share(Math.min(1000, used));
  const format = unit === 'usd' ? money : count;
  return m.chat_of({ used: format(used), limit: format(limit) });
}

/** When there is room again: a full limit opens, a rolling one empties bit by bit. */
export function meterReset(meter: Meter): string {
  const time = clockTime(meter.resetAtMs);
  if (fill(meter) >= 1) return m.chat_resets_opens({ time });
  return meter.window.kind === 'rolling' ? m.chat_resets_falls({ time }) : m.chat_resets({ time });
}

export function fill({ used, limit }: Pick<Meter, 'used' | 'limit'>): number {
  return limit <= 0 ? 1 : Math.min(1, used / limit);
}
