import { z } from 'zod';
import { book, compared, comparedCount, day, instant, nano, period } from './wire.ts';

/** What one day earned and cost. */
export const dayFigures = z.object({
  day,
  requests: z.int(),
  revenueNanoUsd: nano,
  costNanoUsd: nano,
  marginNanoUsd: nano,
});
export type DayFigures = z.infer<typeof dayFigures>;

/** How the margin of a plan spreads over its subscribers. */
export const waterline = z.object({
  /** Whose margin is below zero in the period. */
  belowCount: z.int(),
  /** 0…1 of the plan's subscribers. */
  belowShare: z.number(),
  /** What those lose together, as a positive amount. */
  lossNanoUsd: nano,
  /** 0…1 of what all plans' subscribers below zero lose together. */
  lossShareOfAll: z.number(),
  /** 0…1 of the plan's cost that the subscribers below zero cause. */
  costShare: z.number(),
  /** 0…1 of the loss that the costliest tenth of the plan's subscribers cause. */
  topTenthLossShare: z.number(),
});
export type Waterline = z.infer<typeof waterline>;

/** A plan, all versions together, in the order of price. */
export const planLine = z.object({
  plan: z.string(),
  displayName: z.string(),
  listed: z.boolean(),
  priceNanoUsd: nano,
  /** `metered`: earns by use, whatever its price. */
  billing: z.enum(['included', 'metered']),
  subscribers: comparedCount,
  requests: comparedCount,
  tokensIn: z.int(),
  tokensOut: z.int(),
  subscriptionNanoUsd: compared,
  usageNanoUsd: compared,
  breakageNanoUsd: compared,
  revenueNanoUsd: compared,
  /** Given away, so no revenue. */
  promotionalNanoUsd: compared,
  costNanoUsd: compared,
  marginNanoUsd: compared,
  /** Rounded half to even; 0 without subscribers. */
  marginPerSubscriberNanoUsd: compared,
  waterline,
  days: z.array(dayFigures),
});
export type PlanLine = z.infer<typeof planLine>;

export const alarm = z.discriminatedUnion('kind', [
  /** A paid plan lost money over the trailing 30 days. */
  z.object({
    kind: z.literal('under_water'),
    plan: z.string(),
    displayName: z.string(),
    fromDay: day,
    marginNanoUsd: nano,
    belowShare: z.number(),
  }),
  /** Still above, but at the last 7 days' pace the 30 days that end in 30 days lose money. */
  z.object({
    kind: z.literal('heading_under_water'),
    plan: z.string(),
    displayName: z.string(),
    marginNanoUsd: nano,
    projectedMarginNanoUsd: nano,
  }),
  /** A plan of price zero costs more per subscriber than its acquisition budget. */
  z.object({
    kind: z.literal('acquisition_budget'),
    plan: z.string(),
    displayName: z.string(),
    budgetNanoUsd: nano,
    costPerSubscriberNanoUsd: nano,
    overBudgetCount: z.int(),
  }),
  /** Over the trailing 30 days a supplier says that it charged another sum than what was booked. */
  z.object({
    kind: z.literal('supplier_disagrees'),
    supplier: z.string(),
    model: z.string(),
    claimedNanoUsd: nano,
    bookedNanoUsd: nano,
  }),
  /** Something a person should look at. */
  z.object({ kind: z.literal('incidents'), open: z.int(), latestAtMs: instant }),
]);
export type Alarm = z.infer<typeof alarm>;

/** `GET /api/console/overview` */
export const overview = z.object({
  book,
  period,
  madeAtMs: instant,
  totals: z.object({
    subscribers: comparedCount,
    requests: comparedCount,
    revenueNanoUsd: compared,
    costNanoUsd: compared,
    marginNanoUsd: compared,
    promotionalNanoUsd: compared,
    /** What the subscribers below zero lose together, as a positive amount. */
    runningLossNanoUsd: compared,
    belowCount: comparedCount,
  }),
  plans: z.array(planLine),
  days: z.array(dayFigures),
  /** Today so far (UTC) beside yesterday, plan by plan where something moved. */
  sinceYesterday: z.object({
    today: dayFigures,
    yesterday: dayFigures,
    refusals: z.object({ today: z.int(), yesterday: z.int() }),
    newSubscribers: z.object({ today: z.int(), yesterday: z.int() }),
    plans: z.array(
      z.object({
        plan: z.string(),
        displayName: z.string(),
        today: dayFigures,
        yesterday: dayFigures,
      }),
    ),
  }),
  alarms: z.array(alarm),
});
export type Overview = z.infer<typeof overview>;
