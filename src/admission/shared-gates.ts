import type { Pool } from 'pg';
import { BOOKS, type Book } from '#base/book.ts';
import { calendarRange } from '#plans/calendar.ts';
import type { CompiledGate } from '#plans/compile.ts';
import { type SharedSlice, SharedCounters } from '#plans/shared-counters.ts';

/** A lease is a sixty-fourth of the limit, so that what processes hold idle stays small. */
const SLICE_DIVISOR = 64;
const SUB_BUCKETS = 60;
/** Other processes give back what they do not need: a full gate is asked again after this. */
const ASK_AGAIN_MS = 1000;

interface Demand {
  readonly book: Book;
  readonly gate: CompiledGate;
  amount: number;
  /** The account's time of whoever asked first. */
  readonly atMs: number;
  readonly done: Promise<void>;
}

/**
 * The gates of scope *everyone* as this process sees them: slices of their limits that it leased
 * and spends by itself. What is leased and not spent counts as used until it is given back, so that
 * all processes together never pass the limit; they may stop up to their idle slices early.
 */
export class SharedGates {
  readonly #pool: Pool;
  readonly #process: () => number;
  readonly #committed = new Map<Book, SharedCounters>(
    BOOKS.map((book) => [book, new SharedCounters()]),
  );
  readonly #drafts = new Map<Book, SharedCounters>();
  /** Leases that arrived while a batch was in flight. */
  #arrived: { book: Book; slice: SharedSlice }[] = [];
  readonly #demands = new Map<string, Demand>();
  /** What was given back already: a slice is still seen in its old state until the batch in flight ends. */
  readonly #returned = new Set<string>();

  constructor(options: { pool: Pool; process: () => number }) {
    this.#pool = options.pool;
    this.#process = options.process;
  }

  /** The counters that the batch in flight works on. */
  draft(book: Book): SharedCounters {
    const known = this.#drafts.get(book);
    if (known !== undefined) return known;
    const draft = this.#counters(book).clone();
    this.#drafts.set(book, draft);
    return draft;
  }

  discard(): void {
    this.#drafts.clear();
    for (const { book, slice } of this.#arrived.splice(0)) this.#put(book, slice);
  }

  keep(): void {
    for (const [book, draft] of this.#drafts) this.#counters(book).copyFrom(draft);
    this.#drafts.clear();
  }

  /**
   * Leases more of a gate. Requests that need it at the same time share one lease.
   * Resolves also where nothing is left: the slice then says until when.
   */
  lease(
    book: Book,
    { gate, amount, atMs }: { gate: CompiledGate; amount: number; atMs: number },
  ): Promise<void> {
    const name = `${book} ${gate.key}`;
    const known = this.#demands.get(name);
    if (known !== undefined) {
      known.amount += amount;
      return known.done;
    }
    // Waits a turn of the event loop, so that everyone of this batch adds to the demand.
    const done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#demands.delete(name);
      return this.#lease(demand);
    });
    const demand: Demand = { book, gate, amount, atMs, done };
    this.#demands.set(name, demand);
    return done;
  }

  /** Gives back what is not spent, when the process stops. */
  async returnAll(): Promise<void> {
    for (const book of BOOKS) {
      for (const slice of this.#counters(book).all()) await this.#giveBack(book, slice);
      this.#committed.set(book, new SharedCounters());
    }
  }

  async #lease({ book, gate, amount, atMs: nowMs }: Demand): Promise<void> {
    const window = leaseWindow(gate, nowMs);
    const current = this.#counters(book).find(gate.key);
    const same = current !== undefined && current.stamp === window.startMs ? current : undefined;
    if (current !== undefined && same === undefined) await this.#giveBack(book, current);
    const free = same === undefined ? 0 : Math.max(0, same.leased - same.used);
    const least = Math.max(1, amount - free);
    const wanted = Math.max(least, Math.ceil(gate.limit / SLICE_DIVISOR));
    let lease = await this.#ask(book, gate, window, { least, wanted });
    // Not all of them fit: as many as do.
    if (lease.granted === 0) lease = await this.#ask(book, gate, window, { least: 1, wanted });
    this.#arrived.push({
      book,
      slice: {
        key: gate.key,
        stamp: window.startMs,
        validUntilMs: window.endMs,
        leased: lease.granted,
        used: 0,
        leasedByAll: lease.byAll,
        limit: gate.limit,
        knownUntilMs: Math.min(window.endMs, nowMs + ASK_AGAIN_MS),
      },
    });
  }

  async #ask(
    book: Book,
    gate: CompiledGate,
    window: { startMs: number; sinceMs: number },
    amount: { least: number; wanted: number },
  ): Promise<{ granted: number; byAll: number }> {
    const { rows } = await this.#pool.query<{ granted: number; leased_by_all: number }>(
      'SELECT granted, leased_by_all FROM lease_shared($1, $2, $3, $4, $5, $6, $7, $8)',
      [
        book,
        gate.key,
        window.startMs,
        window.sinceMs,
        gate.limit,
        amount.least,
        amount.wanted,
        this.#process(),
      ],
    );
    return { granted: rows[0]?.granted ?? 0, byAll: rows[0]?.leased_by_all ?? 0 };
  }

  async #giveBack(book: Book, slice: Readonly<SharedSlice>): Promise<void> {
    const unused = slice.leased - slice.used;
    const name = sliceName(book, slice);
    if (unused <= 0 || this.#returned.has(name)) return;
    this.#returned.add(name);
    await this.#pool.query('SELECT return_shared($1, $2, $3, $4, $5)', [
      book,
      slice.key,
      slice.stamp,
      this.#process(),
      unused,
    ]);
  }

  #put(book: Book, slice: SharedSlice): void {
    const counters = this.#counters(book);
    const current = counters.find(slice.key);
    this.#returned.delete(sliceName(book, slice));
    const sum = current !== undefined && current.stamp === slice.stamp;
    counters.put(
      sum ? { ...slice, leased: current.leased + slice.leased, used: current.used } : slice,
    );
  }

  #counters(book: Book): SharedCounters {
    const counters = this.#committed.get(book);
    if (counters === undefined) throw new Error('invariant broken: every book has its counters');
    return counters;
  }
}

function sliceName(book: Book, { key, stamp }: Readonly<SharedSlice>): string {
  return `${book} ${key} ${stamp}`;
}

/** The window that a lease made now belongs to, and since when others count against it. UTC. */
function leaseWindow(
  gate: CompiledGate,
  nowMs: number,
): { startMs: number; endMs: number; sinceMs: number } {
  const { window } = gate;
  if (window.kind === 'calendar') {
    const { startMs, endMs } = calendarRange(window.unit, nowMs, 'UTC');
    return { startMs, endMs, sinceMs: startMs - 1 };
  }
  if (window.kind === 'cycle') {
    const { startMs, endMs } = calendarRange('month', nowMs, 'UTC');
    return { startMs, endMs, sinceMs: startMs - 1 };
  }
  const windowMs = window.seconds * 1000;
  const partMs = Math.max(1, Math.floor(windowMs / SUB_BUCKETS));
  const startMs = nowMs - (nowMs % partMs);
  // What was leased in a part may be spent until the part's end: it counts for one part longer.
  return { startMs, endMs: startMs + partMs, sinceMs: startMs - windowMs - partMs };
}
