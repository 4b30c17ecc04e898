import type { ClientBase } from 'pg';
import { OWNER_LOCK_CLASS } from './generations.store.ts';

/** Takes the advisory lock of a process's number for the life of the connection. */
export async function holdOwnerLock(client: ClientBase, owner: number): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1, $2)', [OWNER_LOCK_CLASS, owner]);
}
