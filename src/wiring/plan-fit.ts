import { listPeopleOf } from '#accounts/customer-list.store.ts';
import { uuidOf } from '#base/id.ts';
import type { MeServices } from '#http/me-services.ts';
import type { PlanFitAnswer } from '#http/shapes/me.ts';
import { type NoPlanFit, type PlanFit, type PlanOutcome, verdictOf } from '#lab/plan-fit.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import type { ConsoleParts } from './console-parts.ts';

/** Which plan would have fitted a customer, for themselves and for operators. */
export function planFitOf({ pool, clock, plans, fits }: ConsoleParts): MeServices['planFit'] {
  return async ({ book, customerId }) => {
    const subscription = await subscriptionInForce(pool, book, customerId);
    if (!subscription) return { state: 'no_plan' };
    const customer = uuidOf(customerId);
    const people = await listPeopleOf(pool, { book, customer });
    const offered = plans.current().filter(({ listed }) => listed);
    const terms = [subscription.planVersionId, people.length, ...offered.map(({ id }) => id)];
    const question = { book, customer, members: people.length, nowMs: clock.nowMs() };
    return answerOf(await fits.ask(question, terms.join(' ')));
  };
}

function answerOf(fit: PlanFit | NoPlanFit): PlanFitAnswer {
  if ('why' in fit) return { state: fit.why };
  const { kind, plan } = verdictOf(fit);
  const total = ({ priceNanoUsd, beyondNanoUsd }: PlanOutcome): number =>
    priceNanoUsd + beyondNanoUsd;
  const compared = (outcome: PlanOutcome) => ({
    ...outcome,
    differenceNanoUsd: total(outcome) - total(fit.own),
  });
  return {
    ...fit,
    state: 'compared',
    verdict: kind,
    plan: plan ?? null,
    own: compared(fit.own),
    others: fit.others.map(compared),
  };
}
