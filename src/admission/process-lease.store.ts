import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { type Id, uuidOf } from '#base/id.ts';
import { currentProcess } from '#db/process-identity.ts';

/** A process that admits. Its holds carry its number. */
export interface ProcessLease {
  readonly number: number;
  readonly host: string;
  readonly pid: number;
  readonly started: string;
  /** False once its time is up or it said goodbye, by the database's clock. */
  readonly live: boolean;
  readonly ended: boolean;
}

/** Longer than any statement of admission may take. */
const STRAGGLER_SECONDS = 15;

/** Registers this process. */
export async function openLease(pool: Pool, id: Id<'process'>, leaseMs: number): Promise<number> {
  const { pid, started } = currentProcess();
  const { rows } = await pool.query<{ number: number }>(
    `INSERT INTO process_lease (id, host, pid, started, lease_ms) VALUES ($1, $2, $3, $4, $5)
     RETURNING number`,
    [uuidOf(id), hostname(), pid, started, leaseMs],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('invariant broken: an insert returns its row');
  return row.number;
}

/** Says that the process still lives. @returns false where its lease was ended meanwhile: it needs a new one. */
export async function renewLease(pool: Pool, number: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    'UPDATE process_lease SET heartbeat_at = clock_timestamp() WHERE number = $1 AND ended_at IS NULL',
    [number],
  );
  return rowCount === 1;
}

/** Ends leases: of this process when it stops, of others that were found dead. */
export async function endLeases(pool: Pool, numbers: readonly number[]): Promise<void> {
  await pool.query(
    'UPDATE process_lease SET ended_at = now() WHERE number = ANY($1::integer[]) AND ended_at IS NULL',
    [numbers],
  );
}

/**
 * Notes that nothing is held any more by processes that ended a while ago. Not at once: what a killed
 * process had sent may still be on its way through its backend, so its holds are looked for again.
 */
export async function markReaped(pool: Pool, numbers: readonly number[]): Promise<void> {
  await pool.query(
    `UPDATE process_lease SET reaped_at = now()
      WHERE number = ANY($1::integer[]) AND reaped_at IS NULL
        AND ended_at < now() - interval '${STRAGGLER_SECONDS} seconds'`,
    [numbers],
  );
}

/** Leases whose holds may still stand. */
export async function readLeases(pool: Pool): Promise<readonly ProcessLease[]> {
  const { rows } = await pool.query<ProcessLease>(
    `SELECT number, host, pid, started, ended_at IS NOT NULL AS ended,
            ended_at IS NULL AND heartbeat_at + lease_ms * interval '1 millisecond' > clock_timestamp() AS live
       FROM process_lease WHERE reaped_at IS NULL ORDER BY number`,
  );
  return rows;
}
