import type { Standings } from '#admission/standings.store.ts';
import type { Amounts } from '#plans/decision.ts';
import type { GateWindow, PlanVersion } from '#plans/plan-version.ts';

/** What a message may take of one limit, in thousandths of it: never an amount of ours. */
export interface QuoteShare {
  readonly gate: string;
  readonly window: GateWindow;
  /** Empty: all. */
  readonly classes: readonly string[];
  readonly expectedPerMille: number;
  readonly maxPerMille: number;
  /** What is left of it now. */
  readonly leftPerMille: number;
}

export interface QuotedMessage {
  readonly className: string;
  /** The worst case. */
  readonly most: Amounts;
  /** How much of the worst case is usual, 0…1. */
  readonly usualShare: number;
}

/**
 * What a message may take of the limits that it counts in, the largest share first. Limits that count
 * messages are left out where a message weighs one: everybody can count those.
 */
export function quoteShares(
  plan: PlanVersion,
  standings: Pick<Standings, 'gates'>,
  { className, most, usualShare }: QuotedMessage,
): readonly QuoteShare[] {
  const weight = plan.classes.find(({ name }) => name === className)?.weightMilli ?? 0;
  const shares = standings.gates.flatMap(({ gateId, used, limit }): readonly QuoteShare[] => {
    const [id, ofClass] = gateId.split('/');
    const gate = plan.gates.find((each) => each.id === id);
    if (!gate || limit <= 0) return [];
    const classes = ofClass === undefined ? gate.classes : [ofClass];
    if (classes.length > 0 && !classes.includes(className)) return [];
    const isCount = gate.unit === 'messages';
    if (gate.unit === 'credits' || (isCount && weight <= 1000)) return [];
    const amount = {
      messages: weight,
      tokens: most.tokens,
      charge: most.chargeNanoUsd,
      cost: most.costNanoUsd,
    }[gate.unit];
    const perMille = (part: number): number => Math.max(0, Math.round((part / limit) * 1000));
    return [
      {
        gate: gateId,
        window: gate.window,
        classes,
        expectedPerMille: perMille(isCount ? amount : amount * usualShare),
        maxPerMille: perMille(amount),
        leftPerMille: perMille(limit - used),
      },
    ];
  });
  return shares.toSorted((a, b) => b.expectedPerMille - a.expectedPerMille);
}
