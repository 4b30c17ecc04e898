import type { PlanChangePreview } from '#http/shapes/plans.ts';
import type { PlanTerms } from '#offer/offer.ts';
import { gateTerms } from './console-parts.ts';

/** Gates side by side, and the classes that come and go. The operator's own safety is nobody's limit. */
export function planDifference(
  from: PlanTerms,
  to: PlanTerms,
): Pick<PlanChangePreview, 'gates' | 'classesLost' | 'classesGained'> {
  const ids = [...new Set([...from.gates, ...to.gates].map(({ id }) => id))];
  const gateOf = (plan: PlanTerms, id: string) => {
    const gate = plan.gates.find((each) => each.id === id && each.scope !== 'everyone');
    return gate ? gateTerms(gate) : null;
  };
  const classes = (plan: PlanTerms) => plan.classes.map((terms) => terms.name);
  return {
    gates: ids
      .map((id) => ({ id, from: gateOf(from, id), to: gateOf(to, id) }))
      .filter((pair) => pair.from !== null || pair.to !== null),
    classesLost: classes(from).filter((each) => !classes(to).includes(each)),
    classesGained: classes(to).filter((each) => !classes(from).includes(each)),
  };
}

type GatePair = PlanChangePreview['gates'][number];

/** A gate on our cost has a limit that tells the cost: its owner sees that it is there. */
export function hideCost({ id, from, to }: GatePair): GatePair {
  const hide = (gate: GatePair['from']) =>
    gate?.unit === 'cost' ? { ...gate, limit: null } : gate;
  return { id, from: hide(from), to: hide(to) };
}
