import { DomainError } from '#base/domain-error.ts';
import { uuidOf } from '#base/id.ts';
import type { MeServices } from '#http/me-services.ts';
import type { MyNotice } from '#http/shapes/notices.ts';
import { dismissNotice, noticesTo } from '#offer/plan-notices.store.ts';
import {
  type PlanNotice,
  type PlanSubscriber,
  reachesAtMs,
  type ScheduledPlan,
} from '#offer/scheduled-plan.ts';
import { readScheduledPlan } from '#offer/scheduled-plans.store.ts';
import type { ConsoleParts } from './console-parts.ts';
import { hideCost, planDifference } from './plan-difference.ts';
import type { PlanBook } from './plan-book.ts';

/** What a notice is made from, whether or not it is written yet. */
export type NoticeParts = PlanSubscriber & Pick<PlanNotice, 'dueAtMs' | 'bill'>;

/** A notice to the letter as a subscriber reads it. */
export function noticeText(
  plans: Pick<PlanBook, 'plan'>,
  scheduled: Pick<
    ScheduledPlan,
    'id' | 'plan' | 'terms' | 'fromVersion' | 'fromDay' | 'toDay' | 'moves'
  >,
  to: NoticeParts,
  dismissed = false,
): MyNotice {
  const { terms, fromDay, toDay, moves } = scheduled;
  const own = to.planVersionId && plans.plan(to.planVersionId);
  const from = own?.plan === scheduled.plan ? own : (plans.plan(scheduled.fromVersion) ?? terms);
  const { gates, ...classes } = planDifference(from, terms);
  const isChanged = ({ from: before, to: after }: (typeof gates)[number]): boolean =>
    JSON.stringify(before) !== JSON.stringify(after);
  return {
    id: scheduled.id,
    plan: scheduled.plan,
    displayName: terms.displayName,
    atMs: reachesAtMs(scheduled, to),
    moves,
    priceNanoUsd: { from: from.priceNanoUsd, to: terms.priceNanoUsd },
    creditsNanoUsd: { from: from.credits.perPeriodNanoUsd, to: terms.credits.perPeriodNanoUsd },
    overageCapNanoUsd: { from: from.overageCapNanoUsd, to: terms.overageCapNanoUsd },
    gates: gates.filter(isChanged).map(hideCost),
    ...classes,
    bill: to.bill
      ? {
          fromDay,
          toDay,
          beforeNanoUsd: to.bill.before,
          afterNanoUsd: to.bill.after,
          requests: to.bill.requests,
          newlyRefused: to.bill.newlyRefused,
          newlyFellBack: to.bill.newlyFellBack,
          newlySlowed: to.bill.newlySlowed,
          freed: to.bill.freed,
        }
      : null,
    dismissed,
  };
}

/** What a customer's people are told of changes to come. */
export function ownNotices({
  pool,
  plans,
}: ConsoleParts): Pick<MeServices, 'notices' | 'dismissNotice'> {
  return {
    async notices(member) {
      const rows = await Promise.all(
        (await noticesTo(pool, member)).map(async (notice) =>
          noticeText(
            plans,
            await readScheduledPlan(pool, notice.schedule),
            notice,
            notice.dismissedBy.includes(uuidOf(member.memberId)),
          ),
        ),
      );
      return { rows };
    },
    async dismissNotice({ book, customerId, memberId }, schedule) {
      const isTheirs = await dismissNotice(pool, { schedule, book, customerId, memberId });
      if (!isTheirs) throw new DomainError('not_found', 'There is no such notice.');
    },
  };
}
