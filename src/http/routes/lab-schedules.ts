import { z } from 'zod';
import { PLAN_MOVES } from '#offer/scheduled-plan.ts';
import { idField, idParam, instantField, priceField } from '../fields.ts';
import { route, type Route } from '../route.ts';
import type { LongWork } from '../services.ts';
import { scheduleAnswer, schedulesPage } from '../shapes/notices.ts';

/** What the lab found, to be published at a time, with a notice to each subscriber. */
export const labScheduleRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/lab/schedules',
    role: 'operator',
    summary:
      "Schedules a fix as a new version of its plan, with a notice to each subscriber that shows their own old and new bill; streams the replay's progress. With `dryRun` nothing is written.",
    streams: true,
    input: z.object({
      result: idField('labResult'),
      fix: z.int().min(0).max(1000).default(1),
      /** Dollars instead of the fix's own. */
      price: priceField.optional(),
      at: instantField,
      moves: z.enum(PLAN_MOVES).default('renewal'),
      noticeDays: z.int().min(0).max(365).default(14),
      notify: z.boolean().default(true),
      dryRun: z.boolean().default(false),
    }),
    run:
      async ({ input, actor, services }): Promise<LongWork> =>
      (progress, signal) => {
        const { at, price, ...schedule } = input;
        return services.schedules.create(
          { ...schedule, effectiveAtMs: at, ...(price !== undefined && { priceNanoUsd: price }) },
          actor.name,
          progress,
          signal,
        );
      },
  }),
  route({
    method: 'GET',
    path: '/lab/schedules',
    role: 'support',
    summary: 'Scheduled changes of plans and what became of them, newest first.',
    output: schedulesPage,
    run: ({ services }) => services.schedules.list(),
  }),
  route({
    method: 'GET',
    path: '/lab/schedules/:schedule',
    role: 'support',
    summary:
      'One scheduled change with its notices, to the letter as each customer reads theirs; `q` is a part of a name.',
    input: z.object({ q: z.string().max(200).optional() }),
    output: scheduleAnswer,
    run: ({ input, params, services }) =>
      services.schedules.show(idParam('scheduledPlan', params['schedule']), input.q),
  }),
  route({
    method: 'DELETE',
    path: '/lab/schedules/:schedule',
    role: 'operator',
    summary: 'Takes a scheduled change back before its time; its notices are gone.',
    run: ({ params, actor, services }) =>
      services.schedules.cancel(idParam('scheduledPlan', params['schedule']), actor.name),
  }),
];
