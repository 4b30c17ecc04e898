import { workerData } from 'node:worker_threads';
import type { ReplaySpec } from './replay-spec.ts';
import { ReplayRun } from './replay-run.ts';
import type { Tape } from './tape.ts';
import { answerTasks } from './worker-task.ts';

/** Customers to replay of the tape that every worker has at hand. */
export interface ReplayTask {
  readonly spec: ReplaySpec;
  readonly customers: Uint32Array;
  readonly out: Float64Array;
  /** [0] ≠ 0: stop; [1]: customers done, of all workers. */
  readonly signals: Int32Array;
}

const tape = workerData as Tape;

answerTasks(({ spec, customers, out, signals }: ReplayTask) => {
  const run = new ReplayRun(tape, spec, out);
  for (const customer of customers) {
    if (Atomics.load(signals, 0) !== 0) break;
    run.customer(customer);
    Atomics.add(signals, 1, 1);
  }
});
