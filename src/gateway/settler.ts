import { Bag, type BagItem } from '#base/bag.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { Admission, HoldRef, Measurement, Settled } from '#admission/admission.ts';
import { NO_OBSERVER, type GatewayLog, type GatewayObserver } from './gateway-log.ts';

export interface SettlerStart {
  readonly admission: Pick<Admission, 'settle' | 'void' | 'hurry'>;
  readonly log: GatewayLog;
  readonly observer?: GatewayObserver | undefined;
}

/** The end of one hold on its way to the store. */
interface Ending extends BagItem {
  readonly requestId: Id<'request'>;
  readonly waitUntilMs: number;
  /** Until the store has taken it, or nobody waits any longer. */
  readonly waited: Promise<unknown>;
  /** The store has not taken it in time, or refused it at first. */
  isLate: boolean;
  readonly giveUpWaiting: () => void;
}

/** How late the waiting for a slow store may be given up. */
const TICK_MS = 50;
const RETRY_MS = 200;
const RETRY_MS_MAX = 5_000;
/** An error that is no outage is a fault; it is not repeated for ever. */
const FAULT_TRIES_MAX = 5;

/**
 * Ends holds, whatever happens to the client or the store. What the store cannot take now is kept
 * and repeated until it can. That backlog is bounded without a bound of its own: while the store is
 * away nothing is admitted, so it holds at most the requests that were in flight.
 */
export class Settler {
  readonly #start: SettlerStart;
  readonly #waiting = new Bag<Ending>();
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void) | undefined;
  #isStopped = false;

  constructor(start: SettlerStart) {
    this.#start = start;
  }

  /** Ends of holds on their way to the store. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Those that the store should have taken by now. */
  get late(): number {
    return [...this.#waiting].filter(({ isLate }) => isLate).length;
  }

  /**
   * Waits until what has ended is booked, of one request or of all; not for what is late already.
   * Whoever reads the books after that sees every answer that this process has given.
   */
  async booked(requestId?: string): Promise<void> {
    if (this.#waiting.size === 0) return;
    this.#start.admission.hurry();
    const awaited = [...this.#waiting].filter(
      (ending) => !ending.isLate && (requestId ?? ending.requestId) === ending.requestId,
    );
    await Promise.all(awaited.map(({ waited }) => waited));
  }

  /**
   * Books a measurement.
   * @returns `undefined` where the store did not take it within `waitMs`; it is booked later.
   */
  async settle(
    hold: HoldRef,
    measurement: Measurement,
    how: { readonly urgency: 'now' | 'soon'; readonly waitMs: number },
  ): Promise<Settled | undefined> {
    const { admission, observer = NO_OBSERVER } = this.#start;
    const settled = await this.#end(hold, 'settle', how.waitMs, () =>
      admission.settle(hold, measurement, how.urgency),
    );
    observer.settled({
      outcome: measurement.outcome,
      estimated: measurement.estimated,
      deferred: settled === undefined,
    });
    return settled;
  }

  /** Ends a hold of which nothing was consumed. */
  async void(hold: HoldRef, reason: string, waitMs: number): Promise<void> {
    await this.#end(hold, 'void', waitMs, () => this.#start.admission.void(hold, reason));
  }

  /** Waits until the backlog is booked, at most so long. @returns how many are left to the reaper. */
  async drain(withinMs: number): Promise<number> {
    if (this.#waiting.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
      await Promise.race([empty, delay(withinMs)]);
    }
    this.#isStopped = true;
    return this.#waiting.size;
  }

  #end<T>(
    hold: HoldRef,
    what: string,
    waitMs: number,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const ending: Ending = {
      place: -1,
      requestId: hold.requestId,
      waitUntilMs: performance.now() + waitMs,
      waited: promise,
      isLate: false,
      giveUpWaiting() {
        this.isLate = true;
        resolve(undefined);
      },
    };
    this.#waiting.add(ending);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    void this.#persist(ending, what, work, resolve).finally(() => {
      this.#waiting.remove(ending);
      if (this.#waiting.size === 0) this.#whenEmpty?.();
    });
    return promise;
  }

  /** One timer for all that wait: one each would cost more than the rest of a settlement. */
  #tick(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const nowMs = performance.now();
    for (const ending of this.#waiting) if (ending.waitUntilMs <= nowMs) ending.giveUpWaiting();
  }

  /** Tries until it is done; the first failure already lets the caller go on. */
  async #persist<T>(
    ending: Ending,
    what: string,
    work: () => Promise<T>,
    report: (value: T) => void,
  ): Promise<void> {
    const { log } = this.#start;
    const { requestId } = ending;
    for (let tries = 1; ; tries++) {
      try {
        report(await work());
        if (tries > 1) log.info({ requestId, tries }, `${what} went through`);
        return;
      } catch (error) {
        ending.giveUpWaiting();
        const isOutage = error instanceof DomainError && error.code === 'store_unavailable';
        if (!isOutage && (error instanceof DomainError || tries >= FAULT_TRIES_MAX)) {
          log.error(
            { requestId, err: error },
            `${what} failed for good; the reaper resolves the hold`,
          );
          return;
        }
        if (this.#isStopped) return;
        if (tries === 1)
          log.warn({ requestId, backlog: this.#waiting.size }, `${what} waits for the store`);
      }
      await delay(Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (tries - 1)));
    }
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
