import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#base/domain-error.ts';
import type { Services } from '#http/services.ts';
import type { CALIBRATIONS } from '#traffic/calibration.ts';
import { type DemoDeps, dropDemo, loadDemo } from '#traffic/demo.ts';

/** How long a stop waits for a load to take back what it had loaded. */
const STOP_MS_MAX = 10_000;

/** The demo, one at a time. A load ends with whoever asked for it, and with the server. */
export class LiveDemo {
  readonly services: Services['demo'];
  readonly #stopping = new AbortController();
  readonly #onChange: () => void;
  #running: Promise<unknown> | undefined;

  /** @param onChange called when the demo's book is another one */
  constructor(deps: DemoDeps, onChange: () => void = () => undefined) {
    this.#onChange = onChange;
    this.services = {
      load: ({ calibration, ...input }, progress, signal) =>
        this.#alone(() =>
          loadDemo(
            deps,
            { ...input, calibration: calibration as keyof typeof CALIBRATIONS },
            (step) => progress({ ...step }),
            AbortSignal.any([signal, this.#stopping.signal]),
          ),
        ),
      drop: () => this.#alone(() => dropDemo(deps.pool)),
    };
  }

  /** Aborts a load that runs, and waits until it has taken back what it had loaded. */
  async stop(): Promise<void> {
    this.#stopping.abort(
      new DomainError('shutting_down', 'The service is shutting down; the demo is taken back.', {
        retryable: true,
      }),
    );
    const over = new AbortController();
    const waited = sleep(STOP_MS_MAX, undefined, { signal: over.signal, ref: false });
    await Promise.race([this.#running, waited]).catch(() => undefined);
    over.abort();
    await waited.catch(() => undefined);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running !== undefined)
      throw new DomainError('conflict', 'The demo is being loaded or dropped right now.');
    const running = work();
    this.#running = running.catch(() => undefined);
    try {
      return await running;
    } finally {
      this.#running = undefined;
      this.#onChange();
    }
  }
}
