import type { Receipt } from '#admission/receipt.store.ts';
import type { Id } from '#base/id.ts';
import type { PlanVersion } from '#plans/plan-version.ts';

/** What an answer took and what paid for it: the line below it. Never what it cost the house. */
export interface Taking {
  readonly requestId: Id<'request'>;
  readonly model: string;
  /** From asking to the last word. */
  readonly ms: number;
  readonly chargeNanoUsd: number;
  /** `plan` where the plan includes it, else the bucket that paid most. */
  readonly paidBy: 'plan' | 'allowance' | 'promotional' | 'bought' | 'overage';
  /** The gate of which it took the largest share, in thousandths of its limit. */
  readonly share?: { readonly gate: string; readonly perMille: number } | undefined;
  /** The full gate because of which another model answered than was asked for. */
  readonly fallbackGate?: string | undefined;
  readonly outputTokens: number;
  /** True: nothing came, nothing was counted. */
  readonly isVoid?: boolean | undefined;
  readonly estimated: boolean;
}

/** Sums a receipt up. Shares of gates that count cost are shares too, and say no amount. */
export function takingOf(
  receipt: Receipt,
  {
    plan,
    ms,
    fallbackGate,
  }: {
    readonly plan: PlanVersion | undefined;
    readonly ms: number;
    readonly fallbackGate?: string | undefined;
  },
): Taking {
  const { usage } = receipt;
  const isVoid = receipt.outcome === 'voided';
  const outputTokens = (usage.output ?? 0) + (usage.reasoning ?? 0);
  const [payer] = (['allowance', 'promotional', 'bought', 'overage'] as const)
    .filter((each) => receipt.paidBy[each] > 0)
    .toSorted((a, b) => receipt.paidBy[b] - receipt.paidBy[a]);
  return {
    requestId: receipt.id,
    model: receipt.model,
    ms,
    chargeNanoUsd: receipt.chargeNanoUsd,
    paidBy: payer ?? 'plan',
    share: payer === undefined && plan && !isVoid ? shareOf(receipt, plan) : undefined,
    ...(isVoid && { isVoid }),
    ...(fallbackGate !== undefined && { fallbackGate }),
    outputTokens,
    estimated: receipt.estimated,
  };
}

function shareOf(receipt: Receipt, plan: PlanVersion): Taking['share'] {
  const weight = plan.classes.find(({ name }) => name === receipt.class)?.weightMilli ?? 1000;
  const tokens = Object.values(receipt.usage).reduce((sum, count) => sum + count, 0);
  let largest: Taking['share'];
  for (const gate of plan.gates) {
    if (gate.scope === 'everyone' || gate.limit <= 0) continue;
    if (gate.classes.length > 0 && !gate.classes.includes(receipt.class)) continue;
    const amount = gate.unit === 'messages' ? weight : gate.unit === 'tokens' ? tokens : undefined;
    if (amount === undefined) continue;
    const perMille = Math.round((amount * 1000) / gate.limit);
    if (largest === undefined || perMille > largest.perMille) largest = { gate: gate.id, perMille };
  }
  return largest;
}
