import { DomainError } from '#base/domain-error.ts';
import { metricOf, revenueOf } from './metrics.ts';
import { rowsOfPlan } from './plan-study.ts';
import type { LabBasis } from './scenario.ts';

/**
 * The paid plan that loses most, or, where none loses, the one whose subscribers below zero lose most. A
 * plan of price zero that charges nothing has a budget instead of a margin and is passed over.
 * @throws DomainError `not_found` where nobody is on a paid plan
 */
export function planThatLoses(basis: LabBasis, recorded: Float64Array): string {
  const paid = basis.plans.filter((plan) => plan.priceNanoUsd > 0 || plan.billing === 'metered');
  const found = [...new Set(paid.map((each) => each.plan))].map((plan) => {
    const margins = rowsOfPlan(basis, plan).map(
      (row) => revenueOf(recorded, row) - metricOf(recorded, row, 'cost'),
    );
    const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
    return {
      plan,
      below: Math.min(0, sum(margins)),
      losses: sum(margins.filter((margin) => margin < 0)),
    };
  });
  const [worst] = found.toSorted((a, b) => a.below - b.below || a.losses - b.losses);
  if (worst === undefined) {
    throw new DomainError(
      'not_found',
      `Nobody on a paid plan has used anything in the ${basis.tape.book} book. The demo has much to say: load it, and ask for the demo book.`,
      { field: 'plan' },
    );
  }
  return worst.plan;
}
