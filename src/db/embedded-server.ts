import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#base/domain-error.ts';
import { type DatabaseAddress, withClient } from './database-address.ts';
import { type EmbeddedBinaries, findEmbeddedBinaries } from './embedded-binaries.ts';
import { type EmbeddedLayout, layOut, makePrivateDirectory } from './embedded-layout.ts';
import {
  APPLICATION_DATABASE,
  APPLICATION_ROLE,
  SUPERUSER,
  accessRules,
  serverSettings,
} from './embedded-settings.ts';
import { type FileLock, acquireFileLock } from './file-lock.ts';
import {
  EMBEDDED_PORT,
  type Postmaster,
  type PostmasterExit,
  findRunningPostmaster,
  logTail,
  spawnPostmaster,
  spawnProgram,
  waitUntilReady,
} from './postmaster.ts';

export interface EmbeddedServerOptions {
  /** Breakeven's data directory; created if missing. The database goes to `postgres/` in it. */
  readonly dataDir: string;
  /** False only for throw-away data: no fsync. Default true. */
  readonly durable?: boolean;
  readonly onEvent?: (event: EmbeddedServerEvent) => void;
}

export type EmbeddedServerEvent =
  /** The server answers. `adopted`: a killed Breakeven had left it running. */
  | { readonly type: 'ready'; readonly pid: number; readonly adopted: boolean }
  /** The server ended although nobody asked it to. A restart follows. */
  | ({ readonly type: 'exit'; readonly pid: number } & PostmasterExit)
  | { readonly type: 'restart_failed'; readonly attempt: number; readonly error: unknown }
  /** Root's directories are closed to the server's account: its files lie in `path`. */
  | { readonly type: 'relocated'; readonly path: string };

export interface EmbeddedServer extends AsyncDisposable {
  readonly address: DatabaseAddress;
  /** The same server as its superuser, for maintenance and for tests that create databases. */
  readonly administration: DatabaseAddress;
  /** The server's process; undefined while it is down. Changes with a restart. */
  readonly pid: number | undefined;
  /** Fast shutdown: open transactions are rolled back. Safe to call twice. */
  stop(): Promise<void>;
}

const RESTART_DELAY_MS_MIN = 20;
const RESTART_DELAY_MS_MAX = 5000;
/** Fast shutdown writes a checkpoint of at most max_wal_size first. */
const FAST_STOP_MS = 60_000;
const IMMEDIATE_STOP_MS = 10_000;

/**
 * Starts PostgreSQL on the data in `dataDir`, creating both if need be, or adopts the server that a
 * killed Breakeven left running there, and restarts it whenever it ends unasked.
 * @throws DomainError `conflict` if another process has this data directory,
 * `invalid_configuration` if it cannot run here or the data are of another PostgreSQL major.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const binaries = findEmbeddedBinaries();
  const dataDir = prepareDataDir(options.dataDir);
  const lock = lockDataDir(dataDir);
  try {
    const layout = layOut(dataDir, binaries);
    if (layout.relocated) options.onEvent?.({ type: 'relocated', path: layout.data });
    refuseOtherMajor(layout, binaries);
    const durable = options.durable ?? true;
    if (!existsSync(join(layout.data, 'PG_VERSION'))) await initialise(layout, durable);
    configure(layout, durable);
    const supervisor = new Supervisor(layout, lock, options.onEvent ?? (() => undefined));
    await supervisor.start();
    return supervisor;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * States: starting → ready ⇄ restarting → stopped. Only `stop` leads to the last, from any state;
 * a server that ends in any other way is started again, for ever, ever more slowly.
 */
class Supervisor implements EmbeddedServer {
  readonly address: DatabaseAddress;
  readonly administration: DatabaseAddress;
  readonly #layout: EmbeddedLayout;
  readonly #lock: FileLock;
  readonly #emit: (event: EmbeddedServerEvent) => void;
  readonly #stopping = new AbortController();
  #postmaster: Postmaster | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(layout: EmbeddedLayout, lock: FileLock, emit: (event: EmbeddedServerEvent) => void) {
    this.#layout = layout;
    this.#lock = lock;
    this.#emit = emit;
    const socket = { host: layout.socketDirectory, port: EMBEDDED_PORT };
    this.address = { ...socket, user: APPLICATION_ROLE, database: APPLICATION_DATABASE };
    this.administration = { ...socket, user: SUPERUSER, database: 'postgres' };
  }

  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  async start(): Promise<void> {
    const adopted = await findRunningPostmaster(this.#layout);
    try {
      await this.#bringUp(adopted);
    } catch (error) {
      if (adopted === undefined) throw error;
      // It died while we looked at it: it was on its way out.
      await this.#bringUp(undefined);
    }
    await createApplicationDatabase(this.administration);
    this.#supervision = this.#supervise();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #bringUp(running: Postmaster | undefined): Promise<void> {
    // An adopted server runs with the settings of the release that started it.
    if (running !== undefined) process.kill(running.pid, 'SIGHUP');
    const postmaster = running ?? (await spawnPostmaster(this.#layout));
    this.#postmaster = postmaster;
    try {
      await waitUntilReady(postmaster, this.#layout);
    } catch (error) {
      this.#postmaster = undefined;
      throw error;
    }
    this.#emit({ type: 'ready', pid: postmaster.pid, adopted: running !== undefined });
  }

  async #supervise(): Promise<void> {
    // Starts that failed one after the other: a server that came up and was killed starts afresh.
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      if (this.#postmaster !== undefined) {
        const { pid, exited } = this.#postmaster;
        const exit = await exited;
        this.#postmaster = undefined;
        failures = 0;
        if (this.#stopping.signal.aborted) return;
        this.#emit({ type: 'exit', pid, ...exit });
      }
      await this.#pause(failures);
      if (this.#stopping.signal.aborted) return;
      try {
        await this.#bringUp(undefined);
      } catch (error) {
        failures += 1;
        // Usual right after a kill: backends of the dead server still hold its shared memory.
        this.#emit({ type: 'restart_failed', attempt: failures, error });
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    const delayMs = Math.min(RESTART_DELAY_MS_MAX, RESTART_DELAY_MS_MIN * 2 ** failures);
    await sleep(delayMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(
      () => undefined,
    );
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    // A restart may be under way: its server is stopped as well, ready or not.
    const ended = this.#supervision.then(() => 'ended');
    for (;;) {
      const postmaster = this.#postmaster;
      if (postmaster !== undefined) await shutDown(postmaster);
      if ((await Promise.race([ended, sleep(20)])) === 'ended') break;
    }
    this.#postmaster = undefined;
    this.#lock.release();
  }
}

/** Ends the server: in order, then without a checkpoint (it recovers at the next start). */
async function shutDown(postmaster: Postmaster): Promise<void> {
  const steps: readonly [NodeJS.Signals, number][] = [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', IMMEDIATE_STOP_MS],
  ];
  for (const [signal, waitMs] of steps) {
    try {
      process.kill(postmaster.pid, signal);
    } catch {
      // Gone already.
    }
    const timer = new AbortController();
    const late = sleep(waitMs, 'late', { signal: timer.signal }).catch(() => 'late');
    const outcome = await Promise.race([postmaster.exited, late]);
    timer.abort();
    if (outcome !== 'late') return;
  }
}

function prepareDataDir(path: string): string {
  const absolute = resolve(path);
  // The mode is for the data alone: closed directories above it would lock out root's PostgreSQL.
  mkdirSync(dirname(absolute), { recursive: true });
  mkdirSync(absolute, { recursive: true, mode: 0o700 });
  return realpathSync(absolute);
}

function lockDataDir(dataDir: string): FileLock {
  const result = acquireFileLock(join(dataDir, 'breakeven.lock'));
  if (result.held) return result.lock;
  throw new DomainError(
    'conflict',
    `The data directory ${dataDir} is in use by another Breakeven (process ${result.owner.pid}). ` +
      'Stop that one first, or choose another directory with DATA_DIR.',
    { facts: { pid: result.owner.pid } },
  );
}

function refuseOtherMajor(layout: EmbeddedLayout, binaries: EmbeddedBinaries): void {
  const file = join(layout.data, 'PG_VERSION');
  if (!existsSync(file)) return;
  const major = readFileSync(file, 'utf8').trim();
  if (major === String(binaries.majorVersion)) return;
  throw new DomainError(
    'invalid_configuration',
    `The data in ${layout.data} belong to PostgreSQL ${major}; this Breakeven brings PostgreSQL ` +
      `${binaries.majorVersion} and cannot open them. To move: with the Breakeven release that ` +
      'wrote them run "breakeven backup FILE", set the data directory aside, then with this ' +
      'release run "breakeven restore FILE". Nothing was changed.',
    { facts: { dataMajor: major, programMajor: binaries.majorVersion } },
  );
}

/** Creates the data under another name first: a start cut short leaves no half of a database. */
async function initialise(layout: EmbeddedLayout, durable: boolean): Promise<void> {
  const draft = `${layout.data}.new`;
  rmSync(draft, { recursive: true, force: true });
  makePrivateDirectory(draft, layout.account);
  const child = spawnProgram(layout, 'initdb', [
    '-D',
    draft,
    `--username=${SUPERUSER}`,
    '--auth=peer',
    '--encoding=UTF8',
    '--no-locale',
    '--data-checksums',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ]);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    throw new DomainError(
      'invalid_configuration',
      `PostgreSQL could not create its data in ${layout.data} ` +
        `(initdb ended with ${code ?? 'a signal'}). ${logTail(layout.logFile)}`,
    );
  }
  renameSync(draft, layout.data);
}

function configure(layout: EmbeddedLayout, durable: boolean): void {
  const rules = accessRules([userInfo().username]);
  const files = {
    'postgresql.conf': serverSettings({
      socketDirectory: layout.socketDirectory,
      port: EMBEDDED_PORT,
      durable,
    }),
    'pg_hba.conf': rules.hba,
    'pg_ident.conf': rules.ident,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(layout.data, name);
    const draft = `${path}.new`;
    writeFileSync(draft, text, { mode: 0o600 });
    if (layout.account.switched) chownSync(draft, layout.account.uid, layout.account.gid);
    renameSync(draft, path);
  }
}

/** The application's role owns its database and is no superuser: SQL of ours cannot read files. */
async function createApplicationDatabase(administration: DatabaseAddress): Promise<void> {
  await withClient(administration, 'breakeven setup', async (client) => {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [
      APPLICATION_ROLE,
    ]);
    if (role.rowCount === 0) await client.query(`create role ${APPLICATION_ROLE} login`);
    const database = await client.query('select 1 from pg_database where datname = $1', [
      APPLICATION_DATABASE,
    ]);
    if (database.rowCount === 0) {
      await client.query(`create database ${APPLICATION_DATABASE} owner ${APPLICATION_ROLE}`);
    }
  });
}
