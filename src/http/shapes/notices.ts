import { z } from 'zod';
import type { PlanTerms } from '#offer/offer.ts';
import { gateTerms } from './plans.ts';
import { day, instant, nano, pageOf } from './wire.ts';

const moves = z.enum(['new', 'renewal', 'at_once']);
const changed = z.object({ from: nano, to: nano });

/** A change of a plan as a subscriber reads it: never what anything cost us. */
export const myNotice = z.object({
  id: z.string(),
  plan: z.string(),
  displayName: z.string(),
  /** When it reaches this customer. */
  atMs: instant,
  moves,
  priceNanoUsd: changed,
  /** Included in a period. */
  creditsNanoUsd: changed,
  overageCapNanoUsd: changed,
  /** Limits that differ, side by side, by id; `null` where there is none of that id. */
  gates: z.array(
    z.object({ id: z.string(), from: gateTerms.nullable(), to: gateTerms.nullable() }),
  ),
  classesLost: z.array(z.string()),
  classesGained: z.array(z.string()),
  /** The customer's own use of these days, replayed under both; `null` where there was none. */
  bill: z
    .object({
      fromDay: day,
      toDay: day,
      beforeNanoUsd: nano,
      afterNanoUsd: nano,
      requests: z.int(),
      newlyRefused: z.int(),
      newlyFellBack: z.int(),
      newlySlowed: z.int(),
      freed: z.int(),
    })
    .nullable(),
  dismissed: z.boolean(),
});
export type MyNotice = z.infer<typeof myNotice>;
/** `GET /api/me/notices` */
export const myNotices = z.object({ rows: z.array(myNotice) });

/** A version of a plan that is to be published at a time, as operators see it. */
export const scheduleRow = z.object({
  /** `null`: a dry run, nothing is written. */
  id: z.string().nullable(),
  book: z.string(),
  plan: z.string(),
  displayName: z.string(),
  /** In words, one a change. */
  changes: z.array(z.string()),
  /** The plan as it is, and as it will be. */
  termsBefore: z.custom<PlanTerms>(),
  terms: z.custom<PlanTerms>(),
  result: z.string(),
  fix: z.int(),
  fromDay: day,
  toDay: day,
  moves,
  noticeDays: z.int(),
  notify: z.boolean(),
  effectiveAtMs: instant,
  scheduledAtMs: instant,
  scheduledBy: z.string(),
  state: z.enum(['waiting', 'published', 'cancelled', 'stopped']),
  endedAtMs: instant.nullable(),
  endedBy: z.string().nullable(),
  reason: z.string().nullable(),
  /** Its subscribers, and how many of them pay more, less, or meet limits that were not there. */
  subscribers: z.int(),
  dearer: z.int(),
  cheaper: z.int(),
  limited: z.int(),
  waiting: z.int(),
  moved: z.int(),
  left: z.int(),
});
export type ScheduleRow = z.infer<typeof scheduleRow>;
export const schedulesPage = pageOf(scheduleRow);

/** What one subscriber is told, and what became of them. */
export const scheduleNotice = z.object({
  customerId: z.string(),
  name: z.string(),
  state: z.enum(['waiting', 'moved', 'left']),
  /** To the letter as they read it. */
  notice: myNotice,
});
export type ScheduleNotice = z.infer<typeof scheduleNotice>;

/** `GET /api/lab/schedules/:schedule`, and what scheduling answers. */
export const scheduleAnswer = z.object({
  schedule: scheduleRow,
  /** Those whose bill rises most first. */
  notices: z.array(scheduleNotice),
  /** For people. */
  text: z.string(),
});
export type ScheduleAnswer = z.infer<typeof scheduleAnswer>;
