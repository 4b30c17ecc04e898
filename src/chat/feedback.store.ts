import type { Pool } from 'pg';
import { type Id, uuidOf } from '#base/id.ts';
import type { ChatActor } from './actor.ts';

export interface Feedback {
  readonly rating: 'up' | 'down';
  readonly reason?: string | undefined;
  readonly comment?: string | undefined;
}

/** One opinion of a member about a message; the last one counts. `undefined` takes it back. */
export async function saveFeedback(
  pool: Pool,
  actor: ChatActor,
  message: Id<'message'>,
  feedback: Feedback | undefined,
  nowMs: number,
): Promise<void> {
  const key = [uuidOf(message), uuidOf(actor.memberId)];
  if (!feedback) {
    await pool.query('DELETE FROM chat_feedback WHERE message_id = $1 AND member_id = $2', key);
    return;
  }
  await pool.query(
    `INSERT INTO chat_feedback (message_id, member_id, rating, reason, comment, created_at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (message_id, member_id) DO UPDATE SET rating = excluded.rating, reason = excluded.reason,
       comment = excluded.comment, created_at = excluded.created_at`,
    [...key, feedback.rating, feedback.reason ?? null, feedback.comment ?? null, new Date(nowMs)],
  );
}
