import { z } from 'zod';
import { PLAN_MOVES } from '#offer/scheduled-plan.ts';
import { fixChoice, idParam, instantField, priceField } from '../fields.ts';
import { route, type Route } from '../route.ts';
import type { LongWork } from '../services.ts';
import { scheduleAnswer, schedulesPage } from '../shapes/notices.ts';

/** What the lab found, to be published at a time, with a notice to each subscriber. */
export const labScheduleRoutes: readonly Route[] = [
  scheduling({
    path: '/lab/results/:result/fixes/:fix/schedule',
    summary:
      "Schedules a fix as a new version of its plan, with a notice to each subscriber that shows their own old and new bill; streams the replay's progress.",
    dryRun: false,
  }),
  scheduling({
    path: '/lab/results/:result/fixes/:fix/schedule/dry-run',
    summary:
      'What scheduling a fix would tell each subscriber, to the letter; writes nothing and streams its progress.',
    dryRun: true,
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

/** The same question twice: what would be written, and to write it. */
function scheduling({
  path,
  summary,
  dryRun,
}: {
  readonly path: string;
  readonly summary: string;
  readonly dryRun: boolean;
}): Route {
  return route({
    method: 'POST',
    path,
    role: 'operator',
    summary,
    streams: true,
    input: z.object({
      /** Dollars instead of the fix's own. */
      price: priceField.optional(),
      at: instantField,
      moves: z.enum(PLAN_MOVES).default('renewal'),
      noticeDays: z.int().min(0).max(365).default(14),
      notify: z.boolean().default(true),
    }),
    run:
      async ({ input, params, actor, services }): Promise<LongWork> =>
      (progress, signal) => {
        const { at, price, ...schedule } = input;
        const result = idParam('labResult', params['result']);
        const choice = fixChoice(params['fix'], price);
        return services.schedules.create(
          { ...schedule, ...choice, result, effectiveAtMs: at, dryRun },
          actor.name,
          progress,
          signal,
        );
      },
  });
}
