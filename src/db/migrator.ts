import type { ClientBase, QueryResult } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type DatabaseAddress, withClient } from './database-address.ts';
import { type Migration, readMigrations } from './migration.ts';
import { storeError } from './store-error.ts';

export interface MigrateOptions {
  readonly address: DatabaseAddress;
  /** Holds `NNNN-name/{up.sql, check.sql}`. */
  readonly directory: string;
}

/** A migration as the database remembers it. */
export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
}

/** Remembers which migrations were applied. */
export const MIGRATION_TABLE = 'schema_migration';

/** Any number will do, as long as no one else takes it in this database: "migrate" in bytes. */
const LOCK_KEY = '30794085837468773';

/**
 * Brings the schema up to date and returns what it applied. Several processes may start at once:
 * one migrates, the others wait and find nothing to do. Each migration is one transaction with its
 * check, so that a violated expectation leaves the schema as it was.
 * @throws DomainError `invalid_configuration` where files and database disagree or a check fails,
 * `store_unavailable`
 */
export async function migrate(options: MigrateOptions): Promise<readonly AppliedMigration[]> {
  const migrations = readMigrations(options.directory);
  try {
    return await withClient(options.address, 'breakeven migrate', async (client) => {
      await lockSchema(client);
      const pending = await pendingMigrations(client, migrations);
      for (const migration of pending) await inTransaction(client, migration);
      return pending.map(({ number, name, sha256 }) => ({ number, name, sha256 }));
    });
  } catch (error) {
    throw storeError(error) ?? error;
  }
}

/**
 * Waits until nobody else changes the schema. The session holds it: it goes with the connection,
 * also when this process is killed.
 */
export async function lockSchema(client: ClientBase): Promise<void> {
  await client.query(`select pg_advisory_lock(${LOCK_KEY})`);
}

/**
 * Runs one migration and its check inside the caller's transaction, and records it.
 * @throws DomainError `invalid_configuration` if the SQL fails or an expectation is violated
 */
export async function applyMigration(client: ClientBase, migration: Migration): Promise<void> {
  await runScript(client, migration.up, `${migration.name}/up.sql`);
  await client.query(`insert into ${MIGRATION_TABLE} (number, name, sha256) values ($1, $2, $3)`, [
    migration.number,
    migration.name,
    migration.sha256,
  ]);
  if (migration.check === undefined) return;
  const results = await runScript(client, migration.check, `${migration.name}/check.sql`);
  const violated = results.flatMap((result) => result.rows as unknown[]);
  if (violated.length === 0) return;
  throw new DomainError(
    'invalid_configuration',
    `Migration ${migration.name} was rolled back, its check found: ${JSON.stringify(violated.slice(0, 5))}` +
      (violated.length > 5 ? ` and ${violated.length - 5} more` : ''),
  );
}

/** Creates the table that remembers migrations, if need be, and reads it. */
export async function appliedMigrations(client: ClientBase): Promise<readonly AppliedMigration[]> {
  await client.query(`create table if not exists ${MIGRATION_TABLE} (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now()
  )`);
  const { rows } = await client.query<AppliedMigration>(
    `select number, name, sha256 from ${MIGRATION_TABLE} order by number`,
  );
  return rows;
}

async function pendingMigrations(
  client: ClientBase,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  const applied = await appliedMigrations(client);
  for (const old of applied) {
    const file = migrations[old.number - 1];
    if (file === undefined) {
      throw new DomainError(
        'invalid_configuration',
        `The database has migration ${old.name}, which this release does not know: it was written ` +
          'by a newer Breakeven. Start that release, or restore a backup made before the upgrade.',
      );
    }
    if (file.sha256 !== old.sha256 || file.name !== old.name) {
      throw new DomainError(
        'invalid_configuration',
        `Migration ${file.name} was changed after it had been applied here as ${old.name} ` +
          `(sha256 ${old.sha256.slice(0, 12)}, now ${file.sha256.slice(0, 12)}). ` +
          'Put it back and write a new migration for the difference.',
      );
    }
  }
  return migrations.slice(applied.length);
}

async function inTransaction(client: ClientBase, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await applyMigration(client, migration);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** The driver returns a list for several statements and a single result for one. */
async function runScript(
  client: ClientBase,
  sql: string,
  file: string,
): Promise<readonly QueryResult[]> {
  try {
    const result = (await client.query(sql)) as QueryResult | QueryResult[];
    return Array.isArray(result) ? result : [result];
  } catch (error) {
    const unavailable = storeError(error);
    if (unavailable !== undefined) throw unavailable;
    const { position } = error as { position?: string };
    const line =
      position === undefined ? '' : `:${sql.slice(0, Number(position)).split('\n').length}`;
    throw new DomainError('invalid_configuration', `${file}${line}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
