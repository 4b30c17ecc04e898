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

  /**
   * Takes what is due: so many at most, and of what is urgent no more than `urgentMax`. What stays
   * keeps its place, and so does whatever comes after it on the same account.
   */
  take(max: number, urgentMax: number): Operation[] {
    if (this.#isAllDue && urgentMax >= max) return this.#takeFirst(max);
    const due = this.#isAllDue ? undefined : this.#urgentAccounts(urgentMax);
    const taken: Operation[] = [];
    const left: Operation[] = [];
    const behind = new Set<string>();
    let urgent = 0;
    for (const operation of this.#operations) {
      const { account, isUrgent } = operation;
      const isDue = due === undefined || due.has(account);
      const isOver = taken.length >= max || (isUrgent && urgent >= urgentMax);
      if (!isDue || isOver || behind.has(account)) {
        left.push(operation);
        if (isDue) behind.add(account);
        continue;
      }
      taken.push(operation);
      if (isUrgent) urgent += 1;
    }
    this.#operations = left;
    if (this.#isAllDue || left.length === 0) this.#restIsOver();
    this.#isAllDue = this.#isAllDue && left.length > 0;
    this.#isDue = this.#isAllDue || left.some(({ isUrgent }) => isUrgent);
    return taken;
  }

  /** Everything. */
  takeAll(): Operation[] {
    return this.#takeFirst(this.#operations.length);
  }

  #takeFirst(max: number): Operation[] {
    const taken = this.#operations.splice(0, max);
    this.#isAllDue = this.#operations.length > 0;
    this.#isDue = this.#isAllDue;
    this.#restIsOver();
    return taken;
  }

  #restIsOver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** With what is urgent goes what stands before it on its account. */
  #urgentAccounts(urgentMax: number): ReadonlySet<string> {
    const accounts = new Set<string>();
    let urgent = 0;
    for (const { isUrgent, account } of this.#operations) {
      if (!isUrgent) continue;
      accounts.add(account);
      urgent += 1;
      if (urgent >= urgentMax) break;
    }
    return accounts;
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

  /** Nothing in here rests any longer. What comes later does, with a time of its own. */
  hurry(): void {
    const isAny = this.#operations.length > 0;
    if (!isAny) this.#restIsOver();
    this.#isDue = isAny;
    this.#isAllDue = isAny;
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
