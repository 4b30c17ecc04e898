import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { SUPERUSER } from './embedded-settings.ts';
import type { EmbeddedLayout } from './embedded-layout.ts';
import { isRunning, processCommand, processStarted } from './process-identity.ts';

/** Only the number in the socket's name: nothing listens on TCP. */
export const EMBEDDED_PORT = 5432;

const POLL_MS = 20;
/** How long one attempt to connect may take: the socket is local, so silence means trouble. */
const PROBE_TIMEOUT_MS = 2000;
const LOG_BYTES_MAX = 10 * 2 ** 20;

/**
 * glibc gives freed memory back to the kernel after each statement and takes it again for the next:
 * a tenth of a busy server process's time. Other C libraries ignore these names.
 */
const KEEP_FREED_MEMORY = {
  MALLOC_TRIM_THRESHOLD_: String(16 * 2 ** 20),
  MALLOC_MMAP_THRESHOLD_: String(16 * 2 ** 20),
  MALLOC_TOP_PAD_: String(2 ** 20),
};

/** A PostgreSQL server process, started by us or found running. */
export interface Postmaster {
  readonly pid: number;
  /** Settles once when the process is gone, and never rejects. */
  readonly exited: Promise<PostmasterExit>;
}

export interface PostmasterExit {
  /** Null for a signal, and for an adopted process, whose status only its parent learns. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs one of PostgreSQL's programs under the server's account. */
export function spawnProgram(
  layout: EmbeddedLayout,
  program: 'initdb' | 'postgres',
  args: readonly string[],
): ChildProcess {
  const log = openLog(layout.logFile);
  try {
    const { uid, gid, switched } = layout.account;
    return spawn(join(layout.programs, 'bin', program), args, {
      // A session of its own: Ctrl-C at the terminal must let us drain first, not stop the store.
      detached: true,
      // The account may be unable to enter our own working directory.
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...KEEP_FREED_MEMORY },
      // To a file, never a pipe: the server may outlive us and must not lose its log with us.
      stdio: ['ignore', log, log],
      ...(switched ? { uid, gid } : {}),
    });
  } finally {
    closeSync(log);
  }
}

/** Starts a server on existing data. Returns at once; use `waitUntilReady`. */
export function spawnPostmaster(layout: EmbeddedLayout): Promise<Postmaster> {
  clearStaleLocks(layout);
  const child = spawnProgram(layout, 'postgres', ['-D', layout.data]);
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    const exited = new Promise<PostmasterExit>((gone) => {
      child.once('exit', (code, signal) => gone({ code, signal }));
    });
    child.once('spawn', () => resolve({ pid: child.pid ?? -1, exited }));
  });
}

/**
 * A server that a killed Breakeven left running on this data, or undefined. It is ours only if it
 * says so itself, through its socket: the process number in its file may belong to anyone by now.
 */
export async function findRunningPostmaster(
  layout: EmbeddedLayout,
): Promise<Postmaster | undefined> {
  const pid = recordedPid(layout);
  if (pid === undefined || !isPostmaster(pid, layout)) return undefined;
  return { pid, exited: watchExit(pid) };
}

/**
 * Waits until the server answers, however long crash recovery takes, or until it is gone.
 * @throws Error with the end of the log, if it exits first or answers for other data.
 */
export async function waitUntilReady(
  postmaster: Postmaster,
  layout: EmbeddedLayout,
): Promise<void> {
  let gone: PostmasterExit | undefined;
  void postmaster.exited.then((exit) => (gone = exit));
  for (;;) {
    const directory = await probe(layout);
    if (directory !== undefined) {
      if (directory === layout.data) return;
      throw new Error(`the server on this socket serves ${directory}, not ${layout.data}`);
    }
    if (gone !== undefined) {
      const status = gone.signal ?? gone.code ?? 'unknown';
      throw new Error(`PostgreSQL ended at start (${status}). ${logTail(layout.logFile)}`);
    }
    await sleep(POLL_MS);
  }
}

/** The end of the log, for an error message; the log carries no customer's data. */
export function logTail(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
    return `Its log ${logFile} ends with:\n${lines.slice(-6).join('\n')}`;
  } catch {
    return `It wrote no log to ${logFile}.`;
  }
}

/** The data directory of the server that answers on the socket; undefined if none does yet. */
async function probe(layout: EmbeddedLayout): Promise<string | undefined> {
  const client = new Client({
    host: layout.socketDirectory,
    port: EMBEDDED_PORT,
    user: SUPERUSER,
    database: 'postgres',
    connectionTimeoutMillis: PROBE_TIMEOUT_MS,
    query_timeout: PROBE_TIMEOUT_MS,
  });
  client.on('error', () => {
    // Reported by the pending call as well; without a listener it would end our process.
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return rows[0]?.data_directory;
  } catch (error) {
    // Refused for what no waiting mends: the access rules, or a maintenance database dropped.
    const { code } = error as { code?: string };
    if (code !== undefined && /^(?:28|3D)...$/.test(code)) throw error;
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Polls a process that is not our child; its death is noticed within a tenth of a second. */
async function watchExit(pid: number): Promise<PostmasterExit> {
  const started = processStarted(pid);
  if (started !== undefined) {
    while (isRunning({ pid, started })) await sleep(100, undefined, { ref: false });
  }
  return { code: null, signal: null };
}

/**
 * PostgreSQL refuses to start while the process number in postmaster.pid or in the lock beside the
 * socket lives, even if it is a stranger's by now (common in containers, where numbers are small)
 * or a zombie that nobody reaps. The socket's lock may go: its directory is ours alone.
 * postmaster.pid must stay, because it also names the shared memory by which PostgreSQL recognises
 * orphaned backends; we put our own number into it, which it takes for stale in its parent.
 */
function clearStaleLocks(layout: EmbeddedLayout): void {
  const socket = join(layout.socketDirectory, `.s.PGSQL.${EMBEDDED_PORT}`);
  rmSync(socket, { force: true });
  rmSync(`${socket}.lock`, { force: true });
  if (recordedPid(layout) === undefined) return;
  const path = join(layout.data, 'postmaster.pid');
  const [, ...rest] = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, [process.pid, ...rest].join('\n'));
}

function recordedPid(layout: EmbeddedLayout): number | undefined {
  try {
    const first = readFileSync(join(layout.data, 'postmaster.pid'), 'utf8').split('\n', 1)[0];
    const pid = Number(first);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this live process was started as a server on this data. */
function isPostmaster(pid: number, layout: EmbeddedLayout): boolean {
  if (processStarted(pid) === undefined) return false;
  const command = processCommand(pid);
  return command !== undefined && command.includes(`postgres -D ${layout.data}`);
}

/** The log, rotated at start when it has grown large. */
function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) {
    renameSync(path, `${path}.1`);
  }
  return openSync(path, 'a', 0o600);
}
