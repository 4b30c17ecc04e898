import type { LogEntry } from '#chat/log-entry.ts';
import type { Part } from '#chat/part.ts';
import { api, errorOf } from './api.ts';

/** What is known of an answer that is being made. */
export interface LiveState {
  /** All that was shown until now. Text that grows is a run of parts, of which only the last one changes. */
  readonly parts: readonly Part[];
  readonly model: string | undefined;
  readonly fallbackGate: string | undefined;
  /** `waiting`: nothing came yet. `lost`: the connection is down; what came stays, and it is tried again. */
  readonly phase: 'waiting' | 'streaming' | 'lost' | 'ended';
  readonly end: Extract<LogEntry, { type: 'end' }> | undefined;
}

const RETRY_MS = 250;
const RETRY_MS_MAX = 5_000;
/** The server says something every 15 s; a connection that says nothing for longer is dead. */
const SILENCE_MS = 40_000;
/** Between two drawings of what has come: as smooth as reading needs, at a third of the work of every frame. */
const PAUSE_MS = 45;
const PAUSE_MS_MAX = 250;
/** On a slow machine three quarters of the time stay free for keys and scrolling. */
const PAUSE_PER_COST = 3;
/** What has piled up, as after a reload, is drawn in pieces: a long answer at once would hold the page up. */
const DRAWING_CHARS = 2_000;
/** A part that has this many characters is left alone: what is added to a string copies it when it is read. */
const PART_CHARS = 1_024;

/**
 * Follows one answer by the numbers of its log, through reloads of the network: an entry is taken only
 * where it is the next one, so that no character is lost or doubled.
 *
 * States: following → (connection lost) → waiting to try again → following … → ended, or closed.
 */
export class LiveAnswer {
  readonly generation: string;
  #state: LiveState;
  #seq = 0;
  #pending: LogEntry[] = [];
  #timer = 0;
  /** When entries were last shown, and how long that took. */
  #shownAtMs = 0;
  #costMs = 0;
  /** How long the page was busy when it was due: with painting the one before, or with its reader. */
  #lateMs = 0;
  #isClosed = false;
  /** Somebody has pressed Stop, and the server has not answered. */
  #isHeld = false;
  #isStopped = false;
  #connection: AbortController | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #growthListeners = new Set<() => void>();

  constructor(generation: string, base: readonly Part[]) {
    this.generation = generation;
    this.#state = {
      parts: base,
      model: undefined,
      fallbackGate: undefined,
      phase: 'waiting',
      end: undefined,
    };
    void this.#follow();
  }

  /** Calls back when anything has changed but the length of what is being written. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Calls back when what is being written has only become longer: 20 times a second. */
  onGrowth(listener: () => void): () => void {
    this.#growthListeners.add(listener);
    return () => void this.#growthListeners.delete(listener);
  }

  readonly state = (): LiveState => this.#state;

  /**
   * Asks the server to write no more, and shows nothing until it says that it does not: what came
   * until then belongs to the answer and is shown at once. @throws ApiError
   */
  async stop(): Promise<void> {
    this.#isHeld = true;
    this.#unschedule();
    try {
      await api('POST', `/chat/generations/${this.generation}/stop`);
      this.#isStopped = true;
    } finally {
      this.#isHeld = false;
      if (this.#pending.length > 0) this.#show();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.abort();
    this.#unschedule();
  }

  async #follow(): Promise<void> {
    let retryMs = RETRY_MS;
    while (!this.#isClosed && !this.#hasEnd) {
      const before = this.#seq;
      try {
        await this.#connect();
      } catch (error) {
        if (error instanceof Error && 'status' in error && error.status === 404) break;
      }
      if (this.#hasEnd || this.#isClosed) break;
      retryMs = this.#seq > before ? RETRY_MS : Math.min(RETRY_MS_MAX, retryMs * 2);
      this.#set({ phase: 'lost' });
      await whenWorthTrying(retryMs);
    }
    if (!this.#hasEnd && !this.#isClosed) this.#take({ type: 'end', status: 'interrupted' });
  }

  #hasEnd = false;

  async #connect(): Promise<void> {
    const connection = new AbortController();
    this.#connection = connection;
    const silence = new Silence(() => connection.abort());
    try {
      const answer = await fetch(
        `/api/chat/generations/${this.generation}/log?after=${this.#seq}`,
        {
          signal: connection.signal,
          credentials: 'same-origin',
        },
      );
      if (!answer.ok || !answer.body) throw await errorOf(answer);
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        silence.broken();
        rest += decoder.decode(value, { stream: true });
        let end: number;
        while ((end = rest.indexOf('\n\n')) >= 0) {
          this.#event(rest.slice(0, end));
          rest = rest.slice(end + 2);
        }
        if (this.#hasEnd) return;
      }
    } finally {
      silence.end();
      connection.abort();
    }
  }

  #event(text: string): void {
    const match = /^id: (\d+)\ndata: (.*)$/.exec(text);
    if (!match) return;
    const seq = Number(match[1]);
    if (seq <= this.#seq) return;
    if (seq !== this.#seq + 1) throw new Error('an entry of the log is missing');
    this.#seq = seq;
    this.#take(JSON.parse(match[2] ?? '') as LogEntry);
  }

  /** Entries are shown together, however many come, with a pause that leaves the page to its reader. */
  #take(entry: LogEntry): void {
    if (entry.type === 'end') this.#hasEnd = true;
    this.#pending.push(entry);
    if (this.#isHeld) return;
    if (this.#isAtOnce) this.#show();
    else this.#schedule();
  }

  /** Nobody looks, or little more comes: there is nothing to leave room for. */
  get #isAtOnce(): boolean {
    return this.#isStopped || document.hidden;
  }

  /** A task of its own, before the one in which the browser lays out and paints: two short ones. */
  #schedule(): void {
    if (this.#timer !== 0) return;
    const pauseMs = Math.min(
      PAUSE_MS_MAX,
      Math.max(PAUSE_MS, this.#costMs * PAUSE_PER_COST) + this.#lateMs,
    );
    const waitMs = Math.max(0, this.#shownAtMs + pauseMs - performance.now());
    const dueAtMs = performance.now() + waitMs;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#lateMs = performance.now() - dueAtMs;
      this.#show();
    }, waitMs);
  }

  #unschedule(): void {
    if (this.#timer !== 0) clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #show(): void {
    this.#unschedule();
    this.#shownAtMs = performance.now();
    const entries = this.#isAtOnce ? this.#pending.splice(0) : this.#nextPending();
    const parts = [...this.#state.parts];
    let { model, fallbackGate, end } = this.#state;
    let hasOnlyGrown = this.#state.phase === 'streaming';
    for (const entry of entries) {
      if (isSpoken(entry) && parts.at(-1)?.type === entry.type) {
        grow(parts, entry);
        continue;
      }
      hasOnlyGrown = false;
      if (entry.type === 'end') end = entry;
      else if (entry.type === 'admitted') ({ model, fallbackGate } = entry);
      else parts.push(entry);
    }
    const phase = end ? 'ended' : parts.length > 0 ? 'streaming' : 'waiting';
    this.#set(
      { parts, model, fallbackGate, end, phase },
      hasOnlyGrown ? this.#growthListeners : this.#listeners,
    );
    // Whoever draws what has grown has drawn it by now.
    this.#costMs = performance.now() - this.#shownAtMs;
    if (this.#pending.length > 0) this.#schedule();
  }

  /** Takes as many as one drawing may show. */
  #nextPending(): readonly LogEntry[] {
    let chars = 0;
    const after = this.#pending.findIndex((entry) => {
      if (isSpoken(entry)) chars += entry.text.length;
      return chars > DRAWING_CHARS;
    });
    return this.#pending.splice(0, after < 0 ? Infinity : Math.max(1, after));
  }

  #set(change: Partial<LiveState>, listeners: ReadonlySet<() => void> = this.#listeners): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of listeners) listener();
  }
}

/** Calls back once nothing was heard for {@link SILENCE_MS}; hearing something costs no new timer. */
class Silence {
  #heardAtMs = performance.now();
  #timer: ReturnType<typeof setTimeout>;

  constructor(whenLong: () => void) {
    const look = (): void => {
      const leftMs = this.#heardAtMs + SILENCE_MS - performance.now();
      if (leftMs <= 0) whenLong();
      else this.#timer = setTimeout(look, leftMs);
    };
    this.#timer = setTimeout(look, SILENCE_MS);
  }

  broken(): void {
    this.#heardAtMs = performance.now();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

type Spoken = Extract<Part, { type: 'text' | 'reasoning' }>;

function isSpoken(entry: LogEntry): entry is Spoken {
  return entry.type === 'text' || entry.type === 'reasoning';
}

function grow(parts: Part[], { type, text }: Spoken): void {
  const last = parts.at(-1);
  if (last?.type === type && last.text.length < PART_CHARS)
    parts[parts.length - 1] = { type, text: last.text + text };
  else parts.push({ type, text });
}

/** Waits; but no longer than until the network is back or the page is looked at again. */
function whenWorthTrying(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      document.removeEventListener('visibilitychange', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    document.addEventListener('visibilitychange', done);
  });
}
