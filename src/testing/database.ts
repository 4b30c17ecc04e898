import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { inject } from 'vitest';
import { type DatabaseAddress, withClient, withDatabase } from '#db/database-address.ts';
import { readMigrations } from '#db/migration.ts';
import { migrate } from '#db/migrator.ts';
import { createPool } from '#db/pool.ts';
import { dropTestDatabase, runDatabaseName } from './run-database.ts';
import type { TestRun } from './test-run.ts';

export interface TestDatabaseOptions {
  /** With the schema of `migrations/`. Default true. */
  readonly migrate?: boolean;
  /** Migrations other than the project's own. */
  readonly migrationsDirectory?: string;
  readonly poolSizeMax?: number;
}

export interface TestDatabase extends AsyncDisposable {
  readonly pool: Pool;
  /** For code that makes its own pool or connection. */
  readonly address: DatabaseAddress;
}

const PROJECT_MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const SERVER_START_MS = 60_000;
let created = 0;

/**
 * A fresh database on a real PostgreSQL, copied from a template that is migrated once a run.
 * The server has fsync off; what must survive a crash is tested on a server of its own.
 * `BREAKEVEN_KEEP=1` keeps everything, `TEST_DATABASE_URL` uses that server instead.
 *
 * @example
 * await using database = await testDatabase();
 * await database.pool.query('select 1');
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const run = inject('testRun');
  const server = await testServer(run);
  const template =
    (options.migrate ?? true)
      ? await templateDatabase(run, server, options.migrationsDirectory ?? PROJECT_MIGRATIONS)
      : 'template1';
  // Half the time of the default where fsync is off; elsewhere it forces a checkpoint to disk.
  const strategy = run.url === null ? ' strategy file_copy' : '';
  created += 1;
  const name = runDatabaseName(run.id, `${process.pid}_${created}`);
  await withClient(server, 'breakeven tests', (client) =>
    client.query(`create database "${name}" template "${template}"${strategy}`),
  );
  const address = withDatabase(server, name);
  const pool = createPool({
    address,
    applicationName: 'breakeven tests',
    sizeMax: options.poolSizeMax ?? 10,
  });
  return {
    pool,
    address,
    async [Symbol.asyncDispose]() {
      await pool.end();
      if (!run.keep) await dropTestDatabase(server, name);
    },
  };
}

/** The run's server, started by whoever comes first. */
async function testServer(run: TestRun): Promise<DatabaseAddress> {
  if (run.url !== null) return { url: run.url };
  const addressFile = join(run.directory, 'address.json');
  if (!existsSync(addressFile)) {
    startKeeper(run);
    const failedFile = join(run.directory, 'failed.json');
    const deadlineMs = performance.now() + SERVER_START_MS;
    while (!existsSync(addressFile)) {
      if (existsSync(failedFile)) throw new Error(readFileSync(failedFile, 'utf8'));
      if (performance.now() > deadlineMs) throw new Error('the test server did not start');
      await sleep(20);
    }
  }
  return JSON.parse(readFileSync(addressFile, 'utf8')) as DatabaseAddress;
}

function startKeeper(run: TestRun): void {
  try {
    mkdirSync(join(run.directory, 'starting'));
  } catch {
    // Another worker was first.
    return;
  }
  const script = fileURLToPath(new URL('./server-keeper.ts', import.meta.url));
  const log = openSync(join(run.directory, 'keeper.log'), 'a');
  const args = [script, run.directory, String(run.owner.pid), run.owner.started];
  // Detached: an interrupt at the terminal reaches the run, whose end the keeper then sees.
  spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log] }).unref();
}

/** Migrates once for each state of the migration files: copying a database is faster. */
async function templateDatabase(
  run: TestRun,
  server: DatabaseAddress,
  directory: string,
): Promise<string> {
  const files = readMigrations(directory).map(({ name, up, check }) => [name, up, check]);
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
  const name = runDatabaseName(run.id, `template_${hash}`);
  await withClient(server, 'breakeven tests', async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rows } = await client.query<{ ready: boolean }>(
      'select datistemplate as ready from pg_database where datname = $1',
      [name],
    );
    if (rows[0]?.ready) return;
    await client.query(`drop database if exists "${name}" with (force)`);
    await client.query(`create database "${name}" template template1`);
    await migrate({ address: withDatabase(server, name), directory });
    // The mark of a template that is complete: a worker killed half-way leaves it unset.
    await client.query(`alter database "${name}" is_template true`);
  });
  return name;
}
