import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type ProcessIdentity, currentProcess, isRunning } from './process-identity.ts';

/**
 * An exclusive lock that is one file holding who owns it. Node has no flock(2), so a lock left by
 * a killed process is recognised by its owner being gone.
 *
 * States: free (no file) → held (file, owner runs) → stale (file, owner gone) → held by another.
 * Only one process may replace a stale file: it must first hold the lock `path + '.takeover'`,
 * which works the same way. Without that two processes could both judge the file stale and the
 * slower one would throw away the lock of the faster.
 */
export interface FileLock {
  readonly path: string;
  /** Frees the lock; safe to call twice, and harmless if the file is no longer ours. */
  release(): void;
}

export type FileLockResult =
  | { readonly held: true; readonly lock: FileLock }
  | { readonly held: false; readonly owner: ProcessIdentity };

interface LockRecord extends ProcessIdentity {
  readonly token: string;
}

/** Takes the lock, or tells which live process has it. Never waits. */
export function acquireFileLock(path: string): FileLockResult {
  const mine: LockRecord = { ...currentProcess(), token: randomUUID() };
  const draft = `${path}.${mine.token}`;
  // Written whole under another name first: nobody ever reads half a lock.
  writeFileSync(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
  try {
    for (;;) {
      if (tryLink(draft, path)) return { held: true, lock: heldLock(path, mine.token) };
      const owner = readRecord(path);
      if (owner === 'absent') continue;
      if (owner !== 'unreadable' && isRunning(owner)) return { held: false, owner };
      const result = replaceStale(path, draft, mine, owner);
      if (result !== 'retry') return result;
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function replaceStale(
  path: string,
  draft: string,
  mine: LockRecord,
  stale: LockRecord | 'unreadable',
): FileLockResult | 'retry' {
  const takeover = acquireFileLock(`${path}.takeover`);
  if (!takeover.held) return takeover;
  try {
    const now = readRecord(path);
    const unchanged =
      now === stale ||
      (typeof now === 'object' && typeof stale === 'object' && now.token === stale.token);
    if (!unchanged) return 'retry';
    renameSync(draft, path);
    return { held: true, lock: heldLock(path, mine.token) };
  } finally {
    takeover.lock.release();
  }
}

function heldLock(path: string, token: string): FileLock {
  return {
    path,
    release() {
      const now = readRecord(path);
      if (typeof now === 'object' && now.token === token) rmSync(path, { force: true });
    },
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readRecord(path: string): LockRecord | 'absent' | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<LockRecord>;
    const { pid, started, token } = value;
    if (typeof pid !== 'number' || typeof started !== 'string' || typeof token !== 'string') {
      return 'unreadable';
    }
    return { pid, started, token };
  } catch {
    return 'unreadable';
  }
}
