import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { recordOperatorAction } from '#accounts/operator-actions.store.ts';
import type { ScheduleReport } from '#offer/run-schedules.ts';

/**
 * Writes down what a pass over scheduled plans did and what it could not: in the log by opaque ids, and
 * a publication among the operators' actions, under the name of whoever scheduled it.
 * @throws DomainError `store_unavailable`
 */
export async function noteSchedules(
  pool: Pool,
  log: Logger,
  report: ScheduleReport,
): Promise<void> {
  const { published, stopped, told, moved, left, failures } = report;
  const ids = published.map(({ id }) => id);
  if (ids.length + told + moved + left > 0)
    log.info({ published: ids, told, moved, left }, 'scheduled plans');
  for (const { id, reason } of stopped)
    log.error({ schedule: id, reason }, 'a scheduled plan could not be published');
  for (const { id, error } of failures)
    log.error({ schedule: id, err: error }, 'cannot go on with a scheduled plan');
  for (const { id, scheduledBy } of published)
    await recordOperatorAction(pool, {
      actor: scheduledBy,
      action: 'publish scheduled plan',
      subject: id,
    });
}
