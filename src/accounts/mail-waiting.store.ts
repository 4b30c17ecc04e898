import type { Pool, PoolClient } from 'pg';

/** A mail to a person, in words. */
export interface WaitingMail {
  /** uuid; also in the mail's `Message-ID`, so that a second copy is told from a second mail. */
  readonly id: string;
  /** uuid */
  readonly person: string;
  readonly subject: string;
  readonly body: string;
}

export async function insertWaitingMail(
  client: PoolClient,
  mail: WaitingMail,
  at: Date,
): Promise<void> {
  await client.query(
    `INSERT INTO mail_waiting (id, person_id, subject, body, created_at, next_try_at)
     VALUES ($1, $2, $3, $4, $5, $5)`,
    [mail.id, mail.person, mail.subject, mail.body, at],
  );
}

/** Takes mail that is due, for nobody else to send until the claim ends. */
export async function claimWaitingMail(
  pool: Pool,
  options: { readonly now: Date; readonly claimedUntil: Date; readonly limit: number },
): Promise<readonly (WaitingMail & { readonly to: string; readonly tries: number })[]> {
  const { rows } = await pool.query<WaitingMail & { to: string; tries: number }>(
    `UPDATE mail_waiting m SET claimed_until = $2, tries = tries + 1
       FROM person p
      WHERE p.id = m.person_id AND m.id IN (
        SELECT id FROM mail_waiting
         WHERE NOT given_up AND next_try_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
         ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED)
      RETURNING m.id, m.person_id AS person, m.subject, m.body, p.email AS to, m.tries`,
    [options.now, options.claimedUntil, options.limit],
  );
  return rows;
}

/** The server took it. */
export async function deleteWaitingMail(pool: Pool, id: string): Promise<void> {
  await pool.query('DELETE FROM mail_waiting WHERE id = $1', [id]);
}

/** @param nextTryAt `undefined`: never again */
export async function postponeWaitingMail(
  pool: Pool,
  id: string,
  { answer, nextTryAt }: { readonly answer: string; readonly nextTryAt: Date | undefined },
): Promise<void> {
  await pool.query(
    `UPDATE mail_waiting SET claimed_until = NULL, answer = $2, next_try_at = coalesce($3, next_try_at),
       given_up = $3::timestamptz IS NULL WHERE id = $1`,
    [id, answer.slice(0, 1000), nextTryAt ?? null],
  );
}

/** How much mail waits and was given up, and what the server said last. */
export async function countWaitingMail(
  pool: Pool,
): Promise<{ readonly waiting: number; readonly givenUp: number; readonly answer: string | null }> {
  const { rows } = await pool.query<{ waiting: number; given_up: number; answer: string | null }>(
    `SELECT count(*) FILTER (WHERE NOT given_up) AS waiting, count(*) FILTER (WHERE given_up) AS given_up,
            (array_agg(answer ORDER BY next_try_at DESC) FILTER (WHERE answer IS NOT NULL))[1] AS answer
       FROM mail_waiting`,
  );
  const [row] = rows;
  return {
    waiting: row?.waiting ?? 0,
    givenUp: row?.given_up ?? 0,
    answer: row?.answer ?? null,
  };
}

/** Forgets mail that was given up, or waited too long to be of use. */
export async function forgetWaitingMail(pool: Pool, before: Date): Promise<void> {
  await pool.query('DELETE FROM mail_waiting WHERE created_at < $1', [before]);
}
