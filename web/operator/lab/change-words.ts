import type { FixGroup, Recommendation } from '../../../src/lab/lab.schema.ts';
import { windowWords } from '../../account/terms.ts';
import { className } from '../../chat/meter-words.ts';
import { m } from '../../paraglide/messages.js';
import type { Nano } from '../../../src/http/shapes/wire.ts';
import { count, usd } from '../../ui/figures.ts';

export type Terms = Recommendation['terms'];
type Gate = Terms['gates'][number];

/** What a plan's terms change of it, one sentence each; empty = the plan as it is. */
function changeWords(from: Terms, to: Terms): readonly string[] {
  const words: string[] = [];
  if (to.priceNanoUsd !== from.priceNanoUsd)
    words.push(m.lab_words_price({ price: dollars(to.priceNanoUsd) }));
  for (const gate of to.gates) {
    const before = from.gates.find(({ id }) => id === gate.id);
    if (isOther(before, gate)) words.push(gateChange(gate, to));
  }
  for (const gate of from.gates)
    if (!to.gates.some(({ id }) => id === gate.id))
      words.push(m.lab_words_gone({ limit: limitWords(gate) }));
  if (to.tariff.kind === 'markup' && isOther(to.tariff, from.tariff))
    words.push(m.lab_words_tariff({ percent: String((to.tariff.perMille - 1000) / 10) }));
  if (to.fareCapNanoUsd !== undefined && to.fareCapNanoUsd !== from.fareCapNanoUsd)
    words.push(m.lab_words_fare({ amount: dollars(to.fareCapNanoUsd) }));
  return words;
}

/** All of them in one line. */
export const changeLine = (from: Terms, to: Terms): string =>
  changeWords(from, to).join(m.lab_words_and()) || m.lab_as_it_is();

/** As it begins a line. */
export function changeTitle(from: Terms, to: Terms): string {
  const line = changeLine(from, to);
  return line.charAt(0).toUpperCase() + line.slice(1);
}

function gateChange(gate: Gate, plan: Terms): string {
  const limit = limitWords(gate);
  const { whenFull } = gate;
  switch (whenFull.do) {
    case 'fallback':
      return m.lab_words_fallback({ limit, to: className(whenFull.to) });
    case 'slow':
      return m.lab_words_slow({ limit });
    case 'credits':
      return m.lab_words_credits({ limit, amount: dollars(plan.credits.perPeriodNanoUsd) });
    case 'overage':
      return m.lab_words_overage({ limit, cap: dollars(plan.overageCapNanoUsd) });
    default:
      return m.lab_words_refuse({ limit });
  }
}

/** "$625 of cost in a billing period", "200 reasoning messages in a week". */
function limitWords({ unit, limit, window, classes }: Gate): string {
  const whose = classes.map(className).join(', ');
  const amount =
    unit === 'messages'
      ? m.lab_words_messages({ count: count(limit / 1000), whose })
      : unit === 'tokens'
        ? m.lab_words_tokens({ count: count(limit), whose })
        : unit === 'cost'
          ? m.lab_words_cost({ amount: dollars(limit) })
          : dollars(limit);
  const length =
    window.kind === 'cycle' ? '' : window.kind === 'calendar' ? window.unit : `${window.seconds}s`;
  return m.lab_words_limit({ amount, window: windowWords(`${window.kind} ${length}`.trim()) });
}

/** An amount of a plan by itself: dollars, messages, tokens, a mark-up. */
export function amountText(unit: NonNullable<FixGroup['range']>['unit'], value: number): string {
  switch (unit) {
    case 'messages':
      return spaced(m.lab_words_messages({ count: count(value / 1000), whose: '' }));
    case 'tokens':
      return spaced(m.lab_words_tokens({ count: count(value), whose: '' }));
    case 'perMille':
      return `+${(value - 1000) / 10}%`;
    default:
      return dollars(value);
  }
}

/** Without the place of a word that is not there. */
const spaced = (words: string): string => words.replaceAll(/\s+/g, ' ').trim();

/** Without cents that are nothing. */
const dollars = (nano: Nano): string => usd(nano).replace(/\.00$/, '');

/** Terms that were stored come back with their fields in another order. */
const isOther = (a: unknown, b: unknown): boolean => ordered(a) !== ordered(b);

const ordered = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
