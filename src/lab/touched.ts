import { labelOf, subscriberOf } from './figures.ts';
import type { Subscriber } from './lab.schema.ts';
import type { Outcome } from './outcome.ts';
import type { PlanStudy } from './plan-study.ts';
import type { TapeFacts } from './tape.ts';

/** So many subscribers stand in a result, the most harmed of them. */
export const TOUCHED_MAX = 2000;

/** The most harmed first: by what they pay more, then by how many of their requests meet a new limit. */
export function byHarm(a: Outcome, b: Outcome): number {
  const limits = (each: Outcome): number =>
    each.newlyRefused + each.newlyFellBack + each.newlySlowed;
  return (
    Number(b.isHarmed) - Number(a.isHarmed) ||
    b.billAfter - b.billBefore - a.billAfter + a.billBefore ||
    limits(b) - limits(a)
  );
}

/** The subscribers of one plan who notice a change of it, or leave the plan: each with both bills. */
export function noticedBy(
  tape: TapeFacts,
  study: PlanStudy,
  outcomes: readonly Outcome[],
): Subscriber[] {
  const others = study.others.map(({ terms }) => terms.plan);
  return outcomes
    .filter((each) => each.isHarmed || each.choice.kind !== 'stay')
    .sort(byHarm)
    .slice(0, TOUCHED_MAX)
    .map((outcome) => subscriberOf(tape, labelOf(study.plan), outcome, others));
}
