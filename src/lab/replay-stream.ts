import { METRIC_COUNT } from './metrics.ts';
import { ReplayWorkers } from './replay-workers.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { ReplayOptions, Replays } from './replays.ts';
import type { SliceTask } from './slice-worker.ts';
import { sharedMatrix } from './tape.ts';
import { layoutOf, type TapeIndex } from './tape-index.ts';
import type { CustomerRange } from './tape-reader.ts';

/** So many events are in the memory of each worker; a customer who has more is replayed in parts. */
const SLICE_EVENTS = 1_000_000;
/** Workers take ranges of about so many events: to open each day anew for many small ones takes longer. */
const RANGE_EVENTS = 50_000_000;
/** A customer takes as long as so many events, besides their own: an account, its periods, its rows. */
const CUSTOMER_EVENTS = 30;
const PROGRESS_EVERY_MS = 250;

interface Asked {
  readonly spec: ReplaySpec;
  readonly options: ReplayOptions;
  readonly out: Float64Array;
  readonly resolve: (out: Float64Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Replays a book that does not fit into memory: worker threads read the lake themselves, each its ranges
 * of customers, a slice of them at a time. What is asked for in one turn of the event loop is replayed in
 * one pass.
 */
export class ReplayStream implements Replays, AsyncDisposable {
  readonly index: TapeIndex;
  readonly #workers: ReplayWorkers<SliceTask>;
  readonly #sliceEvents: number;
  #asked: Asked[] = [];
  #passes: Promise<void> = Promise.resolve();

  constructor(index: TapeIndex, threads: number, sliceEvents = SLICE_EVENTS) {
    this.#sliceEvents = sliceEvents;
    this.index = index;
    const script = new URL('./slice-worker.ts', import.meta.url);
    this.#workers = new ReplayWorkers(threads, script, layoutOf(index));
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
    for (const { options } of asked) options.signal?.throwIfAborted();
    const signals = new Int32Array(new SharedArrayBuffer(8));
    const stop = (): void => void Atomics.store(signals, 0, 1);
    for (const { options } of asked) options.signal?.addEventListener('abort', stop);
    const customers = this.index.customers.length;
    const timer = setInterval(() => {
      const done = Atomics.load(signals, 1);
      for (const { options } of asked) options.onProgress?.(done, customers);
    }, PROGRESS_EVERY_MS);
    const ranges = rangesOf(this.index, this.#workers.count);
    const work = {
      sliceEvents: this.#sliceEvents,
      asked: asked.map(({ spec, out }) => ({ spec, out })),
      signals,
    };
    try {
      await Promise.all(
        Array.from({ length: this.#workers.count }, async (_, worker) => {
          for (let range = ranges.shift(); range !== undefined; range = ranges.shift())
            await this.#workers.run(worker, { ...work, range });
        }),
      );
    } finally {
      stop();
      clearInterval(timer);
      for (const { options } of asked) options.signal?.removeEventListener('abort', stop);
    }
    for (const { options } of asked) options.signal?.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }
}

/** Ranges that take about equally long, as many for each worker. */
function rangesOf({ events, eventsOf }: TapeIndex, workers: number): CustomerRange[] {
  const count = workers * Math.max(1, Math.ceil(events / (workers * RANGE_EVENTS)));
  const load = events + CUSTOMER_EVENTS * eventsOf.length;
  const ranges: CustomerRange[] = [];
  let from = 0;
  let before = 0;
  for (const [k, own] of eventsOf.entries()) {
    before += own + CUSTOMER_EVENTS;
    if (before < ((ranges.length + 1) * load) / count && k + 1 < eventsOf.length) continue;
    ranges.push({ from, to: k + 1 });
    from = k + 1;
  }
  return ranges;
}
