import { closeSync, openSync, writeSync } from 'node:fs';
import type { SimulatedUsage } from './simulated-answer.ts';
import type { SimulatedSurface } from './simulated-call.ts';

/** The header in which a caller names its request (OpenAI's own), and the one that names the attempt. */
export const REQUEST_ID_HEADER = 'x-client-request-id';
export const ATTEMPT_ID_HEADER = 'x-breakeven-attempt';

/** What is known when a request has been read, before a byte of the answer is sent. */
export interface ServedStart {
  readonly event: 'started';
  /** The simulator's own id, also sent as `x-request-id`. */
  readonly id: string;
  readonly atMs: number;
  readonly surface: SimulatedSurface;
  readonly model: string;
  readonly stream: boolean;
  /** From the caller's headers, if it sent them. */
  readonly requestId: string | null;
  readonly attemptId: string | null;
  readonly idempotencyKey: string | null;
  readonly misbehaviour: string | null;
  /** What the whole answer will be billed; `null` where nothing will be generated. */
  readonly planned: SimulatedUsage | null;
}

/**
 * How it ended. `completed`: every byte was handed to the connection; `cut`: the script ended it
 * early; `aborted`: the caller went away; `refused`: an error answer, nothing generated.
 */
export interface ServedEnd {
  readonly event: 'ended';
  readonly id: string;
  readonly atMs: number;
  readonly outcome: 'completed' | 'cut' | 'aborted' | 'refused';
  /** What the supplier bills: what was generated until then. `null` where nothing is billed. */
  readonly billed: SimulatedUsage | null;
}

export type ServedEntry = ServedStart | ServedEnd;

/** One request with its end, if it has one yet. */
export interface ServedRequest extends ServedStart {
  readonly end: ServedEnd | undefined;
}

/**
 * The supplier's side of the story: append-only, in memory and, if a path is given, one JSON line
 * per entry. A line is written with O_APPEND before the bytes that it speaks of, so it survives the
 * process and can be compared one to one with booked events. Keeps no prompt and no text, and in
 * memory only the latest entries.
 */
export class SimulatorLog {
  #entries: ServedEntry[] = [];
  #dropped = 0;
  readonly #entriesMax: number;
  readonly #file: number | undefined;

  constructor(path: string | undefined, entriesMax: number) {
    this.#entriesMax = entriesMax;
    this.#file = path === undefined ? undefined : openSync(path, 'a', 0o600);
  }

  append(entry: ServedEntry): void {
    this.#entries.push(Object.freeze(entry));
    if (this.#entries.length > this.#entriesMax) {
      const keep = Math.floor(this.#entriesMax / 2);
      this.#dropped += this.#entries.length - keep;
      this.#entries = this.#entries.slice(-keep);
    }
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** How many of the oldest entries are no longer in memory. */
  get dropped(): number {
    return this.#dropped;
  }

  entries(): readonly ServedEntry[] {
    return this.#entries;
  }

  /** The requests in the order of their arrival. */
  requests(): ServedRequest[] {
    return joinServed(this.#entries);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/** Reads a log file back; a last line that a crash cut short is left out. */
export function parseServedLog(text: string): ServedRequest[] {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return joinServed(
    lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ServedEntry),
  );
}

function joinServed(entries: readonly ServedEntry[]): ServedRequest[] {
  const ends = new Map<string, ServedEnd>();
  for (const entry of entries) if (entry.event === 'ended') ends.set(entry.id, entry);
  return entries.flatMap((entry) =>
    entry.event === 'started' ? [{ ...entry, end: ends.get(entry.id) }] : [],
  );
}
