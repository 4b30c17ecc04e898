import type { Pool } from 'pg';
import { uuidOf } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';
import { withStore } from '#db/pool.ts';
import type { ChatActor } from './actor.ts';

/** What a customer used of a class, lately. */
export interface RecentUse {
  readonly class: string;
  readonly requests: number;
  readonly tokens: number;
  readonly costNanoUsd: number;
  readonly chargeNanoUsd: number;
}

/** Use since an instant less than a day ago, by class. @throws DomainError `store_unavailable` */
export function readRecentUse(
  pool: Pool,
  actor: Pick<ChatActor, 'book' | 'customerId'>,
  sinceMs: number,
): Promise<readonly RecentUse[]> {
  return withStore(async () => {
    const { rows } = await pool.query<RecentUse>(
      `SELECT class, count(*) AS requests, coalesce(sum(tokens_in + tokens_out), 0)::bigint AS tokens,
              coalesce(sum(cost), 0)::bigint AS "costNanoUsd", coalesce(sum(charge), 0)::bigint AS "chargeNanoUsd"
         FROM usage_event
        WHERE book = $1 AND customer = $2 AND day >= $3::date AND admitted_ms >= $4 AND outcome <> 'voided'
        GROUP BY class`,
      [actor.book, uuidOf(actor.customerId), utcDay(sinceMs), sinceMs],
    );
    return rows;
  });
}
