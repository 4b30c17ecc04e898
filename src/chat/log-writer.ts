import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type Append, appendEntries, wasAppended } from './generations.store.ts';
import type { RunningLog } from './running-log.ts';

export interface LogWriterOptions {
  readonly pool: Pool;
  readonly owner: () => number;
  /** A generation was ended by another process, which took this one for dead. */
  readonly onLost: (log: RunningLog) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** How long entries are collected: two frames of a screen. */
const COLLECT_MS = 30;
const RETRY_MS = 250;

/**
 * Writes what all running generations of this process bring: one batch in flight at a time, one
 * statement and one commit for all of them. A store that is away is waited for.
 */
export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #logs = new Set<RunningLog>();
  #isRunning = false;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Something was added to a log. */
  touch(log: RunningLog): void {
    this.#logs.add(log);
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Waits until everything of a log is durable, or it is over. */
  async flushed(log: RunningLog): Promise<void> {
    while (log.isWaiting && !log.isOver) await sleep(5);
    this.#logs.delete(log);
  }

  async #run(): Promise<void> {
    await sleep(COLLECT_MS);
    for (;;) {
      const batches = [...this.#logs].filter((log) => log.isWaiting && !log.isOver);
      this.#logs.clear();
      if (batches.length === 0) {
        this.#isRunning = false;
        return;
      }
      await this.#write(batches);
      for (const log of batches) if (log.isWaiting) this.#logs.add(log);
      await sleep(COLLECT_MS);
    }
  }

  async #write(logs: readonly RunningLog[]): Promise<void> {
    const appends: Append[] = logs.map((log) => ({
      generation: log.id,
      after: log.lastSeq,
      entries: log.batch(),
    }));
    try {
      const taken = await appendEntries(this.#options.pool, this.#options.owner(), appends);
      for (const [at, log] of logs.entries()) {
        const append = appends[at];
        if (append === undefined) continue;
        if (
          taken.has(log.id) ||
          (await wasAppended(this.#options.pool, this.#options.owner(), append))
        )
          log.written();
        else {
          log.close();
          this.#options.onLost(log);
        }
      }
    } catch (error) {
      this.#options.onTrouble(error);
      await sleep(RETRY_MS);
    }
  }
}
