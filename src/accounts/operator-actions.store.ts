import type { Pool } from 'pg';
import type { TimeOrder } from '#base/day-spans.ts';

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

/** The log, in the order of time. */
export async function listOperatorActions(
  pool: Pool,
  query: {
    readonly text: string | undefined;
    /** Newest first if absent. */
    readonly order: TimeOrder | undefined;
    /** Only what comes after this one in that order. */
    readonly afterId: number | undefined;
    readonly limit: number;
  },
): Promise<readonly (OperatorAction & { readonly id: number; readonly at: Date })[]> {
  const [beyond, direction] = query.order === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const { rows } = await pool.query<OperatorAction & { id: number; at: Date }>(
    `SELECT id, at, actor, action, subject FROM operator_action
      WHERE ($1::text IS NULL OR strpos(lower(actor || ' ' || action || ' ' || subject), lower($1)) > 0)
        AND ($2::bigint IS NULL OR id ${beyond} $2)
      ORDER BY id ${direction} LIMIT $3`,
    [query.text ?? null, query.afterId ?? null, query.limit],
  );
  return rows;
}
