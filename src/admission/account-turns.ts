import type { Batch } from './batch.ts';
import type { Operation } from './operation.ts';

/** An operation whose end can be waited for. */
export type AwaitedOperation = Operation & { readonly answered: Promise<unknown> };

/** One operation's place in the order of its account. */
export class Turn {
  readonly #turns: AccountTurns;
  readonly #operation: AwaitedOperation;
  readonly #key: string;
  /** The one before it, until that one is over. */
  previous: Turn | undefined;
  isOver = false;
  #appliedIn: Batch | undefined;

  constructor(
    turns: AccountTurns,
    operation: AwaitedOperation,
    place: { readonly key: string; readonly previous: Turn | undefined },
  ) {
    this.#turns = turns;
    this.#operation = operation;
    this.#key = place.key;
    this.previous = place.previous;
  }

  get key(): string {
    return this.#key;
  }

  get ended(): Promise<void> {
    return this.#operation.answered.then(
      () => undefined,
      () => undefined,
    );
  }

  /**
   * Whether an earlier operation of the account has yet to be decided: it waits for a plan, a counter
   * or a slice. This one is then left for a later batch.
   */
  waits(batch: Batch): boolean {
    const { previous } = this;
    if (previous === undefined || previous.isOver) this.previous = undefined;
    else if (previous.#appliedIn !== batch) {
      batch.postpone(this.#operation, () => this.#turns.first(this.#key));
      return true;
    } else if (batch.postponed.has(previous.#operation)) {
      // With the next batch as well, right behind it, unless it has to wait for something first.
      const isNext = batch.postponed.get(previous.#operation) === undefined;
      if (isNext) batch.postpone(this.#operation);
      else batch.postpone(this.#operation, () => this.#turns.first(this.#key));
      return true;
    }
    this.#appliedIn = batch;
    return false;
  }
}

/**
 * Keeps the operations of each account in the order in which they were given, also when one of them
 * has to wait and others would not: where instants are given, a later one decided first would move
 * the account's time past the earlier one.
 */
export class AccountTurns {
  /** By account, in order, what is not over yet. */
  readonly #lines = new Map<string, Set<Turn>>();
  readonly #last = new Map<string, Turn>();

  take(operation: AwaitedOperation): Turn {
    const key = operation.account;
    const turn = new Turn(this, operation, { key, previous: this.#last.get(key) });
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, new Set([turn]));
    else line.add(turn);
    this.#last.set(key, turn);
    return turn;
  }

  leave(turn: Turn): void {
    turn.isOver = true;
    turn.previous = undefined;
    const line = this.#lines.get(turn.key);
    line?.delete(turn);
    if (line?.size !== 0) return;
    this.#lines.delete(turn.key);
    this.#last.delete(turn.key);
  }

  /** Until the first operation of an account that is not over yet has ended. */
  async first(key: string): Promise<void> {
    for (const turn of this.#lines.get(key) ?? []) return turn.ended;
  }
}
