import { m } from '../paraglide/messages.js';
import { moment, usd } from '../ui/figures.ts';
import { endText, inWords } from './server-words.ts';

/** What a fact of a change, or of an incident, is called. */
const factName = inWords({
  start: m.op_fact_start,
  end: m.op_fact_end,
  timeZone: m.op_fact_timeZone,
  price: m.op_fact_price,
  amount: m.op_fact_amount,
  credits: m.op_fact_credits,
  source: m.op_fact_source,
  expiresAt: m.op_fact_expiresAt,
  reference: m.op_fact_reference,
  reason: m.op_fact_reason,
  cap: m.op_fact_cap,
  charge_over: m.op_fact_charge_over,
  gates_over: m.op_fact_gates_over,
  cost_over: m.op_fact_cost_over,
  attempts: m.op_fact_attempts,
  actual: m.op_fact_actual,
  outcome: m.op_fact_outcome,
  cost: m.op_fact_cost,
});

const creditsText = inWords({
  promotional: m.op_fact_credits_promotional,
  bought: m.op_fact_credits_bought,
});

/** What an incident tells in nano-dollars without saying so in the fact's name. */
const MONEY = new Set(['charge_over', 'cost_over', 'attempts', 'actual', 'cost']);

/** What comes first, in whatever order the store keeps its fields; others follow as they are. */
const ORDER = ['amountNanoUsd', 'priceNanoUsd', 'credits', 'startMs', 'endMs', 'expiresAtMs'];
const rankOf = (name: string): number =>
  ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length;

/** Facts on one line: amounts as money, instants as moments, what is nested by its own names. */
export function factsText(facts: Readonly<Record<string, unknown>>): string {
  return partsOf(facts).join(' · ');
}

const partsOf = (facts: object): readonly string[] =>
  Object.entries(facts)
    .toSorted(([a], [b]) => rankOf(a) - rankOf(b))
    .flatMap(factText);

function factText([name, value]: readonly [string, unknown]): readonly string[] {
  // Of what has an id of its own, the plan's column or the row says what it is.
  if (value === null || value === '' || name === 'kind' || name.endsWith('Id')) return [];
  if (typeof value === 'object') return partsOf(value);
  // Nothing was passed by nothing.
  if (name.endsWith('_over') && value === 0) return [];
  if (MONEY.has(name) && typeof value === 'number') return [`${factName(name)} ${usd(value)}`];
  if (name.endsWith('NanoUsd') && (typeof value === 'number' || typeof value === 'string'))
    return [`${factName(name.slice(0, -'NanoUsd'.length))} ${usd(value)}`];
  if (name.endsWith('Ms') && typeof value === 'number')
    return [`${factName(name.slice(0, -'Ms'.length))} ${moment(value)}`];
  return [`${factName(name)} ${valueText(name, value)}`];
}

function valueText(name: string, value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (name === 'outcome') return endText(value);
  return name === 'credits' ? creditsText(value) : value;
}
