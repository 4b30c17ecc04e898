import { METRIC_COUNT } from './metrics.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { ReplayTask } from './replay-worker.ts';
import { ReplayWorkers } from './replay-workers.ts';
import type { ReplayOptions, Replays } from './replays.ts';
import { type Tape, sharedIntegers, sharedMatrix } from './tape.ts';

const PROGRESS_EVERY_MS = 250;

/** Worker threads that replay one tape, each its part of the customers. */
export class ReplayPool implements Replays, AsyncDisposable {
  readonly tape: Tape;
  readonly #workers: ReplayWorkers<ReplayTask>;

  constructor(tape: Tape, threads: number) {
    this.tape = tape;
    const script = new URL('./replay-worker.ts', import.meta.url);
    this.#workers = new ReplayWorkers(threads, script, tape);
  }

  get threads(): number {
    return this.#workers.count;
  }

  /**
   * Replays, and returns a row of metrics a segment: see `METRICS`.
   * @throws the signal's reason
   */
  async replay(spec: ReplaySpec, options: ReplayOptions = {}): Promise<Float64Array> {
    const { signal, onProgress, turn = 0 } = options;
    signal?.throwIfAborted();
    const customers =
      options.customers ?? Uint32Array.from(this.tape.customers, (_, index) => index);
    const out = sharedMatrix(this.tape.segments.length, METRIC_COUNT);
    const signals = new Int32Array(new SharedArrayBuffer(8));
    const stop = (): void => void Atomics.store(signals, 0, 1);
    signal?.addEventListener('abort', stop);
    const timer = setInterval(
      () => onProgress?.(Atomics.load(signals, 1), customers.length),
      PROGRESS_EVERY_MS,
    );
    try {
      const parts = this.#split(customers);
      await Promise.all(
        parts.map((part, index) =>
          this.#workers.run((index + turn) % parts.length, { spec, customers: part, out, signals }),
        ),
      );
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
    }
    signal?.throwIfAborted();
    return out;
  }

  /** Shares of equal size in events, the largest customers given first: see DESIGN, replay. */
  #split(customers: Uint32Array): readonly Uint32Array[] {
    const { opStarts } = this.tape;
    const sizeOf = (k: number): number => (opStarts[k + 1] ?? 0) - (opStarts[k] ?? 0);
    const parts = Array.from({ length: this.threads }, () => ({
      load: 0,
      customers: [] as number[],
    }));
    for (const k of Array.from(customers).sort((a, b) => sizeOf(b) - sizeOf(a))) {
      const least = parts.reduce((best, part) => (part.load < best.load ? part : best));
      least.load += sizeOf(k);
      least.customers.push(k);
    }
    return parts.map((part) => sharedIntegers(part.customers));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
  }
}
