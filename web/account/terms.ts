import type { OfferedGate } from '../../src/http/shapes/me.ts';
import { className } from '../chat/meter-words.ts';
import { m } from '../paraglide/messages.js';
import { count, usd } from '../ui/figures.ts';
import { listed } from '../ui/words.ts';

/** A gate's window, as the server names it (`rolling 10800s`, `calendar day`, `cycle`), in words. */
export function windowWords(window: string): string {
  const [kind, length = ''] = window.split(' ');
  if (kind === 'cycle') return m.me_window_cycle();
  if (kind === 'calendar') {
    const names: Readonly<Record<string, () => string>> = {
      day: m.me_window_day,
      week: m.me_window_week,
      month: m.me_window_month,
    };
    return names[length]?.() ?? window;
  }
  const hours = Number.parseInt(length, 10) / 3600;
  if (!Number.isFinite(hours)) return window;
  if (hours % 24 === 0 && hours >= 48) return m.me_window_days({ days: count(hours / 24) });
  if (hours === 1 && kind !== 'session') return m.me_window_hour();
  return kind === 'session'
    ? m.me_window_session({ hours: count(hours) })
    : m.me_window_hours({ hours: count(hours) });
}

const COUNTED: Readonly<Record<string, () => string>> = {
  messages: m.chat_unit_messages,
  tokens: m.chat_unit_tokens,
  charge: m.chat_unit_usd,
};

/** A limit by what it counts: "Standard messages in 3 hours", "Fair use each billing period". */
export function limitName({
  unit,
  classes,
  window,
}: {
  readonly unit: string;
  readonly classes: readonly string[];
  readonly window: string;
}): string {
  const what = (COUNTED[unit] ?? m.chat_unit_share)();
  const name = m.me_limit_name({
    what:
      classes.length === 0
        ? what
        : m.chat_meter_of({ classes: listed(classes.map(className)), what }),
    window: windowWords(window),
  });
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** An amount in a gate's unit; `null` where it is nobody's business. */
export function amountWords(unit: OfferedGate['unit'], amount: number | null): string {
  if (amount === null) return m.me_limit_unsaid();
  if (unit === 'messages') return m.me_messages({ count: count(amount / 1000) });
  if (unit === 'tokens') return m.me_tokens({ count: count(amount) });
  return usd(amount);
}

/** What a gate lets through, in one line. */
export function gateWords(gate: OfferedGate): string {
  const whose = listed(gate.classes.map(className));
  const window = windowWords(gate.window);
  const line =
    gate.limit === null
      ? m.me_gate_unsaid({ window })
      : m.me_gate({ amount: amountWords(gate.unit, gate.limit), window });
  return whose ? m.me_limit_of({ classes: whose, window: line }) : line;
}

/** What happens when it is full. */
export function fullWords(gate: Pick<OfferedGate, 'whenFull' | 'fallbackTo' | 'window'>): string {
  switch (gate.whenFull) {
    case 'fallback':
      return m.me_full_fallback({ name: className(gate.fallbackTo ?? '') });
    case 'credits':
      return m.me_full_credits();
    case 'overage':
      return m.me_full_overage();
    case 'slow':
      return m.me_full_slow();
    default:
      return (NEXT[gate.window.replace(/ \d+s$/, '')] ?? m.me_full_refuse)();
  }
}

/** When a full limit that refuses has room again, by its window. */
const NEXT: Readonly<Record<string, () => string>> = {
  cycle: m.me_full_next_period,
  'calendar day': m.me_full_next_day,
  'calendar week': m.me_full_next_week,
  'calendar month': m.me_full_next_month,
  session: m.me_full_session,
};
