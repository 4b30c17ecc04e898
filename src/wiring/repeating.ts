/** Runs some work again and again, never twice at once, until it is disposed. */
export class Repeating implements AsyncDisposable {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #ended = false;

  /** @param work runs at once and then `everyMs` after each end */
  constructor(everyMs: number, work: () => Promise<unknown>, onError: (error: unknown) => void) {
    const run = (): void => {
      this.#running = work()
        .catch(onError)
        .finally(() => {
          if (this.#ended) return;
          this.#timer = setTimeout(run, everyMs);
          this.#timer.unref();
        });
    };
    run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
