import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { type Client, escapeIdentifier } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { frame, manifestFrames } from './backup-archive.ts';
import type {
  BackupManifest,
  BackupPartition,
  BackupSequence,
  BackupTable,
} from './backup-manifest.ts';
import { type DatabaseAddress, withClient } from './database-address.ts';
import { type AppliedMigration, MIGRATION_TABLE } from './migrator.ts';
import { storeError } from './store-error.ts';

export interface BackupOptions {
  readonly address: DatabaseAddress;
  /** The archive to write; must not exist yet. */
  readonly file: string;
  readonly clock: Clock;
}

export interface BackupResult {
  readonly manifest: BackupManifest;
  readonly archiveBytes: number;
}

/**
 * Writes every table of our schema, as of one instant, into one archive, while the service runs.
 * The file has its name only once it is whole and on disk, and only its owner may read it. The
 * master key that opens encrypted supplier keys is no part of it.
 * @throws DomainError `conflict` if the file exists, `invalid_request` if its directory does not,
 * `store_unavailable`
 */
export async function backup(options: BackupOptions): Promise<BackupResult> {
  const { file } = options;
  if (existsSync(file)) throw new DomainError('conflict', `${file} exists already.`);
  if (!existsSync(dirname(file))) {
    throw new DomainError('invalid_request', `The directory ${dirname(file)} does not exist.`);
  }
  const draft = `${file}.${randomUUID()}.partial`;
  try {
    const manifest = await withClient(options.address, 'breakeven backup', async (client) => {
      const content = new SnapshotContent(client, options.clock);
      await pipeline(
        Readable.from(content.frames(), { objectMode: false }),
        createZstdCompress(),
        createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true }),
      );
      return content.manifest();
    });
    const { size } = await stat(draft);
    await rename(draft, file);
    await syncDirectory(dirname(file));
    return { manifest, archiveBytes: size };
  } catch (error) {
    await rm(draft, { force: true });
    throw storeError(error) ?? error;
  }
}

/** One pass over one snapshot: `frames` to its end, then `manifest`. */
class SnapshotContent {
  readonly #client: Client;
  readonly #clock: Clock;
  #manifest: BackupManifest | undefined;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  manifest(): BackupManifest {
    if (this.#manifest === undefined) throw new Error('the snapshot was not read to its end');
    return this.#manifest;
  }

  async *frames(): AsyncGenerator<Buffer> {
    const client = this.#client;
    await client.query('begin isolation level repeatable read read only');
    // The text of dates and floats must not depend on the server's settings.
    await client.query(
      "set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local timezone = 'UTC'; set local extra_float_digits = 3; set local bytea_output = 'hex'",
    );
    const createdAt = new Date(this.#clock.nowMs()).toISOString();
    const tables: BackupTable[] = [];
    for (const table of await listTables(client)) {
      yield frame('T', table.name);
      tables.push(yield* tableFrames(client, table));
      yield frame('E', '');
    }
    const manifest: BackupManifest = {
      format: 'breakeven-backup',
      formatVersion: 1,
      createdAt,
      serverVersion: await serverVersion(client),
      migrations: await listMigrations(client),
      tables,
      partitions: await listPartitions(client),
      sequences: await readSequences(client),
    };
    await client.query('commit');
    this.#manifest = Object.freeze(manifest);
    yield manifestFrames(manifest);
  }
}

interface TableShape {
  readonly name: string;
  readonly columns: string[];
}

async function* tableFrames(
  client: Client,
  table: TableShape,
): AsyncGenerator<Buffer, BackupTable> {
  const columns = table.columns.map(escapeIdentifier).join(', ');
  // A partitioned table can be copied out only through a query.
  const source = `copy (select ${columns} from ${escapeIdentifier(table.name)}) to stdout`;
  const stream = client.query(copyTo(source));
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    yield frame('D', chunk);
  }
  return { ...table, rows: stream.rowCount, bytes, sha256: hash.digest('hex') };
}

/** Ordinary and partitioned tables, not partitions: their rows come out of their parent. */
async function listTables(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(
    `select c.relname::text as name, coalesce(
        array_agg(a.attname::text order by a.attnum) filter (where a.attgenerated = ''), '{}'
      ) as columns
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = current_schema()::regnamespace
        and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> $1
      group by c.relname order by c.relname`,
    [MIGRATION_TABLE],
  );
  return rows;
}

async function listPartitions(client: Client): Promise<BackupPartition[]> {
  const { rows } = await client.query<BackupPartition>(
    `with recursive tree as (
        select oid, 0 as depth from pg_class
        where relnamespace = current_schema()::regnamespace and relkind = 'p' and not relispartition
        union all
        select i.inhrelid, tree.depth + 1 from pg_inherits i join tree on i.inhparent = tree.oid
      )
      select c.relname::text as name, p.relname::text as parent,
        pg_get_expr(c.relpartbound, c.oid) as bound,
        case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
        coalesce(c.reloptions, '{}') as options
      from tree
      join pg_class c on c.oid = tree.oid
      join pg_inherits i on i.inhrelid = c.oid
      join pg_class p on p.oid = i.inhparent
      where tree.depth > 0
      order by tree.depth, c.relname`,
  );
  return rows;
}

async function listMigrations(client: Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    `select number, name, sha256 from ${MIGRATION_TABLE} order by number`,
  );
  return rows;
}

/** Sequences stand outside of snapshots; a value read too late only leaves a gap in the numbers. */
async function readSequences(client: Client): Promise<BackupSequence[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname::text as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind = 'S' order by relname`,
  );
  const sequences: BackupSequence[] = [];
  for (const { name } of rows) {
    const state = await client.query<{ value: string; called: boolean }>(
      `select last_value::text as value, is_called as called from ${escapeIdentifier(name)}`,
    );
    sequences.push(...state.rows.map((row) => ({ name, ...row })));
  }
  return sequences;
}

async function serverVersion(client: Client): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  return rows[0]?.server_version ?? 'unknown';
}

/** A renamed file is safe from a crash of the machine only once its directory is on disk too. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
