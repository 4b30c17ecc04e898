import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#base/assert.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { ReplayRun } from './replay-run.ts';
import type { Tape } from './tape.ts';
import { fillUnseenDemand } from './unseen-demand.ts';

/** What a worker is asked to do. */
export interface ReplayTask {
  readonly task: number;
  /** Customers to load in place of those at hand, with the classes that their unseen demand may be of. */
  readonly load?: { readonly tape: Tape; readonly classNames: readonly string[] };
  readonly spec: ReplaySpec;
  readonly customers: Uint32Array;
  readonly out: Float64Array;
  /** [0] ≠ 0: stop; [1]: customers done, of all workers. */
  readonly signals: Int32Array;
}

export interface ReplayAnswer {
  readonly task: number;
  readonly error: string | undefined;
}

let tape = workerData as Tape | undefined;

parentPort?.on('message', ({ task, load, spec, customers, out, signals }: ReplayTask) => {
  let error: string | undefined;
  try {
    if (load !== undefined) {
      ({ tape } = load);
      fillUnseenDemand(tape, load.classNames);
    }
    assert(tape !== undefined, 'there is a tape to replay');
    const run = new ReplayRun(tape, spec, out);
    for (const customer of customers) {
      if (Atomics.load(signals, 0) !== 0) break;
      run.customer(customer);
      Atomics.add(signals, 1, 1);
    }
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
  parentPort?.postMessage({ task, error } satisfies ReplayAnswer);
});
