import type { Client } from 'pg';
import { type DatabaseAddress, withClient } from '#db/database-address.ts';

const PREFIX = 'breakeven_test_';
/** No run of the tests takes longer, so what is older was left by one that was killed. */
const RUN_SECONDS_MAX = 6 * 3600;

/** The name of a database of this run. */
export function runDatabaseName(runId: string, suffix: string): string {
  return `${PREFIX}${runId}_${suffix}`;
}

/** Drops what a run created on a server that is not its own. */
export async function dropRunDatabases(url: string, runId: string): Promise<void> {
  await withClient({ url }, 'breakeven tests', async (client) => {
    for (const name of await listDatabases(client)) {
      if (name.startsWith(`${PREFIX}${runId}_`)) await dropDatabase(client, name);
    }
  });
}

/** Drops what runs that were killed left on a server that is not their own. */
export async function sweepOldDatabases(url: string): Promise<void> {
  const oldest = Date.now() / 1000 - RUN_SECONDS_MAX;
  await withClient({ url }, 'breakeven tests', async (client) => {
    for (const name of await listDatabases(client)) {
      if (Number.parseInt(name.slice(PREFIX.length), 10) < oldest) await dropDatabase(client, name);
    }
  });
}

/** Drops a database although somebody is connected. */
export async function dropTestDatabase(server: DatabaseAddress, name: string): Promise<void> {
  await withClient(server, 'breakeven tests', (client) => dropDatabase(client, name));
}

async function dropDatabase(client: Client, name: string): Promise<void> {
  // PostgreSQL refuses to drop a template.
  await client.query('update pg_database set datistemplate = false where datname = $1', [name]);
  await client.query(`drop database if exists "${name}" with (force)`);
}

async function listDatabases(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [PREFIX],
  );
  return rows.map((row) => row.datname);
}
