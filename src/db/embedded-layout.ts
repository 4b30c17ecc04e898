import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';
import {
  type ServerAccount,
  closedDirectory,
  openForPassing,
  serverAccount,
} from './embedded-account.ts';
import type { EmbeddedBinaries } from './embedded-binaries.ts';

/** Where everything of one embedded server lies. */
export interface EmbeddedLayout {
  readonly account: ServerAccount;
  /** bin, lib and share of PostgreSQL, reachable by the account. */
  readonly programs: string;
  /** PostgreSQL's data directory, links resolved. */
  readonly data: string;
  readonly socketDirectory: string;
  readonly logFile: string;
  /** True where root's closed directories forced data and programs out to `/var/lib/breakeven`. */
  readonly relocated: boolean;
}

/** The name of a Unix socket must fit 107 bytes with its end; PostgreSQL appends this. */
const SOCKET_NAME = '/.s.PGSQL.5432';
const SOCKET_PATH_BYTES_MAX = 107;

/** Root's place for what an unprivileged account must reach and cannot reach in place. */
const ROOT_STORE = '/var/lib/breakeven';

/**
 * Lays out (and creates) the directories of the server whose Breakeven data lie in `dataDir`.
 * Call it under the lock of the data directory.
 * @throws DomainError `invalid_configuration` where an account cannot reach its files.
 */
export function layOut(dataDir: string, binaries: EmbeddedBinaries): EmbeddedLayout {
  const link = join(dataDir, 'postgres');
  const existing = statSync(link, { throwIfNoEntry: false });
  const account = serverAccount(existing?.uid);
  // The data directory itself is ours to open; what lies above it is not.
  if (account.switched) openForPassing(dataDir);
  const home = reachableHome(dataDir, account);
  const programs = reachablePrograms(binaries, account);
  const data = join(home, 'postgres');
  return {
    account,
    programs,
    // An operator may have moved the data to another disk and left a link.
    data: existsSync(data) ? realpathSync(data) : data,
    socketDirectory: socketDirectory(home, account),
    logFile: join(dataDir, 'postgres.log'),
    relocated: home !== dataDir,
  };
}

/** Creates a directory that only the server's account can open. */
export function makePrivateDirectory(path: string, account: ServerAccount): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (account.switched) chownSync(path, account.uid, account.gid);
  chmodSync(path, 0o700);
}

/**
 * The directory to hold `postgres/` and the socket: `dataDir`, unless root keeps a directory above
 * it closed (/root is, on most machines). Then it is a directory of the root store, and
 * `dataDir/postgres` becomes a link that shows where the data went.
 */
function reachableHome(dataDir: string, account: ServerAccount): string {
  const link = join(dataDir, 'postgres');
  const homeLink = join(dataDir, 'postgres-home');
  if (lstatSync(homeLink, { throwIfNoEntry: false }) !== undefined) {
    const home = readlinkSync(homeLink);
    makePassable(home);
    return home;
  }
  const closed = closedDirectory(dataDir, account);
  if (closed === undefined) return dataDir;
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) {
    throw new DomainError(
      'invalid_configuration',
      `PostgreSQL must run as "${account.name}", who cannot enter ${closed} ` +
        `(mode ${modeOf(closed)}) on the way to ${link}. Open it for passing ` +
        `(chmod o+x ${closed}), move the data directory, or start as its owner.`,
    );
  }
  makePassable(ROOT_STORE);
  // A new name each time: data of a directory that was deleted must not come back to life.
  const home = mkdtempSync(join(ROOT_STORE, 'data-'));
  makePassable(home);
  symlinkSync(home, homeLink);
  symlinkSync(join(home, 'postgres'), link);
  return home;
}

/** The programs where npm put them, or a copy in the root store where root's path is closed. */
function reachablePrograms(binaries: EmbeddedBinaries, account: ServerAccount): string {
  const real = realpathSync(binaries.directory);
  if (closedDirectory(real, account) === undefined) return real;
  const copy = join(ROOT_STORE, `postgresql-${binaries.version}-${process.arch}`);
  if (existsSync(copy)) return copy;
  makePassable(ROOT_STORE);
  const draft = `${copy}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(real, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process copied the same programs meanwhile.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/**
 * `home/socket`, or a short directory for temporary files where that name would be too long for a
 * socket; the choice is written down so that the next start finds a server left running.
 */
function socketDirectory(home: string, account: ServerAccount): string {
  const inside = join(home, 'socket');
  if (Buffer.byteLength(inside + SOCKET_NAME) <= SOCKET_PATH_BYTES_MAX) {
    makePrivateDirectory(inside, account);
    return inside;
  }
  const record = join(home, 'socket-directory');
  const recorded = existsSync(record) ? readFileSync(record, 'utf8').trim() : undefined;
  if (recorded !== undefined && isPrivateTo(recorded, account)) return recorded;
  const made = mkdtempSync(join(shortTemporaryDirectory(), 'breakeven-'));
  makePrivateDirectory(made, account);
  writeFileSync(record, `${made}\n`);
  return made;
}

function shortTemporaryDirectory(): string {
  const name = join(tmpdir(), 'breakeven-XXXXXX');
  return Buffer.byteLength(name + SOCKET_NAME) <= SOCKET_PATH_BYTES_MAX ? tmpdir() : '/tmp';
}

/** A recorded name may meanwhile be somebody else's directory: /tmp is emptied, names come back. */
function isPrivateTo(directory: string, account: ServerAccount): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  return (
    found !== undefined &&
    found.isDirectory() &&
    found.uid === account.uid &&
    (found.mode & 0o077) === 0
  );
}

function makePassable(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  chmodSync(directory, 0o711);
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8).padStart(4, '0');
}
