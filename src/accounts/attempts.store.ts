import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { withStore } from '#db/pool.ts';

/** How often something may be tried in a window of time. */
export interface AttemptLimit {
  readonly most: number;
  readonly windowSeconds: number;
}

/**
 * Counts a try, over all processes, and refuses it where there were too many. What is tried is kept as a
 * hash: addresses of people do not stand in it.
 * @throws DomainError `rate_limited` with the wait, `store_unavailable`
 */
export async function countAttempt(pool: Pool, what: string, limit: AttemptLimit): Promise<void> {
  const key = createHash('sha256').update(what).digest('base64url');
  const { rows } = await withStore(() =>
    pool.query<{ count: number; wait_ms: number }>(
      `INSERT INTO attempt_count AS a (key, window_start, count) VALUES ($1, now(), 1)
       ON CONFLICT (key) DO UPDATE SET
         count = CASE WHEN a.window_start < now() - make_interval(secs => $2) THEN 1 ELSE a.count + 1 END,
         window_start = CASE WHEN a.window_start < now() - make_interval(secs => $2) THEN now() ELSE a.window_start END
       RETURNING count,
         (extract(epoch FROM window_start + make_interval(secs => $2) - now()) * 1000)::int AS wait_ms`,
      [key, limit.windowSeconds],
    ),
  );
  const [row] = rows;
  if (row === undefined || row.count <= limit.most) return;
  throw new DomainError('rate_limited', 'Too many tries. Wait a little, then try again.', {
    retryAfterMs: Math.max(1000, row.wait_ms),
  });
}

/** Forgets tries whose window is long over. */
export async function forgetAttempts(pool: Pool): Promise<void> {
  await pool.query("DELETE FROM attempt_count WHERE window_start < now() - interval '1 day'");
}
