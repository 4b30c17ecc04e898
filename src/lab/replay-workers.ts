import { Worker } from 'node:worker_threads';
import type { ReplayAnswer, ReplayTask } from './replay-worker.ts';
import type { Tape } from './tape.ts';

/** Threads that replay what they are given. */
export class ReplayWorkers implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, (error: string | undefined) => void>();
  #tasks = 0;

  /** @param tape what they have at hand from the start, where they are not to be given one task by task */
  constructor(threads: number, tape?: Tape) {
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

  get count(): number {
    return this.#workers.length;
  }

  /** @throws Error where the replay fails */
  async run(worker: number, work: Omit<ReplayTask, 'task'>): Promise<void> {
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
