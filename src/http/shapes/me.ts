import { z } from 'zod';
import { balances, meter } from './customers.ts';
import { gateTerms } from './plans.ts';
import { memberRole } from './session.ts';
import { day, instant, nano, pageOf } from './wire.ts';

/** What a customer may know: never what a request cost us. */

const used = z.object({
  requests: z.int(),
  tokensIn: z.int(),
  tokensOut: z.int(),
  /** What was paid by credits and overage, beyond what the plan includes. */
  chargeNanoUsd: nano,
});

/** A limit as its owner may see it: gates that count our cost show their share, never the amount. */
export const myMeter = meter.extend({ used: z.int().nullable(), limit: z.int().nullable() });
export type MyMeter = z.infer<typeof myMeter>;

/** `GET /api/me/usage` */
export const myUsage = z.object({
  fromDay: day,
  toDay: day,
  totals: used,
  byDay: z.array(used.extend({ day })),
  byModel: z.array(used.extend({ model: z.string(), modelName: z.string() })),
  byMember: z.array(used.extend({ memberId: z.string().nullable(), name: z.string() })),
  byKey: z.array(used.extend({ keyId: z.string().nullable(), name: z.string() })),
  meters: z.array(myMeter),
  balances: balances.nullable(),
  /** To the period's end at the pace of the period so far; `null` before a day has passed. */
  forecast: z
    .object({
      periodEndsAtMs: instant,
      requests: z.int(),
      chargeNanoUsd: nano,
      /** The gate that would be full first, and when; `null` where none would. */
      fullGate: z.object({ gate: z.string(), atMs: instant }).nullable(),
    })
    .nullable(),
});
export type MyUsage = z.infer<typeof myUsage>;

/** `GET /api/me/receipts`: requests, newest first. */
export const myReceiptRow = z.object({
  requestId: z.string(),
  atMs: instant,
  /** What answered, by its public name, and as people call it. */
  model: z.string(),
  modelName: z.string(),
  className: z.string(),
  outcome: z.string(),
  estimated: z.boolean(),
  tokensIn: z.int(),
  tokensOut: z.int(),
  chargeNanoUsd: nano,
  refundedNanoUsd: nano,
  memberId: z.string().nullable(),
  keyId: z.string().nullable(),
});
export type MyReceiptRow = z.infer<typeof myReceiptRow>;
export const myReceiptsPage = pageOf(myReceiptRow);
export type MyReceiptsPage = z.infer<typeof myReceiptsPage>;

/** `GET /api/me/receipts/:request` */
export const myReceipt = z.object({
  id: z.string(),
  model: z.string(),
  modelName: z.string(),
  modelAsked: z.string(),
  modelAskedName: z.string(),
  className: z.string(),
  outcome: z.string(),
  estimated: z.boolean(),
  admittedAtMs: instant,
  settledAtMs: instant,
  plan: z.string(),
  planName: z.string(),
  planVersion: z.int().nullable(),
  /** The version of the price book that it was reckoned by; no amount of ours. */
  price: z.object({ id: z.string(), fromMs: instant.nullable() }).nullable(),
  classAsked: z.string(),
  /** Why another class answered than the asked one: `none`, `gate`, `capacity`. */
  fallback: z.string(),
  /** The full limit that sent it to another class, to credits or to overage. */
  fullGate: gateTerms.nullable(),
  /** The limits that it counted in. */
  countedBy: z.array(gateTerms),
  usage: z.record(z.string(), z.number()),
  chargeNanoUsd: nano,
  refundedNanoUsd: nano,
  paidBy: z.object({
    allowance: nano,
    promotional: nano,
    bought: nano,
    overage: nano,
  }),
});
export type MyReceipt = z.infer<typeof myReceipt>;

/** A gate as it is offered: one that counts our cost is named, not numbered. */
export const offeredGate = gateTerms;
export type OfferedGate = z.infer<typeof offeredGate>;

export const offeredPlan = z.object({
  plan: z.string(),
  version: z.int(),
  displayName: z.string(),
  priceNanoUsd: nano,
  seats: z.int(),
  billing: z.enum(['included', 'metered']),
  classes: z.array(z.object({ name: z.string(), weightMilli: z.int() })),
  gates: z.array(offeredGate),
  creditsNanoUsd: nano,
  overageCapNanoUsd: nano,
  fareCapNanoUsd: nano.nullable(),
  current: z.boolean(),
});
export type OfferedPlan = z.infer<typeof offeredPlan>;
/** `GET /api/me/plans` */
export const myPlans = z.object({
  rows: z.array(offeredPlan),
  /** Only a customer's admin changes the plan. */
  canChange: z.boolean(),
  /** The customer's own last 30 days; `null` with fewer than ten requests. */
  typical: z.object({ messagesPerDay: z.number(), tokensPerMessage: z.int() }).nullable(),
});
export type MyPlans = z.infer<typeof myPlans>;

export const myKey = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
  memberId: z.string().nullable(),
  capNanoUsd: nano.nullable(),
  expiresAtMs: instant.nullable(),
  revokedAtMs: instant.nullable(),
});
export type MyKey = z.infer<typeof myKey>;
export const myKeys = z.object({ rows: z.array(myKey) });
/** The secret is in this answer and nowhere else. */
export const issuedKey = z.object({ key: myKey, secret: z.string() });
export type IssuedKey = z.infer<typeof issuedKey>;

export const myMember = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: memberRole,
  /** Has a person that signs in behind it. */
  signsIn: z.boolean(),
  me: z.boolean(),
});
export type MyMember = z.infer<typeof myMember>;
export const myMembers = z.object({ rows: z.array(myMember) });

/** `GET /api/me/settings` */
export const mySettings = z.object({
  name: z.string(),
  email: z.string(),
  language: z.enum(['en', 'zh']).nullable(),
  twoFactor: z.boolean(),
  customerName: z.string(),
  /** The customer's own bound on a period's overage. */
  spendingCapNanoUsd: nano.nullable(),
  /** Shares of a limit (0…1) at which the pages and the chat warn. */
  alertAt: z.array(z.number()),
});
export type MySettings = z.infer<typeof mySettings>;

const planOutcome = z.object({
  plan: z.string(),
  displayName: z.string(),
  priceNanoUsd: nano,
  /** Beyond the price: overage and bought credits. */
  beyondNanoUsd: nano,
  /** Price and beyond, less the same of the plan that was in force: below zero = it saves. */
  differenceNanoUsd: nano,
  requests: z.int(),
  refused: z.int(),
  refusedDays: z.int(),
  fellBack: z.int(),
  fellBackDays: z.int(),
  /** Worked out from the use on record, since another class answered then, or nobody did. */
  estimated: z.int(),
  /** Nobody knows what they would have used: they count as nothing. */
  unknown: z.int(),
});

/** `GET /api/me/plan-fit`, and the same of a customer for operators. */
export const planFit = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('compared'),
    fromMs: instant,
    toMs: instant,
    /** False: the period still runs. */
    isWhole: z.boolean(),
    /** True: from a change of plan on; prices are of those days. */
    isPart: z.boolean(),
    verdict: z.enum(['right', 'cheaper', 'cheaper_with_limits', 'roomier']),
    /** The plan that the verdict is about. */
    plan: z.string().nullable(),
    own: planOutcome,
    others: z.array(planOutcome),
    /** Replaying the own plan gave so many of so many booked decisions again. */
    compared: z.int(),
    reproduced: z.int(),
  }),
  z.object({
    state: z.enum(['too_early', 'no_requests', 'changed_plan', 'too_many', 'no_plan']),
  }),
]);
export type PlanFitAnswer = z.infer<typeof planFit>;
