import { Bag, type BagItem } from '#base/bag.ts';

/** A stream that may have to be kept alive. */
export interface QuietStream extends BagItem {
  /** Asked twice within each keep-alive period. */
  keepAliveTick(): void;
}

/** Visits all open streams by one timer: a timer for each would have to be reset with every chunk. */
export class KeepAlives {
  readonly #streams = new Bag<QuietStream>();
  readonly #tickMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(keepAliveMs: number) {
    this.#tickMs = Math.max(1, Math.floor(keepAliveMs / 2));
  }

  add(stream: QuietStream): void {
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref();
  }

  remove(stream: QuietStream): void {
    this.#streams.remove(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const stream of this.#streams) stream.keepAliveTick();
  }
}
