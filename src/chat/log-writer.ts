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
  /** How many wait for what there is to be durable. */
  #hurried = 0;
  /** Ends the collecting that is under way. */
  #collecting: (() => void) | undefined;

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

  /** Waits until everything of a log is durable, or it is over. Nothing is collected meanwhile. */
  async flushed(log: RunningLog): Promise<void> {
    this.#hurried += 1;
    while (log.isWaiting && !log.isOver) {
      this.#collecting?.();
      const { promise, resolve } = Promise.withResolvers<void>();
      const forget = log.onChange(resolve);
      await promise;
      forget();
    }
    this.#hurried -= 1;
    this.#logs.delete(log);
  }

  async #run(): Promise<void> {
    await this.#collect();
    for (;;) {
      const batches = [...this.#logs].filter((log) => log.isWaiting && !log.isOver);
      this.#logs.clear();
      if (batches.length === 0) {
        this.#isRunning = false;
        return;
      }
      await this.#write(batches);
      for (const log of batches) if (log.isWaiting) this.#logs.add(log);
      await this.#collect();
    }
  }

  /** Waits for more to be written with it, unless somebody waits for what there is. */
  async #collect(): Promise<void> {
    if (this.#hurried > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, COLLECT_MS);
    this.#collecting = resolve;
    await promise;
    clearTimeout(timer);
    this.#collecting = undefined;
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
