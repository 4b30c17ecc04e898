import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import {
  dueAtMs,
  type PlanNotice,
  type PlanSubscriber,
  type ScheduledPlan,
  type SubscriberBill,
} from './scheduled-plan.ts';

interface SubscriberRow {
  customer_id: string;
  customer_name: string;
  plan_version_id: string | null;
  anchor_at: Date | null;
  time_zone: string | null;
}

interface NoticeRow extends SubscriberRow {
  schedule: string;
  book: Book;
  told_at: Date;
  due_at: Date;
  bill_before: number | null;
  bill_after: number | null;
  requests: number;
  newly_refused: number;
  newly_fell_back: number;
  newly_slowed: number;
  freed: number;
  dismissed_by: string[];
  state: PlanNotice['state'];
  ended_at: Date | null;
}

const SELECT = `SELECT n.schedule, n.book, n.customer_id, c.name AS customer_name, n.told_at, n.due_at,
    n.bill_before, n.bill_after, n.requests, n.newly_refused, n.newly_fell_back, n.newly_slowed,
    n.freed, n.dismissed_by::text[], n.state, n.ended_at, o.plan_version_id, o.anchor_at, o.time_zone
  FROM plan_notice n JOIN customer c ON c.book = n.book AND c.id = n.customer_id
    LEFT JOIN subscription o ON o.book = n.book AND o.customer_id = n.customer_id AND o.ended_at IS NULL`;

/** Subscribers of any version of a plan. */
const ON_PLAN = `FROM subscription s JOIN plan_version v ON v.id = s.plan_version_id
  WHERE s.book = $1 AND s.ended_at IS NULL AND v.plan = $2`;

/** Who is on a plan now, in any version of it. */
export async function readSubscribersOf(
  db: Pool | PoolClient,
  book: Book,
  plan: string,
): Promise<readonly PlanSubscriber[]> {
  const { rows } = await db.query<SubscriberRow>(
    `SELECT o.*, c.name AS customer_name
       FROM (SELECT s.book, s.customer_id, s.plan_version_id, s.anchor_at, s.time_zone ${ON_PLAN}) o
       JOIN customer c ON c.book = o.book AND c.id = o.customer_id ORDER BY o.customer_id`,
    [book, plan],
  );
  return rows.map(subscriberOf);
}

/**
 * Writes a notice to everybody who is on the plan and has none yet; later ones have the same time to
 * read it. @returns how many are new
 */
export async function tellSubscribers(
  db: Pool | PoolClient,
  scheduled: Pick<ScheduledPlan, 'id' | 'book' | 'plan' | 'effectiveAtMs' | 'noticeDays'>,
  nowMs: number,
  bills: readonly SubscriberBill[] = [],
): Promise<number> {
  const column = (of: (bill: SubscriberBill) => number): number[] => bills.map(of);
  const { rowCount } = await db.query(
    `INSERT INTO plan_notice (schedule, book, customer_id, told_at, due_at, bill_before, bill_after,
       requests, newly_refused, newly_fell_back, newly_slowed, freed)
     SELECT $3, o.book, o.customer_id, $4, $5, b.before, b.after, coalesce(b.requests, 0),
       coalesce(b.refused, 0), coalesce(b.fell_back, 0), coalesce(b.slowed, 0), coalesce(b.freed, 0)
     FROM (SELECT s.book, s.customer_id ${ON_PLAN}
       AND NOT EXISTS (SELECT FROM scheduled_plan p WHERE p.id = $3 AND p.plan_version_id = v.id)) o
     LEFT JOIN unnest($6::uuid[], $7::bigint[], $8::bigint[], $9::int[], $10::int[], $11::int[], $12::int[], $13::int[])
       AS b (customer_id, before, after, requests, refused, fell_back, slowed, freed) USING (customer_id)
     ON CONFLICT (schedule, book, customer_id) DO NOTHING`,
    [
      scheduled.book,
      scheduled.plan,
      uuidOf(scheduled.id),
      new Date(nowMs),
      new Date(dueAtMs(scheduled, nowMs)),
      bills.map(({ customerId }) => uuidOf(customerId)),
      column(({ before }) => before),
      column(({ after }) => after),
      column(({ requests }) => requests),
      column(({ newlyRefused }) => newlyRefused),
      column(({ newlyFellBack }) => newlyFellBack),
      column(({ newlySlowed }) => newlySlowed),
      column(({ freed }) => freed),
    ],
  );
  return rowCount ?? 0;
}

/** Notices of a schedule, those whose bill rises most first. @param q part of a customer's name */
export async function listNotices(
  db: Pool | PoolClient,
  schedule: Id<'scheduledPlan'>,
  { q, limit }: { readonly q?: string | undefined; readonly limit: number },
): Promise<readonly PlanNotice[]> {
  const { rows } = await db.query<NoticeRow>(
    `${SELECT} WHERE n.schedule = $1 AND ($3::text IS NULL OR strpos(lower(c.name), lower($3)) > 0)
      ORDER BY n.bill_after - n.bill_before DESC NULLS LAST,
        n.newly_refused + n.newly_fell_back + n.newly_slowed DESC, n.customer_id LIMIT $2`,
    [uuidOf(schedule), limit, q ?? null],
  );
  return rows.map(noticeOf);
}

/** Of a schedule's subscribers, how many are in which state, and what it does to how many. */
export interface NoticeCounts {
  readonly waiting: number;
  readonly moved: number;
  readonly left: number;
  readonly dearer: number;
  readonly cheaper: number;
  readonly limited: number;
}

export async function countNotices(
  db: Pool | PoolClient,
  schedules: readonly Id<'scheduledPlan'>[],
): Promise<ReadonlyMap<string, NoticeCounts>> {
  const { rows } = await db.query<NoticeCounts & { schedule: string }>(
    `SELECT schedule, count(*) FILTER (WHERE state = 'waiting')::int AS waiting,
        count(*) FILTER (WHERE state = 'moved')::int AS moved,
        count(*) FILTER (WHERE state = 'left')::int AS left,
        count(*) FILTER (WHERE bill_after > bill_before)::int AS dearer,
        count(*) FILTER (WHERE bill_after < bill_before)::int AS cheaper,
        count(*) FILTER (WHERE newly_refused + newly_fell_back + newly_slowed > 0)::int AS limited
       FROM plan_notice WHERE schedule = ANY($1::uuid[]) GROUP BY schedule`,
    [schedules.map(uuidOf)],
  );
  return new Map(
    rows.map(({ schedule, ...counts }) => [idFromUuid('scheduledPlan', schedule), counts]),
  );
}

/** What a customer is told: of changes that wait, or that were published and have yet to reach them. */
export async function noticesTo(
  db: Pool | PoolClient,
  who: { readonly book: Book; readonly customerId: Id<'customer'> },
): Promise<readonly PlanNotice[]> {
  const { rows } = await db.query<NoticeRow>(
    `${SELECT} JOIN scheduled_plan s ON s.id = n.schedule
      WHERE n.book = $1 AND n.customer_id = $2 AND n.state = 'waiting' AND s.notify
        AND s.state IN ('waiting', 'published') ORDER BY s.effective_at, s.id`,
    [who.book, uuidOf(who.customerId)],
  );
  return rows.map(noticeOf);
}

/** Takes a notice out of a member's sight. @returns false where it is none of theirs */
export async function dismissNotice(
  db: Pool | PoolClient,
  notice: {
    readonly schedule: Id<'scheduledPlan'>;
    readonly book: Book;
    readonly customerId: Id<'customer'>;
    readonly memberId: Id<'member'>;
  },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE plan_notice SET dismissed_by = array_append(array_remove(dismissed_by, $4::uuid), $4::uuid)
      WHERE schedule = $1 AND book = $2 AND customer_id = $3`,
    [uuidOf(notice.schedule), notice.book, uuidOf(notice.customerId), uuidOf(notice.memberId)],
  );
  return rowCount === 1;
}

/**
 * Customers whose turn it is: their time has come, and, where they are moved at a renewal, a period of
 * theirs has ended since.
 */
export async function noticesDue(
  db: Pool | PoolClient,
  scheduled: Pick<ScheduledPlan, 'id' | 'moves'>,
  nowMs: number,
  limit: number,
): Promise<readonly Id<'customer'>[]> {
  const { rows } = await db.query<{ customer_id: string }>(
    `SELECT n.customer_id FROM plan_notice n
       LEFT JOIN subscription s ON s.book = n.book AND s.customer_id = n.customer_id AND s.ended_at IS NULL
      WHERE n.schedule = $1 AND n.state = 'waiting' AND n.due_at <= $2
        AND ($3 OR s.period_end IS NULL OR s.period_end <= $2 AND s.period_end >= n.due_at)
      ORDER BY n.customer_id LIMIT $4`,
    [uuidOf(scheduled.id), new Date(nowMs), scheduled.moves === 'at_once', limit],
  );
  return rows.map(({ customer_id }) => idFromUuid('customer', customer_id));
}

/** Holds a customer's notice until the transaction ends. @returns false where it waits no more */
export async function lockNotice(
  client: PoolClient,
  schedule: Id<'scheduledPlan'>,
  who: { readonly book: Book; readonly customerId: Id<'customer'> },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM plan_notice WHERE schedule = $1 AND book = $2 AND customer_id = $3 AND state = 'waiting'
      FOR UPDATE`,
    [uuidOf(schedule), who.book, uuidOf(who.customerId)],
  );
  return rowCount === 1;
}

/** Writes down what became of a customer. */
export async function endNotice(
  client: PoolClient,
  schedule: Id<'scheduledPlan'>,
  who: { readonly book: Book; readonly customerId: Id<'customer'> },
  end: { readonly state: 'moved' | 'left'; readonly atMs: number },
): Promise<void> {
  await client.query(
    `UPDATE plan_notice SET state = $4, ended_at = $5 WHERE schedule = $1 AND book = $2 AND customer_id = $3`,
    [uuidOf(schedule), who.book, uuidOf(who.customerId), end.state, new Date(end.atMs)],
  );
}

function noticeOf(row: NoticeRow): PlanNotice {
  const { bill_before, bill_after } = row;
  return {
    schedule: idFromUuid('scheduledPlan', row.schedule),
    book: row.book,
    ...subscriberOf(row),
    toldAtMs: row.told_at.getTime(),
    dueAtMs: row.due_at.getTime(),
    bill:
      bill_before === null || bill_after === null
        ? undefined
        : {
            before: nanoUsd(bill_before),
            after: nanoUsd(bill_after),
            requests: row.requests,
            newlyRefused: row.newly_refused,
            newlyFellBack: row.newly_fell_back,
            newlySlowed: row.newly_slowed,
            freed: row.freed,
          },
    state: row.state,
    endedAtMs: row.ended_at?.getTime(),
    dismissedBy: row.dismissed_by,
  };
}

function subscriberOf(row: SubscriberRow): PlanSubscriber {
  return {
    customerId: idFromUuid('customer', row.customer_id),
    customerName: row.customer_name,
    planVersionId:
      row.plan_version_id === null ? undefined : idFromUuid('planVersion', row.plan_version_id),
    anchorMs: row.anchor_at?.getTime(),
    timeZone: row.time_zone ?? undefined,
  };
}
