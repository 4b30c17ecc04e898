import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Id } from '#base/id.ts';
import {
  currentProcess,
  isRunning,
  type ProcessIdentity,
  startedSinceBoot,
} from '#db/process-identity.ts';
import type { Measurement } from './admission.ts';

/** Beyond this the journal is written anew with what is still open. */
const BYTES_MAX = 1024 * 1024;
const ID_LINE_BYTES_MAX = 64;

/**
 * What a process was about to send to suppliers, and what came of it, in a file of its own. A line with
 * a request's id is written before its first byte goes to a supplier, and a second one with what it used
 * before its last byte goes to the client. So whoever looks after the process was killed can tell what
 * may have been sent from what was not, and knows of each finished answer what is to be booked. It is
 * not synced to the disk: what a killed process wrote, the system keeps; only a crash of the machine
 * loses it, and then {@link sentByProcess} answers that nothing is known.
 *
 * States: writing → closed, or absent (the disk failed; what this process leaves is then estimated).
 */
export class SentJournal {
  readonly #path: string;
  readonly #idLine = Buffer.alloc(ID_LINE_BYTES_MAX);
  /** Sent, and the end is not in the books yet: with the line of its measurement, once there is one. */
  readonly #open = new Map<string, string | undefined>();
  #file: number | undefined;
  #bytes = 0;
  #compactAtBytes = BYTES_MAX;
  #isClosed = false;

  private constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
  }

  /** Begins this process's journal. @returns `undefined` where it would prove nothing, or cannot be written */
  static begin(directory: string): SentJournal | undefined {
    const self = currentProcess();
    if (!startedSinceBoot(self)) return undefined;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, fileName(self));
      return new SentJournal(path, openSync(path, 'a', 0o600));
    } catch {
      return undefined;
    }
  }

  /**
   * Says that a request is about to be sent; when this returns, it outlives the process.
   * @throws Error after {@link close}, or where the file can neither be written nor removed: then
   *   nothing may be sent.
   */
  sending(requestId: Id<'request'>): void {
    if (this.#isClosed)
      throw new Error('this process has ended its journal and sends nothing more');
    if (!this.#open.has(requestId)) this.#note(requestId, undefined);
  }

  /**
   * Says what a request used.
   * @returns whether that outlives the process now
   */
  measured(requestId: Id<'request'>, measurement: Measurement): boolean {
    return this.#note(requestId, `${requestId} ${JSON.stringify(measurement)}\n`);
  }

  /** The request's end is in the books, durably: whether it was sent matters no more. */
  ended(requestId: string): void {
    this.#open.delete(requestId);
  }

  /** Ends the journal of a process that leaves nothing open. It stays where something may be. */
  close(): void {
    this.#isClosed = true;
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    if (this.#open.size === 0) rmSync(this.#path, { force: true });
  }

  #note(requestId: string, line: string | undefined): boolean {
    if (this.#file === undefined) return false;
    this.#open.set(requestId, line);
    try {
      if (this.#bytes >= this.#compactAtBytes) this.#compact();
      else if (line !== undefined) this.#write(this.#file, Buffer.from(line));
      else this.#write(this.#file, this.#idLine, this.#idLine.write(`${requestId}\n`, 'latin1'));
      return true;
    } catch {
      this.#giveUp();
      return false;
    }
  }

  #write(file: number, bytes: Buffer, length = bytes.length): void {
    let written = 0;
    while (written < length) written += writeSync(file, bytes, written, length - written);
    this.#bytes += length;
  }

  /** Replaces the file by one of what is open: whoever reads sees the old one or the new one, whole. */
  #compact(): void {
    const path = `${this.#path}.new`;
    const file = openSync(path, 'w', 0o600);
    const old = this.#file;
    try {
      this.#bytes = 0;
      const lines = Array.from(this.#open, ([requestId, line]) => line ?? `${requestId}\n`);
      this.#write(file, Buffer.from(lines.join('')));
      renameSync(path, this.#path);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    this.#file = file;
    this.#compactAtBytes = Math.max(BYTES_MAX, 2 * this.#bytes);
    if (old !== undefined) closeSync(old);
  }

  /** A journal with a gap would deny what was sent; none at all denies nothing. */
  #giveUp(): void {
    rmSync(this.#path, { force: true });
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** What came of a request that a process may have sent: its measurement, or that there is none yet. */
export type SentRequests = ReadonlyMap<string, Measurement | undefined>;

/**
 * What a process that is no more may have sent.
 * @returns `undefined` where nothing can be said: it still runs, or ran before this start of the
 *   machine, or left no journal here
 */
export function sentByProcess(
  directory: string,
  identity: ProcessIdentity,
): SentRequests | undefined {
  if (!startedSinceBoot(identity) || isRunning(identity)) return undefined;
  try {
    const lines = readFileSync(join(directory, fileName(identity)), 'utf8').split('\n');
    // A last line without an end was being written: its request was not sent, or not answered.
    return new Map(lines.slice(0, -1).map(readLine));
  } catch {
    return undefined;
  }
}

function readLine(line: string): [requestId: string, measurement: Measurement | undefined] {
  const end = line.indexOf(' ');
  if (end < 0) return [line, undefined];
  return [line.slice(0, end), JSON.parse(line.slice(end + 1)) as Measurement];
}

/** Removes the journals of processes that are no more, except those that are still wanted. */
export function removeJournals(directory: string, wanted: readonly ProcessIdentity[]): void {
  const names = new Set([currentProcess(), ...wanted].map(fileName));
  let found: readonly string[];
  try {
    found = readdirSync(directory);
  } catch {
    return;
  }
  for (const name of found) {
    const [pid = '', started = ''] = name.replace(/\.new$/, '').split('@');
    const isOwned = names.has(name) || isRunning({ pid: Number(pid), started });
    if (!isOwned) rmSync(join(directory, name), { force: true });
  }
}

function fileName({ pid, started }: ProcessIdentity): string {
  return `${pid}@${started}`;
}
