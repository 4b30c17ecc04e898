import type { Logger } from 'pino';
import type { ScheduleReport } from '#offer/run-schedules.ts';

/** Writes down what a pass over scheduled plans did and what it could not, by opaque ids. */
export function logSchedules(log: Logger, report: ScheduleReport): void {
  const { published, stopped, told, moved, left, failures } = report;
  if (published.length + told + moved + left > 0)
    log.info({ published, told, moved, left }, 'scheduled plans');
  for (const id of stopped) log.error({ schedule: id }, 'a scheduled plan could not be published');
  for (const { id, error } of failures)
    log.error({ schedule: id, err: error }, 'cannot go on with a scheduled plan');
}
