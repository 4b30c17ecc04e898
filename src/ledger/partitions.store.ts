import type { Pool } from 'pg';

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;

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
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  for (let fromMs = span.fromMs; fromMs <= span.toMs; fromMs += DAY_MS) {
    // One transaction a day: each takes locks on every table that it makes partitions for.
    await pool.query('SELECT ensure_day_partitions($1, $1)', [day(fromMs)]);
  }
  await pool.query('SELECT ensure_day_partitions($1, $1)', [day(span.toMs)]);
}
