import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { PlanTerms } from './offer.ts';
import type { PlanMoves, ScheduledPlan, ScheduledPlanState } from './scheduled-plan.ts';

interface ScheduledRow {
  id: string;
  book: Book;
  plan: string;
  terms: PlanTerms;
  changes: string[];
  from_version: string;
  result: string;
  fix: number;
  from_day: string;
  to_day: string;
  moves: PlanMoves;
  notice_days: number;
  notify: boolean;
  effective_at: Date;
  scheduled_at: Date;
  scheduled_by: string;
  state: ScheduledPlanState;
  ended_at: Date | null;
  ended_by: string | null;
  reason: string | null;
  plan_version_id: string | null;
}

const COLUMNS = `id, book, plan, terms, changes, from_version, result, fix, from_day::text, to_day::text,
  moves, notice_days, notify, effective_at, scheduled_at, scheduled_by, state, ended_at, ended_by,
  reason, plan_version_id`;

/** What a new schedule says; its state is to come. */
export type NewScheduledPlan = Omit<
  ScheduledPlan,
  'state' | 'endedAtMs' | 'endedBy' | 'reason' | 'planVersionId'
>;

/** @throws DomainError `conflict` where one of the plan is waiting already */
export async function insertScheduledPlan(
  db: Pool | PoolClient,
  scheduled: NewScheduledPlan,
): Promise<void> {
  const { rowCount } = await db.query(
    `INSERT INTO scheduled_plan (id, book, plan, terms, changes, from_version, result, fix, from_day,
       to_day, moves, notice_days, notify, effective_at, scheduled_at, scheduled_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     ON CONFLICT (plan) WHERE state = 'waiting' DO NOTHING`,
    [
      uuidOf(scheduled.id),
      scheduled.book,
      scheduled.plan,
      JSON.stringify(scheduled.terms),
      scheduled.changes,
      uuidOf(scheduled.fromVersion),
      scheduled.result,
      scheduled.fix,
      scheduled.fromDay,
      scheduled.toDay,
      scheduled.moves,
      scheduled.noticeDays,
      scheduled.notify,
      new Date(scheduled.effectiveAtMs),
      new Date(scheduled.scheduledAtMs),
      scheduled.scheduledBy,
    ],
  );
  if (rowCount === 0) throw alreadyWaiting(scheduled.plan);
}

/** What is said where a plan has a change that waits already. */
export function alreadyWaiting(plan: string): DomainError {
  return new DomainError(
    'conflict',
    `A change of ${plan} is scheduled already. Take it back first, or wait for it.`,
    { field: 'plan' },
  );
}

/** Newest first. */
export async function listScheduledPlans(
  db: Pool | PoolClient,
  limit = 200,
): Promise<readonly ScheduledPlan[]> {
  const { rows } = await db.query<ScheduledRow>(
    `SELECT ${COLUMNS} FROM scheduled_plan ORDER BY id DESC LIMIT $1`,
    [limit],
  );
  return rows.map(scheduledOf);
}

/** Waiting ones, or published ones whose subscribers are not all moved; oldest first. */
export async function readScheduledPlansAtWork(
  db: Pool | PoolClient,
): Promise<readonly ScheduledPlan[]> {
  const { rows } = await db.query<ScheduledRow>(
    `SELECT ${COLUMNS} FROM scheduled_plan s WHERE state = 'waiting' OR state = 'published' AND EXISTS
       (SELECT FROM plan_notice n WHERE n.schedule = s.id AND n.state = 'waiting') ORDER BY id`,
  );
  return rows.map(scheduledOf);
}

/** @throws DomainError `not_found` */
export async function readScheduledPlan(
  db: Pool | PoolClient,
  id: Id<'scheduledPlan'>,
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<ScheduledPlan> {
  const { rows } = await db.query<ScheduledRow>(
    `SELECT ${COLUMNS} FROM scheduled_plan WHERE id = $1 ${lock ? 'FOR UPDATE' : ''}`,
    [uuidOf(id)],
  );
  if (!rows[0]) throw new DomainError('not_found', `There is no scheduled change ${id}.`);
  return scheduledOf(rows[0]);
}

/** Ends a schedule that waits. @returns false where it waits no more */
export async function endScheduledPlan(
  db: Pool | PoolClient,
  id: Id<'scheduledPlan'>,
  end: {
    readonly state: Exclude<ScheduledPlanState, 'waiting'>;
    readonly atMs: number;
    readonly by: string;
    readonly reason?: string;
    readonly planVersionId?: Id<'planVersion'>;
  },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE scheduled_plan SET state = $2, ended_at = $3, ended_by = $4, reason = $5, plan_version_id = $6
      WHERE id = $1 AND state = 'waiting'`,
    [
      uuidOf(id),
      end.state,
      new Date(end.atMs),
      end.by,
      end.reason ?? null,
      end.planVersionId === undefined ? null : uuidOf(end.planVersionId),
    ],
  );
  return rowCount === 1;
}

function scheduledOf(row: ScheduledRow): ScheduledPlan {
  return {
    id: idFromUuid('scheduledPlan', row.id),
    book: row.book,
    plan: row.plan,
    terms: row.terms,
    changes: row.changes,
    fromVersion: idFromUuid('planVersion', row.from_version),
    result: row.result,
    fix: row.fix,
    fromDay: row.from_day,
    toDay: row.to_day,
    moves: row.moves,
    noticeDays: row.notice_days,
    notify: row.notify,
    effectiveAtMs: row.effective_at.getTime(),
    scheduledAtMs: row.scheduled_at.getTime(),
    scheduledBy: row.scheduled_by,
    state: row.state,
    endedAtMs: row.ended_at?.getTime(),
    endedBy: row.ended_by ?? undefined,
    reason: row.reason ?? undefined,
    planVersionId:
      row.plan_version_id === null ? undefined : idFromUuid('planVersion', row.plan_version_id),
  };
}
