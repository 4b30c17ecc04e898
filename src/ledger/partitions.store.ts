import type { Pool } from 'pg';
import { utcDay } from '#base/utc-day.ts';

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;
const PARTITIONED = ['decision', 'usage_event', 'transfer', 'account_operation'] as const;

/**
 * Gives the days from yesterday to a week ahead of an instant their own partitions. A day without one
 * is no error: its rows go to the default partition, and move when it gets one.
 */
export async function ensurePartitions(pool: Pool, nowMs: number): Promise<void> {
  await ensurePartitionsOf(pool, { fromMs: nowMs - DAY_MS, toMs: nowMs + DAYS_AHEAD * DAY_MS });
}

/** As {@link ensurePartitions}, for every UTC day that a span of time touches: for history and simulations. */
export async function ensurePartitionsOf(
  pool: Pool,
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<void> {
  const days: string[] = [];
  const lastDay = Math.floor(span.toMs / DAY_MS);
  for (let day = Math.floor(span.fromMs / DAY_MS); day <= lastDay; day++) {
    days.push(utcDay(day * DAY_MS));
  }
  for (const table of PARTITIONED) {
    for (const day of days) await pool.query('SELECT ensure_day_partition($1, $2)', [table, day]);
  }
}
