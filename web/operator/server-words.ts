import { className } from '../chat/meter-words.ts';
import { m } from '../paraglide/messages.js';
import { count } from '../ui/figures.ts';

type Words = Readonly<Record<string, () => string>>;

/** The words for what the server names; the name itself where it is one that nobody has described yet. */
export const inWords =
  (words: Words) =>
  (name: string): string =>
    words[name]?.() ?? name.replaceAll('_', ' ');

/** How an answer ended. */
export const endText = inWords({
  completed: m.op_end_completed,
  client_aborted: m.op_end_client_aborted,
  upstream_failed: m.op_end_upstream_failed,
  cut_by_limit: m.op_end_cut_by_limit,
  process_died: m.op_end_process_died,
});

/** Why a request was refused. */
export const refusalText = inWords({
  gate: m.op_refusal_gate,
  funds: m.op_refusal_funds,
  class: m.op_refusal_class,
  capacity: m.op_refusal_capacity,
  subscription: m.op_refusal_subscription,
});

/** What a posting, or a change of an account, is about. */
export const kindText = inWords({
  accrual: m.op_kind_accrual,
  accrue: m.op_kind_accrual,
  charge: m.op_kind_charge,
  cost: m.op_kind_cost,
  expiry: m.op_kind_expiry,
  expire: m.op_kind_expiry,
  grant: m.op_kind_grant,
  refund: m.op_kind_refund,
  open: m.op_kind_open,
  renew: m.op_kind_renew,
  change_plan: m.op_kind_change_plan,
  cap: m.op_kind_cap,
});

/** Who paid for a request. */
export const payerText = inWords({
  allowance: m.op_payer_allowance,
  promotional: m.op_payer_promotional,
  bought: m.op_payer_bought,
  overage: m.op_payer_overage,
});

/** What is not as it should be, and what to do about it. */
export const incidentText = inWords({
  overrun: m.op_incident_overrun,
  cost_mismatch: m.op_incident_cost_mismatch,
  estimate: m.op_incident_estimate,
});
export const incidentAdvice = (kind: string): string | undefined =>
  (
    {
      overrun: m.op_incident_overrun_do,
      cost_mismatch: m.op_incident_cost_mismatch_do,
      estimate: m.op_incident_estimate_do,
    } as Words
  )[kind]?.();

const unitText = inWords({
  input: m.op_used_input,
  input_cached: m.op_used_input_cached,
  cache_write_5m: m.op_used_cache_write,
  cache_write_1h: m.op_used_cache_write,
  output: m.op_used_output,
  reasoning: m.op_used_reasoning,
  web_searches: m.op_used_web_searches,
  tool_calls: m.op_used_tool_calls,
  requests: m.op_used_requests,
});

/** A usage vector: "input 1,204 · output 318". */
export function usageText(usage: Readonly<Record<string, number>>): string {
  return Object.entries(usage)
    .map(([unit, amount]) => `${unitText(unit)} ${count(amount)}`)
    .join(' · ');
}

const ACCOUNTS: Words = {
  'customer:allowance': m.op_account_allowance,
  'customer:promotional': m.op_account_promotional,
  'customer:bought': m.op_account_bought,
  'customer:overage': m.op_account_overage,
  'customer:deferred_revenue': m.op_account_deferred,
  payments_received: m.op_account_payments,
  allowance_granted: m.op_account_granted,
  promotional_expense: m.op_account_expense,
};
const FAMILIES: Readonly<Record<string, (words: { of: string }) => string>> = {
  'revenue:subscription': m.op_account_revenue_subscription,
  'revenue:usage': m.op_account_revenue_usage,
  'revenue:promotional': m.op_account_revenue_promotional,
  'revenue:breakage': m.op_account_revenue_breakage,
};

/** A ledger account: what it is, and of which plan version (as the server calls it), supplier or model. */
export function accountText(account: string, plan: string | null): string {
  const fixed = ACCOUNTS[account]?.();
  if (fixed !== undefined) return fixed;
  const [head = '', kind = '', ...rest] = account.split(':');
  if (head === 'payable') return m.op_account_payable({ of: kind });
  if (head === 'cost') return m.op_account_cost({ of: [kind, ...rest].join(' · ') });
  return FAMILIES[`${head}:${kind}`]?.({ of: plan ?? rest.join(':') }) ?? account;
}

/** A gate's own name, of its class where it counts one: `reasoning-weekly`, `burst · Fast`. */
export function gateName(gate: string): string {
  const [name = '', ofClass] = gate.split('/');
  return ofClass === undefined ? name : `${name} · ${className(ofClass)}`;
}

/** Who it was, without the id behind a person's name. */
export const actorText = (actor: string): string =>
  actor === 'command line' ? m.op_actor_cli() : actor.replace(/ \(per_\w+\)$/, '');

/** What a plan charges for use, as the server writes it: `cost × 1.2`, or the name of a table of rates. */
export function tariffText(tariff: string): string {
  const [, times] = /^cost × (\S+)$/.exec(tariff) ?? [];
  if (times !== undefined) return m.op_tariff_markup({ times });
  const [, table] = /^rates (.+)$/.exec(tariff) ?? [];
  return table === undefined ? tariff : m.op_tariff_table({ table });
}
