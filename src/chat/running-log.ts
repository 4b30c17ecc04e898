import type { Id } from '#base/id.ts';
import type { LogEntry, NumberedEntry } from './log-entry.ts';

/**
 * The log of one generation that runs in this process: what is durable, and what waits to be.
 * Followers see durable entries only, so that what anybody has read survives any kill.
 *
 * States: open → over (its end is durable, or another process has ended it).
 */
export class RunningLog {
  readonly id: Id<'generation'>;
  readonly #durable: NumberedEntry[] = [];
  #waiting: LogEntry[] = [];
  #inFlight: readonly LogEntry[] | undefined;
  #waitingChars = 0;
  #takers: (() => void)[] = [];
  readonly #wakers = new Set<() => void>();
  isOver = false;

  constructor(id: Id<'generation'>) {
    this.id = id;
  }

  get lastSeq(): number {
    return this.#durable.length;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(entry: LogEntry): void {
    const last = this.#waiting.at(-1);
    if (entry.type === 'text' || entry.type === 'reasoning') {
      this.#waitingChars += entry.text.length;
      if (last?.type === entry.type) {
        this.#waiting[this.#waiting.length - 1] = { ...last, text: last.text + entry.text };
        return;
      }
    }
    this.#waiting.push(entry);
  }

  /** Calls back at once, or, where too much waits for the store, when less does. */
  whenTaken(take: () => void): void {
    if (this.#waitingChars <= WAITING_CHARS_MAX) take();
    else this.#takers.push(take);
  }

  /**
   * What waits, to be written. Until it is {@link written} the same batch is given again, since an
   * attempt whose answer was lost may have gone through.
   */
  batch(): readonly LogEntry[] {
    this.#inFlight ??= [...this.#waiting];
    return this.#inFlight;
  }

  /** The batch is durable. */
  written(): void {
    const entries = this.#inFlight ?? [];
    this.#inFlight = undefined;
    for (const entry of entries) {
      this.#durable.push({ seq: this.#durable.length + 1, entry });
      const waiting = this.#waiting.shift();
      if (!waiting || !isSpoken(waiting) || !isSpoken(entry)) continue;
      this.#waitingChars -= entry.text.length;
      // More of it came while it was being written.
      const rest = waiting.text.slice(entry.text.length);
      if (rest !== '') this.#waiting.unshift({ type: waiting.type, text: rest });
    }
    const takers = this.#takers;
    this.#takers = [];
    for (const take of takers) this.whenTaken(take);
    this.wake();
  }

  /** Nothing more will become durable here. */
  close(): void {
    this.isOver = true;
    this.#waiting = [];
    this.#waitingChars = 0;
    const takers = this.#takers;
    this.#takers = [];
    for (const take of takers) take();
    this.wake();
  }

  after(seq: number): readonly NumberedEntry[] {
    return this.#durable.slice(seq);
  }

  onChange(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => void this.#wakers.delete(wake);
  }

  wake(): void {
    for (const wake of this.#wakers) wake();
  }
}

/** Past this, the supplier is held back until the store has caught up. */
const WAITING_CHARS_MAX = 256 * 1024;

function isSpoken(entry: LogEntry): entry is LogEntry & { type: 'text' | 'reasoning' } {
  return entry.type === 'text' || entry.type === 'reasoning';
}
