import { DomainError } from '#base/domain-error.ts';
import { metricOf, revenueOf } from './metrics.ts';
import { rowsOfPlan } from './plan-study.ts';
import type { LabBasis } from './scenario.ts';

/**
 * The paid plan that loses most, or earns least where none loses. A plan of price zero that charges
 * nothing has a budget instead of a margin and is passed over.
 * @throws DomainError `not_found` where nobody is on a paid plan
 */
export function planThatLoses(basis: LabBasis, recorded: Float64Array): string {
  let worst: { readonly plan: string; readonly margin: number } | undefined;
  const paid = basis.plans.filter((plan) => plan.priceNanoUsd > 0 || plan.billing === 'metered');
  for (const plan of new Set(paid.map((each) => each.plan))) {
    const margin = rowsOfPlan(basis, plan).reduce(
      (sum, row) => sum + revenueOf(recorded, row) - metricOf(recorded, row, 'cost'),
      0,
    );
    if (worst === undefined || margin < worst.margin) worst = { plan, margin };
  }
  if (worst === undefined) {
    throw new DomainError('not_found', 'Nobody in this book is on a paid plan.', { field: 'plan' });
  }
  return worst.plan;
}
