import type { Operation } from './operation.ts';

export interface QueueTimes {
  /** How long what nobody waits for may wait for something urgent to go with. */
  readonly restMs: number;
  /** So many are worth a batch, urgent or not. */
  readonly fullEnough: number;
}

/**
 * What waits for a batch, in order, and whether it may go on waiting.
 *
 * States: empty → resting (nobody waits for any of it) → due, when something urgent comes, enough has
 * come, or the oldest has rested long enough.
 */
export class OperationQueue {
  readonly #times: QueueTimes;
  #operations: Operation[] = [];
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;

  constructor(times: QueueTimes) {
    this.#times = times;
  }

  get length(): number {
    return this.#operations.length;
  }

  get isDue(): boolean {
    return this.#isDue && this.#operations.length > 0;
  }

  push(operation: Operation): void {
    this.#operations.push(operation);
    const { restMs, fullEnough } = this.#times;
    if (operation.isUrgent || this.#operations.length >= fullEnough) this.hurry();
    else this.#timer ??= setTimeout(() => this.hurry(), restMs);
  }

  /** Puts what was taken before back to the head. */
  comeBack(operations: readonly Operation[]): void {
    if (operations.length === 0) return;
    this.#operations.unshift(...operations);
    this.hurry();
  }

  /** Takes so many from the head. */
  take(max: number): Operation[] {
    const taken = this.#operations.splice(0, max);
    this.#isDue = this.#operations.length > 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return taken;
  }

  /** Takes out what does not last. */
  takeFleeting(): readonly Operation[] {
    const fleeting = this.#operations.filter(({ lasting }) => !lasting);
    this.#operations = this.#operations.filter(({ lasting }) => lasting);
    return fleeting;
  }

  /** Everything, as it stands; taking nothing. */
  [Symbol.iterator](): Iterator<Operation> {
    return [...this.#operations][Symbol.iterator]();
  }

  /** Nothing in here rests any longer. */
  hurry(): void {
    this.#isDue = true;
    this.wake();
  }

  /** Ends {@link change}. */
  wake(): void {
    this.#wake();
  }

  /** Until there may be something to do. One may wait at a time. */
  change(): Promise<void> {
    return new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
