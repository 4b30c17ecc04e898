import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Client, escapeIdentifier } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DomainError } from '#base/domain-error.ts';
import { readArchive } from './backup-archive.ts';
import type { BackupManifest, BackupPartition } from './backup-manifest.ts';
import { type DatabaseAddress, describeAddress, withClient } from './database-address.ts';
import { type Migration, readMigrations } from './migration.ts';
import { appliedMigrations, applyMigration, lockSchema } from './migrator.ts';
import { storeError } from './store-error.ts';

export interface RestoreOptions {
  /** An empty database. */
  readonly address: DatabaseAddress;
  /** An archive that `backup` wrote. */
  readonly file: string;
  /** The project's migrations. */
  readonly migrationsDirectory: string;
}

/**
 * Loads an archive into an empty database. The archive is verified whole first; then schema and
 * data come in one transaction, so that a failure at any point leaves the database empty. The
 * schema is brought to the archive's level only: `migrate` takes it further at the next start.
 * @throws DomainError `not_found` without the file, `invalid_request` for a damaged archive,
 * `conflict` if the database is not empty, `invalid_configuration` if this release's migrations
 * differ from the archive's, `store_unavailable`
 */
export async function restore(options: RestoreOptions): Promise<BackupManifest> {
  if (!existsSync(options.file)) {
    throw new DomainError('not_found', `There is no file ${options.file}.`);
  }
  const manifest = await readArchive(options.file, drain);
  const migrations = archivedMigrations(manifest, readMigrations(options.migrationsDirectory));
  try {
    await withClient(options.address, 'breakeven restore', async (client) => {
      await lockSchema(client);
      await refuseUnlessEmpty(client, options.address);
      await client.query('begin');
      // An error needs no rollback of its own: the connection closes behind it.
      await buildSchema(client, migrations, manifest);
      await loadTables(client, options.file, manifest);
      await setSequences(client, manifest);
      await client.query('commit');
      const names = manifest.tables.map((table) => escapeIdentifier(table.name));
      // Without statistics the first queries would choose plans for empty tables.
      if (names.length > 0) await client.query(`analyze ${names.join(', ')}`);
    });
  } catch (error) {
    throw storeError(error) ?? error;
  }
  return manifest;
}

async function drain(_name: string, data: AsyncIterable<Buffer>): Promise<void> {
  for await (const _chunk of data) {
    // Reading is what verifies.
  }
}

function archivedMigrations(
  manifest: BackupManifest,
  known: readonly Migration[],
): readonly Migration[] {
  return manifest.migrations.map((archived) => {
    const migration = known[archived.number - 1];
    if (migration?.sha256 === archived.sha256) return migration;
    throw new DomainError(
      'invalid_configuration',
      migration === undefined
        ? `The backup needs migration ${archived.name}, which this release does not know: ` +
            'restore with the release that wrote it, or a newer one.'
        : `Migration ${archived.name} of the backup differs from this release's ${migration.name}.`,
    );
  });
}

async function refuseUnlessEmpty(client: Client, address: DatabaseAddress): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select relname::text as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      order by relname limit 3`,
  );
  if (rows.length === 0) return;
  throw new DomainError(
    'conflict',
    `The database ${describeAddress(address)} is not empty (it has ` +
      `${rows.map((row) => row.name).join(', ')}, …). Restore into an empty one: choose a new data ` +
      'directory, or create a new database for DATABASE_URL. Nothing was changed.',
  );
}

async function buildSchema(
  client: Client,
  migrations: readonly Migration[],
  manifest: BackupManifest,
): Promise<void> {
  await appliedMigrations(client);
  for (const migration of migrations) await applyMigration(client, migration);
  for (const partition of manifest.partitions) await createPartition(client, partition);
}

/** Partitions come and go by the day: migrations make those of today, the archive names its own. */
async function createPartition(client: Client, partition: BackupPartition): Promise<void> {
  const { rows } = await client.query<{ bound: string | null }>(
    `select pg_get_expr(relpartbound, oid) as bound from pg_class
      where relnamespace = current_schema()::regnamespace and relname = $1`,
    [partition.name],
  );
  const existing = rows[0];
  if (existing?.bound === partition.bound) return;
  if (existing !== undefined) {
    throw new DomainError(
      'conflict',
      `The partition ${partition.name} has other bounds here (${existing.bound ?? 'none'}) than in ` +
        `the backup (${partition.bound}). Nothing was changed.`,
    );
  }
  const options = partition.options.length === 0 ? '' : ` with (${partition.options.join(', ')})`;
  const key = partition.partitionKey === null ? '' : ` partition by ${partition.partitionKey}`;
  await client.query(
    `create table ${escapeIdentifier(partition.name)} ` +
      `partition of ${escapeIdentifier(partition.parent)} ${partition.bound}${key}${options}`,
  );
}

/**
 * Foreign keys are dropped for the load and put back after it: no order of tables to find, cycles
 * included, and one join validates a key instead of one look-up for each row. Triggers stand still:
 * what they once wrote is in the archive itself.
 */
async function loadTables(client: Client, file: string, manifest: BackupManifest): Promise<void> {
  const keys = await foreignKeys(client);
  for (const key of keys)
    await client.query(`alter table ${key.table} drop constraint ${key.name}`);
  const triggers = await enabledTriggers(client);
  await switchTriggers(client, triggers, 'disable');
  await clearSeeds(client, manifest);
  const shapes = new Map(manifest.tables.map((table) => [table.name, table]));
  await readArchive(file, async (name, data) => {
    const table = shapes.get(name);
    if (table === undefined) throw new Error(`table ${name} is not in the manifest`);
    const columns = table.columns.map(escapeIdentifier).join(', ');
    const target = client.query(copyFrom(`copy ${escapeIdentifier(name)} (${columns}) from stdin`));
    await pipeline(Readable.from(data, { objectMode: false }), target);
    if (target.rowCount !== table.rows) {
      throw new Error(`table ${name} has ${table.rows} rows, but ${target.rowCount} were loaded`);
    }
  });
  // A check that waits for the commit would forbid altering its table.
  await client.query('set constraints all immediate');
  await switchTriggers(client, triggers, 'enable');
  for (const key of keys) {
    await client.query(`alter table ${key.table} add constraint ${key.name} ${key.definition}`);
  }
}

/** Rows that migrations brought along stand in the archive too, as they were at its time. */
async function clearSeeds(client: Client, manifest: BackupManifest): Promise<void> {
  const names = manifest.tables.map((table) => escapeIdentifier(table.name));
  if (names.length > 0) await client.query(`truncate ${names.join(', ')}`);
}

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

async function foreignKeys(client: Client): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `select conrelid::regclass::text as "table", quote_ident(conname) as name,
        pg_get_constraintdef(oid) as definition
      from pg_constraint
      where contype = 'f' and conparentid = 0 and connamespace = current_schema()::regnamespace
      order by conrelid::regclass::text, conname`,
  );
  return rows;
}

interface TableTrigger {
  readonly table: string;
  readonly name: string;
}

async function enabledTriggers(client: Client): Promise<TableTrigger[]> {
  const { rows } = await client.query<TableTrigger>(
    `select t.tgrelid::regclass::text as "table", quote_ident(t.tgname) as name
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where not t.tgisinternal and t.tgenabled = 'O' and t.tgparentid = 0
        and c.relnamespace = current_schema()::regnamespace`,
  );
  return rows;
}

async function switchTriggers(
  client: Client,
  triggers: readonly TableTrigger[],
  action: 'enable' | 'disable',
): Promise<void> {
  for (const { table, name } of triggers) {
    await client.query(`alter table ${table} ${action} trigger ${name}`);
  }
}

async function setSequences(client: Client, manifest: BackupManifest): Promise<void> {
  for (const { name, value, called } of manifest.sequences) {
    await client.query('select setval($1::regclass, $2::bigint, $3)', [
      escapeIdentifier(name),
      value,
      called,
    ]);
  }
}
