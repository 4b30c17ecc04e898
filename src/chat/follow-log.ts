import type { Pool } from 'pg';
import type { Id } from '#base/id.ts';
import { readEntries } from './generations.store.ts';
import type { NumberedEntry } from './log-entry.ts';
import type { RunningLog } from './running-log.ts';

export interface FollowInput {
  readonly pool: Pool;
  readonly id: Id<'generation'>;
  readonly after: number;
  readonly signal: AbortSignal;
  /** The log, while its generation runs in this process. */
  readonly local: () => RunningLog | undefined;
  /** Wakes when another process's log has grown. @returns what takes the listener back */
  readonly onWake: (wake: () => void) => () => void;
}

/** A notification may be lost with its connection; then the follower looks by itself. */
const LOOK_MS = 2_000;

/** The entries of a log after a number, without a gap or a double, until its end or the signal. */
export async function* followLog(input: FollowInput): AsyncGenerator<readonly NumberedEntry[]> {
  const { pool, id, signal } = input;
  let after = input.after;
  const bell = new Bell(signal);
  const forget = input.onWake(() => bell.ring());
  let local = input.local();
  const leave = local?.onChange(() => bell.ring());
  try {
    for (;;) {
      if (signal.aborted) return;
      bell.reset();
      const entries =
        local && !local.isOver ? local.after(after) : await readEntries(pool, id, after);
      if (entries.length > 0) {
        yield entries;
        after = entries.at(-1)?.seq ?? after;
        if (entries.at(-1)?.entry.type === 'end') return;
        continue;
      }
      if (local?.isOver) local = undefined;
      await bell.wait(local ? undefined : LOOK_MS);
    }
  } finally {
    forget();
    leave?.();
  }
}

/** Something to wait for that may ring before one waits. */
class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring(), { once: true });
  }

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  reset(): void {
    this.#hasRung = false;
  }

  async wait(withinMs: number | undefined): Promise<void> {
    if (this.#hasRung) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
