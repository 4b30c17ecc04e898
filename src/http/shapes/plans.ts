import { z } from 'zod';
import { planLine } from './overview.ts';
import { book, instant, nano, pageOf, period } from './wire.ts';

/** A gate as people read it. */
export const gateTerms = z.object({
  id: z.string(),
  unit: z.enum(['messages', 'tokens', 'charge', 'cost', 'credits']),
  window: z.string(),
  scope: z.string(),
  classes: z.array(z.string()),
  /** Messages in thousandths, tokens, or nano-dollars; `null` where a customer may not know it. */
  limit: z.int().nullable(),
  whenFull: z.string(),
  fallbackTo: z.string().nullable(),
});
export type GateTerms = z.infer<typeof gateTerms>;

export const planVersionRow = z.object({
  id: z.string(),
  version: z.int(),
  displayName: z.string(),
  publishedAtMs: instant,
  /** New subscriptions get it. */
  current: z.boolean(),
  priceNanoUsd: nano,
  /** On it now. */
  subscribers: z.int(),
  billing: z.enum(['included', 'metered']),
  tariff: z.string(),
  classes: z.array(z.object({ name: z.string(), weightMilli: z.int() })),
  gates: z.array(gateTerms),
  creditsNanoUsd: nano,
  overageCapNanoUsd: nano,
  fareCapNanoUsd: nano.nullable(),
  acquisitionBudgetNanoUsd: nano.nullable(),
});
export type PlanVersionRow = z.infer<typeof planVersionRow>;

/** How often a gate decided something in the period: refusals, fallbacks, and what it let through at a price. */
export const gateHits = z.object({
  gate: z.string(),
  refused: z.int(),
  fellBack: z.int(),
  /** Slow lane, credits or overage. */
  passed: z.int(),
  subscribers: z.int(),
});
export type GateHits = z.infer<typeof gateHits>;

/** `GET /api/console/plans/:plan` */
export const planDetail = z.object({
  book,
  period,
  line: planLine,
  versions: z.array(planVersionRow),
  gates: z.array(gateHits),
  /**
   * Every subscriber, worst margin first, in columns: the whole curve. `marginNanoUsd[i]`,
   * `revenueNanoUsd[i]` and `costNanoUsd[i]` are of one subscriber, whose row is number `i` of
   * `GET /api/console/plans/:plan/subscribers?sort=margin` under the same period.
   */
  curve: z.object({
    marginNanoUsd: z.array(z.number()),
    revenueNanoUsd: z.array(z.number()),
    costNanoUsd: z.array(z.number()),
    /** How many stand below zero: the first ones. */
    belowCount: z.int(),
  }),
});
export type PlanDetail = z.infer<typeof planDetail>;

export const plansAnswer = z.object({ book, period, rows: z.array(planLine) });
export type PlansAnswer = z.infer<typeof plansAnswer>;

/** A subscriber of a plan over a period. */
export const subscriberRow = z.object({
  customerId: z.string(),
  name: z.string(),
  plan: z.string(),
  requests: z.int(),
  tokensIn: z.int(),
  tokensOut: z.int(),
  revenueNanoUsd: nano,
  costNanoUsd: nano,
  marginNanoUsd: nano,
});
export type SubscriberRow = z.infer<typeof subscriberRow>;
export const subscribersPage = pageOf(subscriberRow);
export type SubscribersPage = z.infer<typeof subscribersPage>;

/** What a change of plan would do, before it is confirmed: nothing has changed yet. */
export const planChangePreview = z.object({
  from: z.object({
    plan: z.string(),
    version: z.int(),
    displayName: z.string(),
    priceNanoUsd: nano,
  }),
  to: z.object({ plan: z.string(), version: z.int(), displayName: z.string(), priceNanoUsd: nano }),
  periodEndsAtMs: instant,
  /** The old price's unused rest, which is given back. */
  unearnedNanoUsd: nano,
  /** The new price for the rest of the period. */
  restOfPeriodNanoUsd: nano,
  /** Positive: due now; negative: credited. */
  dueNowNanoUsd: nano,
  allowanceNow: nano,
  allowanceAfter: nano,
  /** Gates side by side, by id; `null` where one plan has none of that id. */
  gates: z.array(
    z.object({ id: z.string(), from: gateTerms.nullable(), to: gateTerms.nullable() }),
  ),
  classesLost: z.array(z.string()),
  classesGained: z.array(z.string()),
});
export type PlanChangePreview = z.infer<typeof planChangePreview>;

/** A customer asks for another plan; an operator answers. */
export const planRequestRow = z.object({
  id: z.string(),
  customerId: z.string(),
  customerName: z.string(),
  plan: z.string(),
  askedAtMs: instant,
  state: z.enum(['open', 'approved', 'declined']),
  decidedBy: z.string().nullable(),
});
export type PlanRequestRow = z.infer<typeof planRequestRow>;
export const planRequestsPage = pageOf(planRequestRow);
