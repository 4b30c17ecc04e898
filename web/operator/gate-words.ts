import type { GateTerms } from '../../src/http/shapes/plans.ts';
import { fullWords, windowWords } from '../account/terms.ts';
import { m } from '../paraglide/messages.js';
import { count, usd } from '../ui/figures.ts';

const SCOPES: Readonly<Record<string, () => string>> = {
  customer: m.op_scope_customer,
  member: m.op_scope_member,
  key: m.op_scope_key,
  everyone: m.op_scope_everyone,
  class: m.op_scope_class,
};

/** An amount of a gate in its own unit. */
export function limitText(unit: GateTerms['unit'], limit: number): string {
  if (unit === 'messages') return m.op_unit_messages({ count: count(limit / 1000) });
  if (unit === 'tokens') return m.op_unit_tokens({ count: count(limit) });
  return unit === 'cost'
    ? m.op_unit_cost({ amount: usd(limit) })
    : unit === 'credits'
      ? m.op_unit_credits({ amount: usd(limit) })
      : m.op_unit_charge({ amount: usd(limit) });
}

/** How much of it, where the unit is said beside it. */
export function amountText(unit: GateTerms['unit'], amount: number): string {
  if (unit === 'messages') return count(amount / 1000);
  return unit === 'tokens' ? count(amount) : usd(amount);
}

export function gateText(gate: GateTerms): string {
  return m.op_gate_text({
    limit: gate.limit === null ? '' : limitText(gate.unit, gate.limit),
    window: windowWords(gate.window),
    scope: SCOPES[gate.scope]?.() ?? gate.scope,
    after: fullWords(gate),
  });
}
