import { Worker } from 'node:worker_threads';
import { METRIC_COUNT } from './metrics.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { ReplayAnswer, ReplayTask } from './replay-worker.ts';
import { type Tape, sharedIntegers, sharedMatrix } from './tape.ts';

export interface ReplayOptions {
  /** Numbers of the customers to replay; all where absent. */
  readonly customers?: Uint32Array;
  readonly signal?: AbortSignal;
  readonly onProgress?: (customers: number, of: number) => void;
  /** Which worker takes the largest part: replays that run at once take turns. Default 0. */
  readonly turn?: number;
}

const PROGRESS_EVERY_MS = 250;

/** Worker threads that replay one tape, each its part of the customers. */
export class ReplayPool implements AsyncDisposable {
  readonly tape: Tape;
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, (error: string | undefined) => void>();
  #tasks = 0;

  constructor(tape: Tape, threads: number) {
    this.tape = tape;
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(new URL('./replay-worker.ts', import.meta.url), {
        workerData: tape,
      });
      worker.on('message', ({ task, error }: ReplayAnswer) => this.#answer(task, error));
      worker.on('error', (error) => {
        for (const task of this.#waiting.keys()) this.#answer(task, error.stack ?? error.message);
      });
      worker.unref();
      return worker;
    });
  }

  get threads(): number {
    return this.#workers.length;
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
          this.#run((index + turn) % parts.length, { spec, customers: part, out, signals }),
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
    const parts = this.#workers.map(() => ({ load: 0, customers: [] as number[] }));
    for (const k of Array.from(customers).sort((a, b) => sizeOf(b) - sizeOf(a))) {
      const least = parts.reduce((best, part) => (part.load < best.load ? part : best));
      least.load += sizeOf(k);
      least.customers.push(k);
    }
    return parts.map((part) => sharedIntegers(part.customers));
  }

  async #run(worker: number, work: Omit<ReplayTask, 'task'>): Promise<void> {
    const task = ++this.#tasks;
    const error = await new Promise<string | undefined>((resolve) => {
      this.#waiting.set(task, resolve);
      this.#workers[worker]?.ref();
      this.#workers[worker]?.postMessage({ ...work, task } satisfies ReplayTask);
    });
    if (error !== undefined) throw new Error(`a replay failed: ${error}`);
  }

  #answer(task: number, error: string | undefined): void {
    this.#waiting.get(task)?.(error);
    this.#waiting.delete(task);
    if (this.#waiting.size === 0) for (const worker of this.#workers) worker.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
