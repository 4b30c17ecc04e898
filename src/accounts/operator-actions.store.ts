import type { Pool } from 'pg';

/** Something that an operator did, as the append-only log keeps it. */
export interface OperatorAction {
  readonly actor: string;
  readonly action: string;
  /** The ids it was done to. */
  readonly subject: string;
}

/** Writes down what an operator does, before it is done: a failed attempt is worth knowing too. */
export async function recordOperatorAction(pool: Pool, action: OperatorAction): Promise<void> {
  await pool.query('INSERT INTO operator_action (actor, action, subject) VALUES ($1, $2, $3)', [
    action.actor,
    action.action,
    action.subject,
  ]);
}
