import { isDeepStrictEqual } from 'node:util';
import type { PlanTerms } from './offer.ts';
import { planNotation } from './plan-notation.ts';

type Notation = Readonly<Record<string, unknown>>;

/**
 * What is other in a plan's terms, a line each, in the words of `breakeven.yaml`: "price: $200 → $250",
 * "+ gate fair-use: $375 of cost, window billing period, when full overage".
 */
export function planChangeText(from: PlanTerms, to: PlanTerms): readonly string[] {
  const { gates: _before, ...before } = planNotation(from);
  const { gates: _after, ...after } = planNotation(to);
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => !isDeepStrictEqual(before[field], after[field]))
    .map((field) => `${field}: ${valueText(before[field])} → ${valueText(after[field])}`);
  return [...fields, ...gateLines(gatesOf(from), gatesOf(to))];
}

function gatesOf(terms: PlanTerms): ReadonlyMap<string, string> {
  const gates = (planNotation(terms)['gates'] ?? []) as readonly Notation[];
  return new Map(gates.map(({ id, ...gate }) => [String(id), gateText(gate)]));
}

function gateText({ limit, ...rest }: Notation): string {
  const more = Object.entries(rest).map(([field, value]) => `${field} ${valueText(value)}`);
  return [String(limit), ...more].join(', ');
}

function gateLines(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const [was, is] = [before.get(id), after.get(id)];
    if (was === is) return [];
    if (was === undefined) return [`+ gate ${id}: ${is}`];
    return is === undefined ? [`- gate ${id}: ${was}`] : [`~ gate ${id}: ${was} → ${is}`];
  });
}

function valueText(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.join(' and ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
