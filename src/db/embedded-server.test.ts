import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterEach, expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { type TemporaryDirectory, temporaryDirectory } from '#testing/temporary-directory.ts';
import { withClient } from './database-address.ts';
import { linkLibraries } from './embedded-binaries.ts';
import { type EmbeddedServerEvent, startEmbeddedServer } from './embedded-server.ts';
import { createPool, transaction } from './pool.ts';
import { processStarted } from './process-identity.ts';

const AS_ROOT = userInfo().uid === 0;
const LONG = process.env['BREAKEVEN_LONG'] === '1';
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A Breakeven of its own in another process; resolves with what it printed once it is up. */
async function startElsewhere(dataDir: string): Promise<{ child: ChildProcess; pid: number }> {
  const module = new URL('./embedded-server.ts', import.meta.url).href;
  const code = `import { startEmbeddedServer } from '${module}';
    const server = await startEmbeddedServer({ dataDir: '${dataDir}' });
    console.log(server.pid);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, pid: Number(line) };
  }
  throw new Error('the other process printed nothing');
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('waited too long');
    await sleep(10);
  }
}

function writeAs(path: string, text: string, owner: string): void {
  const { uid, gid, mode } = statSync(owner);
  writeFileSync(path, text, { mode: mode & 0o600 });
  if (AS_ROOT) chownSync(path, uid, gid);
}

test('a first start makes a safe server, a second one finds its data', async () => {
  using directory = temporaryDirectory();
  const dataDir = join(directory.path, 'data');
  {
    await using server = await startEmbeddedServer({ dataDir });
    await withClient(server.address, 'test', async (client) => {
      const { rows } = await client.query(
        `select current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
          current_setting('synchronous_commit') as commit, current_setting('listen_addresses') as tcp,
          current_setting('server_encoding') as encoding, datcollate as collation,
          current_setting('log_min_error_statement') as logged,
          (select rolsuper from pg_roles where rolname = current_user) as super
          from pg_database where datname = current_database()`,
      );
      expect(rows[0]).toEqual({
        checksums: 'on',
        fsync: 'on',
        commit: 'on',
        tcp: '',
        encoding: 'UTF8',
        collation: 'C',
        logged: 'panic',
        super: false,
      });
      await client.query('create table kept as select 1 as n');
    });
    expect(statSync(join(dataDir, 'socket')).mode & 0o777).toBe(0o700);
    await server.stop();
    await server.stop();
    expect(server.pid).toBeUndefined();
  }
  expect(existsSync(join(dataDir, 'breakeven.lock'))).toBe(false);
  await using again = await startEmbeddedServer({ dataDir });
  await withClient(again.address, 'test', async (client) => {
    expect((await client.query('select n from kept')).rows).toEqual([{ n: 1 }]);
  });
});

test('a second process on the same data is refused and told whom to ask', async () => {
  using directory = temporaryDirectory();
  const { child } = await startElsewhere(directory.path);
  const error = await startEmbeddedServer({ dataDir: directory.path }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({ code: 'conflict', facts: { pid: child.pid } });
  expect((error as Error).message).toContain(`process ${child.pid}`);
  await kill(child);
  const server = await startEmbeddedServer({ dataDir: directory.path });
  await server.stop();
});

test('the server of a killed process is adopted, and still stops and restarts', async () => {
  using directory = temporaryDirectory();
  const { child, pid } = await startElsewhere(directory.path);
  await kill(child);
  const events: EmbeddedServerEvent[] = [];
  await using server = await startEmbeddedServer({
    dataDir: directory.path,
    onEvent: (event) => events.push(event),
  });
  expect(events).toEqual([{ type: 'ready', pid, adopted: true }]);
  process.kill(pid, 'SIGKILL');
  await until(() => events.some((event) => event.type === 'ready' && !event.adopted));
  expect(server.pid).not.toBe(pid);
  await server.stop();
  expect(processStarted(pid)).toBeUndefined();
});

test('a killed PostgreSQL comes back under load and keeps every commit', async () => {
  using directory = temporaryDirectory();
  const events: EmbeddedServerEvent[] = [];
  await using server = await startEmbeddedServer({
    dataDir: directory.path,
    onEvent: (event) => events.push(event),
  });
  const pool = createPool({ address: server.address, applicationName: 'load', sizeMax: 4 });
  await pool.query('create table event (id text primary key)');
  const load = writeUnderLoad(pool);
  const kills = LONG ? 20 : 3;
  for (let n = 1; n <= kills; n++) {
    await sleep(150);
    process.kill(server.pid ?? -1, 'SIGKILL');
    await until(() => events.filter((event) => event.type === 'ready').length === n + 1);
  }
  await sleep(150);
  const { committed, unknown, refused } = await load.stop();
  const { rows } = await pool.query<{ id: string }>('select id from event');
  await pool.end();
  const stored = new Set(rows.map((row) => row.id));
  expect(committed.filter((id) => !stored.has(id))).toEqual([]);
  for (const id of [...committed, ...unknown]) stored.delete(id);
  expect([...stored]).toEqual([]);
  expect(committed.length).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(0);
  expect(events.filter((event) => event.type === 'exit')).toHaveLength(kills);
});

interface Load {
  stop(): Promise<{ committed: string[]; unknown: string[]; refused: number }>;
}

/** Four writers that never stop at an error; anything but `store_unavailable` fails the test. */
function writeUnderLoad(pool: Pool): Load {
  const result = { committed: [] as string[], unknown: [] as string[], refused: 0 };
  const ending = new AbortController();
  const writer = async (name: number): Promise<void> => {
    for (let n = 0; !ending.signal.aborted; n++) {
      const id = `${name}-${n}`;
      try {
        await transaction(pool, (client) => client.query('insert into event values ($1)', [id]));
        result.committed.push(id);
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'store_unavailable') throw error;
        if (error.facts['outcome'] === 'unknown') result.unknown.push(id);
        result.refused += 1;
        await sleep(5);
      }
    }
  };
  const writers = Promise.all([1, 2, 3, 4].map(writer));
  return {
    async stop() {
      ending.abort();
      await writers;
      return result;
    },
  };
}

test('lock files whose process number is a stranger’s by now do not stop a start', async () => {
  using directory = temporaryDirectory();
  const server = await startEmbeddedServer({ dataDir: directory.path });
  const data = join(directory.path, 'postgres');
  const pidFile = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  await server.stop();
  const { uid, gid } = statSync(data);
  const stranger = spawn('sleep', ['60'], { ...(AS_ROOT ? { uid, gid } : {}), cwd: '/' });
  children.push(stranger);
  const lines = [String(stranger.pid), ...pidFile.slice(1)].join('\n');
  writeAs(join(data, 'postmaster.pid'), lines, data);
  const lock = join(directory.path, 'socket', '.s.PGSQL.5432.lock');
  writeAs(lock, `${stranger.pid}\n${data}\n`, data);
  const again = await startEmbeddedServer({ dataDir: directory.path });
  expect(again.pid).not.toBe(stranger.pid);
  await again.stop();
  expect(stranger.exitCode).toBeNull();
});

test('data of another PostgreSQL major are refused with the way to move them', async () => {
  using directory = temporaryDirectory();
  directory.write('postgres/PG_VERSION', '16\n');
  const start = startEmbeddedServer({ dataDir: directory.path });
  await expect(start).rejects.toMatchObject({
    code: 'invalid_configuration',
    message: expect.stringMatching(/PostgreSQL 16;.*breakeven backup FILE.*breakeven restore FILE/),
    facts: { dataMajor: '16', programMajor: 18 },
  });
  expect(readFileSync(join(directory.path, 'postgres/PG_VERSION'), 'utf8')).toBe('16\n');
  expect(existsSync(join(directory.path, 'breakeven.lock'))).toBe(false);
});

test('a start that was cut short while creating its data is begun again', async () => {
  using directory = temporaryDirectory();
  directory.write('postgres.new/PG_VERSION', '18\n');
  const server = await startEmbeddedServer({ dataDir: directory.path, durable: false });
  expect(existsSync(join(directory.path, 'postgres.new'))).toBe(false);
  await server.stop();
});

test('a path too long for a socket gets a private one elsewhere, and keeps it', async () => {
  using directory = temporaryDirectory();
  const dataDir = join(directory.path, 'd'.repeat(60), "with a space, a comma and a ' quote");
  const first = await startEmbeddedServer({ dataDir, durable: false });
  const { host } = first.administration as { host: string };
  expect(host.startsWith(dataDir)).toBe(false);
  expect(statSync(host).mode & 0o777).toBe(0o700);
  await first.stop();
  const second = await startEmbeddedServer({ dataDir, durable: false });
  expect(second.administration).toMatchObject({ host });
  await second.stop();
  rmSync(host, { recursive: true });
});

test('the settings of the operator are read last', async () => {
  using directory = temporaryDirectory();
  const server = await startEmbeddedServer({ dataDir: directory.path, durable: false });
  await server.stop();
  const data = join(directory.path, 'postgres');
  writeAs(join(data, 'local.conf'), "work_mem = '17MB'\n", join(data, 'postgresql.conf'));
  await using again = await startEmbeddedServer({ dataDir: directory.path, durable: false });
  await withClient(again.address, 'test', async (client) => {
    expect((await client.query('show work_mem')).rows).toEqual([{ work_mem: '17MB' }]);
  });
});

test('missing library links are created, and their lack is named where they cannot be', () => {
  using directory = temporaryDirectory();
  const link = { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' };
  directory.write('native/pg-symlinks.json', JSON.stringify([link]));
  directory.write('native/lib/libpq.so.5.18', '');
  linkLibraries(directory.path);
  linkLibraries(directory.path);
  expect(readlinkSync(join(directory.path, link.target))).toBe('libpq.so.5.18');
  using broken = temporaryDirectory();
  broken.write('native/pg-symlinks.json', JSON.stringify([link]));
  // No directory to create it in: a read-only one would not stop root.
  expect(() => linkLibraries(broken.path)).toThrow(/libpq\.so\.5 .*cannot be created \(ENOENT\)/);
});

/** The store of an installation that really is below a closed directory stays. */
function removeIfEmpty(directory: string): void {
  if (readdirSync(directory).length === 0) rmdirSync(directory);
}

test.runIf(AS_ROOT)('root with closed directories gets its data elsewhere, by a link', async () => {
  using directory: TemporaryDirectory = temporaryDirectory();
  const closed = join(directory.path, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o700);
  const dataDir = join(closed, 'data');
  const events: EmbeddedServerEvent[] = [];
  const onEvent = (event: EmbeddedServerEvent): number => events.push(event);
  const server = await startEmbeddedServer({ dataDir, durable: false, onEvent });
  const home = readlinkSync(join(dataDir, 'postgres-home'));
  try {
    expect(events[0]).toEqual({ type: 'relocated', path: join(home, 'postgres') });
    await server.stop();
    const again = await startEmbeddedServer({ dataDir, durable: false, onEvent });
    await again.stop();
    expect(existsSync(join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true);
  } finally {
    await server.stop();
    rmSync(home, { recursive: true });
    removeIfEmpty(dirname(home));
  }
});
