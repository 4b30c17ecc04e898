import type { DuckDBConnection } from '@duckdb/node-api';
import { METRIC_COUNT } from './metrics.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { ReplayWorkers } from './replay-workers.ts';
import type { ReplayOptions, Replays } from './replays.ts';
import { type NamedColumns, sharedIntegers, sharedMatrix, type Tape } from './tape.ts';
import type { TapeIndex } from './tape-index.ts';
import { TapeReader } from './tape-reader.ts';

/** So many events are in memory for each worker; a customer who has more is a slice of their own. */
const SLICE_EVENTS = 1_000_000;

interface Asked {
  readonly spec: ReplaySpec;
  readonly options: ReplayOptions;
  readonly out: Float64Array;
  readonly resolve: (out: Float64Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Replays a book that does not fit into memory: reads the lake once from the first customer to the last,
 * a slice of them at a time, and gives each slice to a worker while the next is read. What is asked for
 * in one turn of the event loop is replayed in one pass.
 */
export class ReplayStream implements Replays, AsyncDisposable {
  readonly index: TapeIndex;
  readonly #duck: DuckDBConnection;
  readonly #workers: ReplayWorkers;
  readonly #sliceEvents: number;
  #asked: Asked[] = [];
  #passes: Promise<void> = Promise.resolve();

  /** @param duck the connection that the index was read with */
  constructor(
    duck: DuckDBConnection,
    index: TapeIndex,
    threads: number,
    sliceEvents = SLICE_EVENTS,
  ) {
    this.#sliceEvents = sliceEvents;
    this.#duck = duck;
    this.index = index;
    this.#workers = new ReplayWorkers(threads);
  }

  /** Replays everybody: which `customers` are wanted makes no difference to one pass. */
  replay(spec: ReplaySpec, options: ReplayOptions = {}): Promise<Float64Array> {
    return new Promise((resolve, reject) => {
      const out = sharedMatrix(this.index.segments.length, METRIC_COUNT);
      this.#asked.push({ spec, options, out, resolve, reject });
      if (this.#asked.length > 1) return;
      setImmediate(() => {
        const together = this.#asked;
        this.#asked = [];
        this.#passes = this.#passes.then(() => this.#answer(together));
      });
    });
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    try {
      await this.#pass(asked);
      for (const each of asked) each.resolve(each.out);
    } catch (error) {
      for (const each of asked) each.reject(error);
    }
  }

  async #pass(asked: readonly Asked[]): Promise<void> {
    const { index } = this;
    const signals = new Int32Array(new SharedArrayBuffer(8));
    await using reader = await TapeReader.open(this.#duck, index);
    const busy: Promise<void>[] = Array.from({ length: this.#workers.count }, () =>
      Promise.resolve(),
    );
    // A slice is read while each worker has one.
    const idle: (NamedColumns | undefined)[] = Array.from(
      { length: this.#workers.count + 1 },
      () => undefined,
    );
    let from = 0;
    for (const to of slicesOf(index, this.#sliceEvents)) {
      for (const { options } of asked) options.signal?.throwIfAborted();
      const reused = idle.pop();
      const events = eventsBetween(index, from, to);
      const { tape, memory } = await reader.read(
        to,
        reused !== undefined && capacityOf(reused) >= events ? reused : undefined,
        { events: Math.max(events, this.#sliceEvents) },
      );
      const worker = await firstIdle(busy);
      busy[worker] = this.#replaySlice(worker, { asked, tape, from, signals }).then(
        () => void idle.push(memory),
      );
      // A failure is met where the next idle worker is waited for.
      busy[worker]?.catch(() => undefined);
      from = to;
      for (const { options } of asked) options.onProgress?.(from, index.customers.length);
    }
    await Promise.all(busy);
  }

  async #replaySlice(
    worker: number,
    work: { asked: readonly Asked[]; tape: Tape; from: number; signals: Int32Array },
  ): Promise<void> {
    const { asked, tape, from, signals } = work;
    const first = (this.index.segmentStarts[from] ?? 0) * METRIC_COUNT;
    const length = tape.segments.length * METRIC_COUNT;
    const customers = sharedIntegers(tape.customers.map((_, k) => k));
    let isLoaded = false;
    for (const { spec, out } of asked) {
      await this.#workers.run(worker, {
        ...(!isLoaded && { load: { tape, classNames: spec.classNames } }),
        spec,
        customers,
        out: out.subarray(first, first + length),
        signals,
      });
      isLoaded = true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }
}

/** Where slices end, by customer. */
function slicesOf({ eventsOf }: TapeIndex, sliceEvents: number): readonly number[] {
  const ends: number[] = [];
  let events = 0;
  for (const [k, own] of eventsOf.entries()) {
    if (events > 0 && events + own > sliceEvents) {
      ends.push(k);
      events = 0;
    }
    events += own;
  }
  ends.push(eventsOf.length);
  return ends;
}

function eventsBetween({ eventsOf }: TapeIndex, from: number, to: number): number {
  let events = 0;
  for (let k = from; k < to; k++) events += eventsOf[k] ?? 0;
  return events;
}

function capacityOf(columns: NamedColumns): number {
  return columns['seq']?.length ?? 0;
}

/** The first worker of those to be done. */
async function firstIdle(busy: readonly Promise<void>[]): Promise<number> {
  return Promise.race(busy.map((each, worker) => each.then(() => worker)));
}
