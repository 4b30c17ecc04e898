import { z } from 'zod';
import type { PlanTerms } from '#offer/offer.ts';

/** The shapes that the lab hands out: stored as they are, and sent as they are. */

/** Nano-dollars as decimal text: totals may pass the safe integers. */
export const moneyText = z.string().regex(/^-?\d+$/);
const share = z.number();
const count = z.number().int();

export const behaviourShape = z.object({
  reacts: z.boolean(),
  priceElasticity: z.number().min(0.01).max(20),
  priceElasticityLow: z.number().min(0.01).max(20),
  priceElasticityHigh: z.number().min(0.01).max(20),
  usageValueCorrelation: z.number().min(-1).max(1),
  refusedLoss: z.number().min(0).max(1),
  fallbackLoss: z.number().min(0).max(1),
  slowLoss: z.number().min(0).max(1),
  switchingCost: z.number().min(0).max(10),
  deferredShare: z.number().min(0).max(1),
});

/** Whether replaying the plan in force gave what the books have. */
export const oracleShape = z.object({
  exact: z.boolean(),
  compared: count,
  /** After an event that the books no longer know in full, nothing of that account can be compared. */
  uncomparable: count,
  differingDecisions: count,
  differingCharges: count,
});

/** How much of what was replayed is known, and how well. */
export const coverageShape = z.object({
  requests: count,
  served: count,
  /** Served by the class that served them, with complete evidence. */
  evidentShare: share,
  evidentCostShare: share,
  /** Served by another class: cost derived from the recorded use. */
  derived: count,
  derivedCost: moneyText,
  /** Refused in the books and served here: what they would have used is estimated. */
  unseenServed: count,
  unseenCost: moneyText,
  unseenRevenue: moneyText,
  /** Of those, the ones of a class that nobody was ever served: unknown, not zero. */
  unknownDemand: count,
});

export const figuresShape = z.object({
  subscribers: count,
  requests: count,
  served: count,
  refused: count,
  fellBack: count,
  slowed: count,
  creditPaid: count,
  overagePaid: count,
  subscription: moneyText,
  /** Bought credits and overage. */
  usage: moneyText,
  revenue: moneyText,
  cost: moneyText,
  margin: moneyText,
  /** Margin over revenue; null without revenue. */
  marginShare: share.nullable(),
});

export const subscriberShape = z.object({
  /** Printed id. */
  customer: z.string(),
  plan: z.string(),
  billBefore: moneyText,
  billAfter: moneyText,
  marginBefore: moneyText,
  marginAfter: moneyText,
  newlyRefused: count,
  newlyFellBack: count,
  newlySlowed: count,
  freed: count,
  harmed: z.boolean(),
  choice: z.string(),
});

export const decileShape = z.object({
  /** 1 = those who cost least. */
  decile: count,
  subscribers: count,
  billBefore: moneyText,
  billAfter: moneyText,
  marginBefore: moneyText,
  marginAfter: moneyText,
  harmed: count,
});

/** What people did, and what that makes of the plan. */
export const reactionShape = z.object({
  stay: count,
  leave: count,
  /** By the plan that they move to. */
  moves: z.record(z.string(), count),
  /** Of the plan, with those who stay. */
  revenue: moneyText,
  cost: moneyText,
  margin: moneyText,
  marginShare: share.nullable(),
  /** Of its former subscribers, wherever they are now, over what they brought before. */
  profitChange: moneyText,
  /** 90%, by bootstrap over customers. */
  marginInterval: z.object({ low: moneyText, high: moneyText }),
  /** The margin at the ends of the band of the elasticity. */
  marginAtLowElasticity: moneyText,
  marginAtHighElasticity: moneyText,
});

export const lossShape = z.object({
  /** Subscribers whose margin is below zero. */
  subscribersBelowZero: count,
  loss: moneyText,
  /** The fewest that cause nine tenths of the loss, the costliest first. */
  causedBy: z.array(
    z.object({ customer: z.string(), cost: moneyText, margin: moneyText, shareOfLoss: share }),
  ),
  causedByShare: share,
});

export const planResultShape = z.object({
  plan: z.string(),
  label: z.string(),
  changed: z.boolean(),
  before: figuresShape,
  after: figuresShape,
  harmed: count,
  harmedShare: share,
  billMultipleMax: z.number().nullable(),
  /** Requests that met a limit, by tenth of the billing period. */
  limitedByTenth: z.array(count),
  subscribersLimited: count,
  winners: count,
  losers: count,
  deciles: z.array(decileShape),
  reaction: reactionShape.nullable(),
});

const resultBase = {
  id: z.string(),
  createdAtMs: z.number(),
  book: z.string(),
  fromDay: z.string(),
  toDay: z.string(),
  seed: count,
  behaviour: behaviourShape,
  /** What made it: of the program, of the lake's format, and of the plans that were replayed. */
  versions: z.object({ program: z.string(), lake: count, plans: z.array(z.string()) }),
  events: count,
  seconds: z.number(),
  oracle: oracleShape,
  coverage: coverageShape,
  /** For people. */
  text: z.string(),
};

export const replayResultShape = z.object({
  kind: z.literal('replay'),
  ...resultBase,
  /** The scenario's document; absent where the plan in force was replayed. */
  document: z.string().nullable(),
  plans: z.array(planResultShape),
  total: z.object({ before: figuresShape, after: figuresShape }),
  /** Everybody whose bill or limits change, the most harmed first; all of them are in the file. */
  subscribers: z.array(subscriberShape),
});

export const fixShape = z.object({
  /** 1 = the recommendation. */
  rank: count,
  /** In words, one a change; empty = the plan as it is. */
  changes: z.array(z.string()),
  fits: z.boolean(),
  /** What it misses, in words. */
  misses: z.array(z.string()),
  revenue: moneyText,
  cost: moneyText,
  margin: moneyText,
  marginShare: share.nullable(),
  /** If nobody reacted. */
  mechanicalMargin: moneyText,
  mechanicalMarginShare: share.nullable(),
  harmed: z.number(),
  harmedShare: share,
  leave: z.number(),
  move: z.number(),
  billMultipleMax: z.number().nullable(),
  /** Half the width of the 90% interval of the margin that the sample gives; 0 = everybody was replayed. */
  sampleError: moneyText,
  /** True: replayed on every subscriber. */
  exact: z.boolean(),
  /** The plan as it would be; absent on the frontier. */
  terms: z.custom<PlanTerms>().optional(),
});

/** Fixes that reach the same within a rounding, and differ from the best of them in one amount or one limit more. */
export const fixGroupShape = z.object({
  /** Of the best of them, then of those like it. */
  ranks: z.array(count).min(1),
  /** The amounts of those like it; `null` where there are none. As a plan has them: nano-dollars, thousandths of messages, tokens. */
  range: z
    .object({
      unit: z.enum(['usd', 'messages', 'tokens', 'perMille']),
      from: z.number(),
      to: z.number(),
      /** True: of a limit or another amount that the best of them leaves as it is. */
      isMore: z.boolean(),
    })
    .nullable(),
});

/** Nano-dollars of the replayed span, one a subscriber of the sample; the worst margin of today first. */
export const curveSideShape = z.object({
  /** The part of the bill that goes with the price. */
  subscription: z.array(z.number()),
  bill: z.array(z.number()),
  margin: z.array(z.number()),
  /** 1: meets limits that were not there, often enough to notice. */
  limited: z.array(z.number()),
  /** 1: leaves; who moves to a plan that is better for them is not harmed by that. */
  leaves: z.array(z.number()),
});

/** A plan's subscribers, or a sample of them, as it is and under changes of it. */
export const curveShape = z.object({
  /** How many subscribers each stands for. */
  weights: z.array(z.number()),
  /** The plan as it is, then each of the fixes by rank. */
  sides: z.array(curveSideShape),
});

export const recommendationShape = z.object({
  kind: z.literal('recommendation'),
  ...resultBase,
  plan: z.string(),
  label: z.string(),
  bounds: z.object({ targetMargin: share, harmMax: share, billMax: z.number() }),
  before: figuresShape,
  loss: lossShape,
  candidates: count,
  sampledSubscribers: count,
  subscribers: count,
  /** True: the first fix reaches the target within the bounds. */
  reaches: z.boolean(),
  /** The best ones, replayed on everybody, best first. */
  fixes: z.array(fixShape),
  /** Every fix once, nearly the same ones together; absent in results of earlier versions. */
  groups: z.array(fixGroupShape).optional(),
  /** Of all candidates: no other has both more margin and fewer people harmed. */
  frontier: z.array(fixShape),
  /** What the first fix does in full. */
  result: planResultShape,
  /** Who notices it, the most harmed first. */
  reactions: z.array(subscriberShape),
  /** Two sentences. */
  explanation: z.string(),
  /** Why this book was asked, where nobody named one. */
  bookNote: z.string().nullable(),
  /** The plan as it is, and what its subscribers come to under each fix. */
  terms: z.custom<PlanTerms>(),
  curve: curveShape,
  /** The breakeven.yaml in force, which the fixes' documents are made from. */
  base: z.string().nullable(),
  /** breakeven.yaml with the first fix, for `diff` and `apply`; null where the plan is best as it is. */
  document: z.string().nullable(),
});

/** What a change does to one subscriber, over the replayed span. Money is nano-dollars. */
export const billShape = z.object({
  customer: z.string(),
  before: z.number(),
  after: z.number(),
  requests: count,
  newlyRefused: count,
  newlyFellBack: count,
  newlySlowed: count,
  freed: count,
});

/** One change of a plan replayed on everybody: exact, and kept nowhere. */
export const trialShape = z.object({
  kind: z.literal('trial'),
  book: z.string(),
  fromDay: z.string(),
  toDay: z.string(),
  plan: z.string(),
  label: z.string(),
  subscribers: count,
  coverage: coverageShape,
  before: figuresShape,
  fix: fixShape,
  result: planResultShape,
  /** Who notices, the most harmed first. */
  reactions: z.array(subscriberShape),
  /** Today, and the change. */
  curve: curveShape,
  /** Everybody's, where asked for. */
  bills: z.array(billShape),
});

export const labResultShape = z.discriminatedUnion('kind', [
  replayResultShape,
  recommendationShape,
]);

export type Figures = z.infer<typeof figuresShape>;
export type Oracle = z.infer<typeof oracleShape>;
export type Coverage = z.infer<typeof coverageShape>;
export type PlanResult = z.infer<typeof planResultShape>;
export type Reaction = z.infer<typeof reactionShape>;
export type Subscriber = z.infer<typeof subscriberShape>;
export type Loss = z.infer<typeof lossShape>;
export type Fix = z.infer<typeof fixShape>;
export type FixGroup = z.infer<typeof fixGroupShape>;
export type CurveSide = z.infer<typeof curveSideShape>;
export type Curve = z.infer<typeof curveShape>;
export type Bill = z.infer<typeof billShape>;
export type Trial = z.infer<typeof trialShape>;
export type ReplayResult = z.infer<typeof replayResultShape>;
export type Recommendation = z.infer<typeof recommendationShape>;
export type LabResult = z.infer<typeof labResultShape>;

/** A result in a list of them. */
export interface LabResultHead {
  readonly id: string;
  readonly kind: LabResult['kind'];
  /** Of a recommendation. */
  readonly plan: string | null;
  readonly book: string;
  readonly createdAtMs: number;
  readonly exact: boolean;
  /** What the plan, or all of them, came to and would have come to; nano-dollars as decimal text. */
  readonly marginBefore: string;
  readonly marginAfter: string;
  /** Of a recommendation: whether a change was found, or none is needed, or none fits. */
  readonly outcome: 'change' | 'as it is' | 'none fits' | null;
  readonly text: string;
}
