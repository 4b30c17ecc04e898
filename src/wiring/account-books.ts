import type { AccountChange } from '#admission/account-change.ts';
import type { AdmissionService } from '#admission/admission-service.ts';
import { DomainError } from '#base/domain-error.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Subscription } from '#subscriptions/subscription.ts';
import type { AccountBooks } from '#subscriptions/subscriptions.ts';
import type { PlanBook } from './plan-book.ts';

/**
 * What subscriptions tell the books. Admission answers a repetition (the account is open, the period
 * has begun) with a conflict: what was wanted is so already, hence no error here.
 */
export function accountBooks(admission: AdmissionService, plans: PlanBook): AccountBooks {
  const tell = async (subscription: Subscription, change: AccountChange): Promise<void> => {
    const { book, customerId } = subscription;
    try {
      await admission.change({ book, customerId }, change);
    } catch (error) {
      const isRepeated = change.kind === 'open' || change.kind === 'renew';
      if (!(isRepeated && error instanceof DomainError && error.code === 'conflict')) throw error;
    }
  };
  const priceOf = async ({ planVersionId }: Subscription): Promise<NanoUsd> => {
    await plans.load(planVersionId);
    return plans.plan(planVersionId)?.priceNanoUsd ?? unknownPlan(planVersionId);
  };
  const periodOf = ({ periodStartMs, periodEndMs, timeZone }: Subscription) => ({
    startMs: periodStartMs,
    endMs: periodEndMs,
    timeZone,
  });
  return {
    async open(subscription) {
      await tell(subscription, {
        kind: 'open',
        subscriptionId: subscription.id,
        planVersionId: subscription.planVersionId,
        period: periodOf(subscription),
        priceNanoUsd: await priceOf(subscription),
      });
    },
    async changePlan(subscription) {
      await tell(subscription, {
        kind: 'change_plan',
        planVersionId: subscription.planVersionId,
        priceNanoUsd: await priceOf(subscription),
      });
    },
    async renew(subscription) {
      await tell(subscription, {
        kind: 'renew',
        period: periodOf(subscription),
        priceNanoUsd: await priceOf(subscription),
      });
    },
  };
}

function unknownPlan(id: string): never {
  throw new DomainError('not_found', `There is no plan version ${id}.`);
}
