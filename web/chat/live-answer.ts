import type { LogEntry } from '#chat/log-entry.ts';
import type { Part } from '#chat/part.ts';
import { errorOf } from './api.ts';

/** What is known of an answer that is being made. */
export interface LiveState {
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
  #frame = 0;
  #timer = 0;
  /** When entries were last shown, and how long that took. */
  #shownAtMs = 0;
  #costMs = 0;
  #isClosed = false;
  #isHeld = false;
  #connection: AbortController | undefined;
  readonly #listeners = new Set<() => void>();

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

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly state = (): LiveState => this.#state;

  /** Shows nothing more until the end is there: somebody has pressed Stop. */
  hold(): void {
    this.#isHeld = true;
    this.#unschedule();
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
    let silence = setTimeout(() => connection.abort(), SILENCE_MS);
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
        clearTimeout(silence);
        silence = setTimeout(() => connection.abort(), SILENCE_MS);
        rest += decoder.decode(value, { stream: true });
        let end: number;
        while ((end = rest.indexOf('\n\n')) >= 0) {
          this.#event(rest.slice(0, end));
          rest = rest.slice(end + 2);
        }
        if (this.#hasEnd) return;
      }
    } finally {
      clearTimeout(silence);
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
    if (this.#isHeld && entry.type !== 'end') return;
    if (document.hidden) this.#show();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== 0 || this.#frame !== 0) return;
    const pauseMs = Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS, this.#costMs * PAUSE_PER_COST));
    const waitMs = this.#shownAtMs + pauseMs - performance.now();
    const show = (): void => {
      this.#timer = 0;
      this.#frame = requestAnimationFrame(() => this.#show());
    };
    if (waitMs > 0) this.#timer = window.setTimeout(show, waitMs);
    else show();
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = 0;
    this.#frame = 0;
  }

  #show(): void {
    this.#unschedule();
    this.#shownAtMs = performance.now();
    const entries = this.#pending;
    this.#pending = [];
    const parts = [...this.#state.parts];
    let { model, fallbackGate, end } = this.#state;
    for (const entry of entries) {
      if (entry.type === 'end') end = entry;
      else if (entry.type === 'admitted') ({ model, fallbackGate } = entry);
      else addPart(parts, entry);
    }
    const phase = end ? 'ended' : parts.length > 0 ? 'streaming' : 'waiting';
    this.#set({ parts, model, fallbackGate, end, phase });
    // What listens draws in a microtask of its own, begun before this one.
    queueMicrotask(() => {
      this.#costMs = performance.now() - this.#shownAtMs;
    });
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function addPart(parts: Part[], entry: Part): void {
  const last = parts.at(-1);
  if ((entry.type === 'text' || entry.type === 'reasoning') && last?.type === entry.type)
    parts[parts.length - 1] = { type: entry.type, text: last.text + entry.text };
  else parts.push(entry);
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
