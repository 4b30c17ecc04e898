import { AccountState } from '#plans/account-state.ts';
import { METRIC, METRIC_COUNT } from './metrics.ts';
import type { ReplayProgram } from './replay-program.ts';

/** Where a replay stands: one customer's account, the plan they are on, and the row that it counts for. */
export class ReplayPlace {
  readonly #out: Float64Array;
  account = new AccountState();
  program!: ReplayProgram;
  /** Of the customer's time on that plan. */
  segment = 0;
  /** The segment's row of metrics. */
  row: Float64Array;
  isOpen = false;
  /** Something that the books no longer know has happened: what follows cannot be compared. */
  isBlurred = false;

  constructor(out: Float64Array) {
    this.#out = out;
    this.row = out.subarray(0, METRIC_COUNT);
  }

  /** Goes to a customer who has yet to begin. */
  reset(segment: number): void {
    this.account = new AccountState();
    this.isOpen = false;
    this.isBlurred = false;
    this.enter(segment);
  }

  enter(segment: number): void {
    this.segment = segment;
    this.row = this.#out.subarray(segment * METRIC_COUNT, (segment + 1) * METRIC_COUNT);
  }

  add(metric: keyof typeof METRIC, amount: number): void {
    addTo(this.row, METRIC[metric], amount);
  }
}

/** Adds to one metric of a row. */
export function addTo(row: Float64Array, metric: number, amount: number): void {
  row[metric] = (row[metric] ?? 0) + amount;
}
