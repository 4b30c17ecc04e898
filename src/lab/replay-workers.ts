import { Worker } from 'node:worker_threads';

/** What comes back from a worker when it has done a task. */
export interface WorkerAnswer {
  readonly task: number;
  readonly error: string | undefined;
}

/** Threads that do what they are told, each one thing after the other. */
export class ReplayWorkers<Work extends object> implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, (error: string | undefined) => void>();
  #tasks = 0;

  /**
   * @param script answers each message, the work with its `task`, with a {@link WorkerAnswer}
   * @param atHand what they have from the start
   */
  constructor(threads: number, script: URL, atHand: unknown) {
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(script, { workerData: atHand });
      worker.on('message', ({ task, error }: WorkerAnswer) => this.#answer(task, error));
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

  /** @throws Error where the work fails */
  async run(worker: number, work: Work): Promise<void> {
    const task = ++this.#tasks;
    const error = await new Promise<string | undefined>((resolve) => {
      this.#waiting.set(task, resolve);
      this.#workers[worker]?.ref();
      this.#workers[worker]?.postMessage({ ...work, task });
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
