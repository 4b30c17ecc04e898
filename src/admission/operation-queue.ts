import type { Operation } from './operation.ts';

export interface RestLimits {
  /** How long what nobody waits for may rest. */
  readonly restMs: number;
  /** So many go together, urgent or not. */
  readonly restMax: number;
}

/**
 * What waits for a batch, in order. What nobody waits for rests until enough has come together, or for
 * a while: a hold that took it along would be committed only half as fast.
 *
 * States: empty → resting → due, when something urgent comes (it goes with what its account has resting),
 * or all at once: when enough has come, the oldest has rested long enough, or somebody asks for it.
 */
export class OperationQueue {
  readonly #limits: RestLimits;
  #operations: Operation[] = [];
  #isDue = false;
  #isAllDue = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;

  constructor(limits: RestLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#operations.length;
  }

  get isDue(): boolean {
    return this.#isDue && this.#operations.length > 0;
  }

  push(operation: Operation): void {
    this.#operations.push(operation);
    const { restMs, restMax } = this.#limits;
    if (this.#operations.length >= restMax) this.hurry();
    else if (operation.isUrgent) {
      this.#isDue = true;
      this.wake();
    } else this.#timer ??= setTimeout(() => this.hurry(), restMs);
  }

  /** Puts what was taken before back to the head. */
  comeBack(operations: readonly Operation[]): void {
    if (operations.length === 0) return;
    this.#operations.unshift(...operations);
    this.hurry();
  }

  /** Takes what is due, so many at most. */
  take(max: number): Operation[] {
    if (!this.#isAllDue) return this.#takeUrgent();
    const taken = this.#operations.splice(0, max);
    this.#isAllDue = this.#operations.length > 0;
    this.#isDue = this.#isAllDue;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return taken;
  }

  /** What is urgent, and what stands before it on its accounts; fewer than {@link RestLimits.restMax}. */
  #takeUrgent(): Operation[] {
    const accounts = new Set<string>();
    for (const { isUrgent, account } of this.#operations) if (isUrgent) accounts.add(account);
    const taken: Operation[] = [];
    const left: Operation[] = [];
    for (const operation of this.#operations)
      (accounts.has(operation.account) ? taken : left).push(operation);
    this.#operations = left;
    this.#isDue = false;
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
    this.#isAllDue = true;
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
