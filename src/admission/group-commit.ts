import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseAddress } from '#db/database-address.ts';
import { storeError } from '#db/store-error.ts';
import type { AccountCache } from './account-cache.ts';
import { overloaded, refused, shuttingDown, unavailable } from './admission-errors.ts';
import { Batch } from './batch.ts';
import { BatchSize } from './batch-size.ts';
import { BatchConnection } from './batch-connection.ts';
import { type Progress, Transactor } from './transactor.ts';
import type { Operation } from './operation.ts';
import { OperationQueue } from './operation-queue.ts';
import type { SharedGates } from './shared-gates.ts';
import type { WriteSet } from './write-set.ts';

export interface GroupCommitLimits {
  /** How long to collect before a batch, also right after one, while many operations come. */
  readonly collectMs: number;
  /** How long what nobody waits for may rest before it goes into a batch. */
  readonly restMs: number;
  /** So many operations go together, whether somebody waits for them or not. */
  readonly restMax: number;
  /** Of operations that somebody waits for, how many go into a batch while little comes. */
  readonly batchFirst: number;
  /** Operations in one batch at most. */
  readonly batchMax: number;
  /** Operations that may wait for a batch; further requests are refused. */
  readonly waitingMax: number;
  /** How long the caller of a settlement waits through an outage; the settlement itself waits on. */
  readonly lastingAnswerMs: number;
}

export interface GroupCommitOptions {
  readonly address: DatabaseAddress;
  readonly cache: AccountCache;
  readonly writes: WriteSet;
  readonly gates: SharedGates;
  readonly limits?: Partial<GroupCommitLimits>;
  /** Errors that no caller can be blamed for. Holds no money, keys or prompts. */
  readonly onTrouble?: (trouble: Trouble) => void;
  /** Called whenever the store answers, at first and again. */
  readonly onReady?: () => void;
}

export interface Trouble {
  readonly kind: 'store_lost' | 'batch_refused' | 'operation_failed' | 'lease';
  readonly error: unknown;
}

const DEFAULT_LIMITS: GroupCommitLimits = {
  collectMs: 1,
  restMs: 150,
  restMax: 32,
  batchFirst: 4,
  batchMax: 512,
  waitingMax: 20_000,
  lastingAnswerMs: 5000,
};
/** A batch of this size is worth its round trips: collecting longer would only add latency. */
const FULL_ENOUGH = 256;
const DRAIN_POLL_MS = 2;
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1000;
/** What an operation may need: its plan, account numbers, scopes, an event, a slice; each once or twice. */
const POSTPONEMENTS_MAX = 20;

/**
 * The account actor of a process: one connection, one batch in flight. Operations of many requests
 * share a transaction: their accounts are locked in sorted order, they are decided in memory one
 * after the other, everything is written, and only after the commit is anybody answered.
 *
 * States: open → draining → closed; and, beside that, with a connection or without one. Without one,
 * at first and after a loss, requests are refused at once, what is lasting is kept, and the actor
 * connects again by itself.
 *
 * Whatever happens to a batch, each of its operations is answered once:
 * - the store refuses the batch: it is taken apart by halves until the operation at fault is alone;
 * - the connection breaks before the commit: requests are refused, lasting operations wait;
 * - it breaks during the commit: as before, and holds that were perhaps made are released later.
 */
export class GroupCommit {
  readonly #address: DatabaseAddress;
  readonly #cache: AccountCache;
  readonly #writes: WriteSet;
  readonly #transactor: Transactor;
  readonly #gates: SharedGates;
  readonly #limits: GroupCommitLimits;
  readonly #onTrouble: (trouble: Trouble) => void;
  readonly #onReady: () => void;
  readonly #closing = new AbortController();
  #phase: 'open' | 'draining' | 'closed' = 'open';
  #connection: BatchConnection | undefined;
  readonly #queue: OperationQueue;
  /** By account, the ends of holds that wait for something: what comes after them waits for it too. */
  readonly #heldUp = new Map<string, Promise<void>>();
  #busy = false;
  readonly #size: BatchSize;
  #preparing = 0;
  #downSinceMs = 0;
  #releaseTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: GroupCommitOptions) {
    this.#address = options.address;
    this.#cache = options.cache;
    this.#writes = options.writes;
    this.#transactor = new Transactor(options.writes);
    this.#gates = options.gates;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#size = new BatchSize({ first: this.#limits.batchFirst, max: this.#limits.batchMax });
    this.#queue = new OperationQueue(this.#limits);
    this.#onTrouble = options.onTrouble ?? (() => undefined);
    this.#onReady = options.onReady ?? (() => undefined);
  }

  /** Whether so much comes that a batch is never alone, and waiting for one costs little. */
  get isCrowded(): boolean {
    return this.#size.isCrowded;
  }

  /** Whether requests are taken right now. */
  get ready(): boolean {
    return this.#phase === 'open' && this.#connection !== undefined;
  }

  /** Lets nothing rest: somebody wants to see it done. */
  hurry(): void {
    this.#queue.hurry();
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Connects and starts to work. @throws DomainError `store_unavailable` */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      throw unavailable(error);
    }
    this.#running = this.#run();
  }

  /** Puts an operation into the next batch; it is answered exactly once. */
  submit(operation: Operation): void {
    const heldUp = this.#heldUp.get(operation.account);
    if (heldUp === undefined) this.#take(operation);
    else void this.#afterwards(operation, () => heldUp);
  }

  #take(operation: Operation): void {
    if (this.#phase === 'closed' || (this.#phase === 'draining' && !operation.lasting)) {
      operation.fail(shuttingDown());
      return;
    }
    if (!operation.lasting) {
      if (this.#connection === undefined) return operation.fail(unavailable(undefined));
      if (this.#queue.length >= this.#limits.waitingMax) return operation.fail(overloaded());
    } else if (this.#connection === undefined && this.#outageMs() > this.#limits.lastingAnswerMs) {
      operation.release(unavailable(undefined));
    }
    this.#queue.push(operation);
    // What was put off has rested.
    if (this.#phase !== 'open' || operation.postponements > 0) this.#queue.hurry();
  }

  /**
   * Takes no more requests and waits until everything lasting is booked, or until the time is over.
   * @returns how many operations were left; their holds are for the reaper.
   */
  async drain(timeoutMs: number): Promise<number> {
    if (this.#phase === 'open') this.#phase = 'draining';
    this.#queue.hurry();
    const deadlineMs = performance.now() + timeoutMs;
    while (
      (this.#queue.length + this.#preparing > 0 || this.#busy) &&
      performance.now() < deadlineMs
    ) {
      await sleep(DRAIN_POLL_MS);
    }
    return this.#queue.length + this.#preparing;
  }

  /** Ends after the batch in flight; whatever waits is told so. */
  async close(): Promise<void> {
    this.#phase = 'closed';
    this.#closing.abort();
    clearTimeout(this.#releaseTimer);
    this.#queue.wake();
    await this.#running;
    for (const operation of this.#queue.takeAll()) operation.fail(shuttingDown());
    await this.#connection?.close();
    this.#connection = undefined;
  }

  async #run(): Promise<void> {
    while (this.#phase !== 'closed') {
      if (this.#connection === undefined) await this.#reconnect();
      else if (this.#connection.broken) this.#disconnect(undefined);
      else if (!this.#queue.isDue) {
        this.#size.idle();
        await this.#queue.change();
      } else await this.#commitNext();
    }
  }

  async #commitNext(): Promise<void> {
    if (!this.#size.isCrowded) await turnOver();
    else if (this.#queue.length < FULL_ENOUGH) await sleep(this.#limits.collectMs);
    const operations = this.#queue.take(this.#limits.batchMax, this.#size.urgentMax);
    this.#busy = true;
    await this.#commit(operations);
    this.#busy = false;
    this.#size.took(countUrgent(operations), this.#queue.isDue);
  }

  /** One batch, or, where the store refuses it, its halves. Never throws. */
  async #commit(operations: readonly Operation[]): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return this.#putOff(operations, undefined, false);
    const batch = new Batch(operations, {
      cache: this.#cache,
      writes: this.#writes,
      gates: this.#gates,
    });
    const progress: Progress = { committing: false };
    try {
      await this.#transactor.commit(connection, batch, progress);
    } catch (error) {
      for (const key of batch.accountKeys) this.#cache.drop(key);
      this.#writes.clear();
      const isLost = connection.broken || storeError(error) !== undefined;
      if (isLost || !(await this.#transactor.rollBack(connection))) {
        this.#disconnect(error);
        return this.#putOff(operations, error, progress.committing);
      }
      return this.#takeApart(operations, error);
    }
    batch.keep();
    for (const operation of operations) {
      const refusal = batch.refusalOf(operation);
      if (refusal !== undefined) operation.fail(refusal);
      else if (!batch.postponed.has(operation)) operation.answer();
    }
    this.#postpone(batch.postponed);
  }

  /** Brings operations back that could not be decided yet, each a bounded number of times. */
  #postpone(postponed: ReadonlyMap<Operation, (() => Promise<void>) | undefined>): void {
    const now: Operation[] = [];
    for (const [operation, prepare] of postponed) {
      operation.postponements += 1;
      const heldUp = this.#heldUp.get(operation.account);
      if (operation.postponements > POSTPONEMENTS_MAX) operation.fail(overloaded());
      else if (prepare !== undefined) this.#holdUp(operation, this.#afterwards(operation, prepare));
      else if (heldUp !== undefined) void this.#afterwards(operation, () => heldUp);
      else now.push(operation);
    }
    this.#queue.comeBack(now);
  }

  /** A hold that has ended counts as ended for whatever is asked later: that waits with it. */
  #holdUp({ account, lasting }: Operation, prepared: Promise<void>): void {
    if (!lasting) return;
    this.#heldUp.set(account, prepared);
    void prepared.finally(() => {
      if (this.#heldUp.get(account) === prepared) this.#heldUp.delete(account);
    });
  }

  /** Submits an operation again when it can be decided. Never rejects. */
  async #afterwards(operation: Operation, prepare: () => Promise<void>): Promise<void> {
    this.#preparing += 1;
    try {
      await prepare();
    } catch (error) {
      if (!operation.lasting || storeError(error) === undefined) {
        operation.fail(storeError(error) ?? refused(error));
        return;
      }
      // The store went away: the operation waits for it like any other.
      await sleep(RECONNECT_MS_MAX, undefined, { signal: this.#closing.signal }).catch(
        () => undefined,
      );
      operation.postponements = 0;
    } finally {
      this.#preparing -= 1;
    }
    this.#take(operation);
  }

  async #takeApart(operations: readonly Operation[], error: unknown): Promise<void> {
    const [first] = operations;
    if (operations.length === 1 && first !== undefined) {
      this.#onTrouble({ kind: 'operation_failed', error });
      first.fail(refused(error));
      return;
    }
    this.#onTrouble({ kind: 'batch_refused', error });
    const middle = operations.length >> 1;
    await this.#commit(operations.slice(0, middle));
    await this.#commit(operations.slice(middle));
  }

  /**
   * Operations that an outage caught: requests are refused, what is lasting returns to the head of
   * the queue. Where the commit was on its way, holds that were perhaps made are to be released.
   */
  #putOff(operations: readonly Operation[], error: unknown, committing: boolean): void {
    const kept: Operation[] = [];
    for (const operation of operations) {
      if (operation.lasting) {
        kept.push(operation);
        continue;
      }
      const compensation = committing ? operation.compensation() : undefined;
      if (compensation !== undefined) kept.push(compensation);
      operation.fail(unavailable(error, committing));
    }
    this.#queue.comeBack(kept);
  }

  #disconnect(error: unknown): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    void connection.close();
    this.#downSinceMs = performance.now();
    this.#onTrouble({ kind: 'store_lost', error });
    for (const operation of this.#queue.takeFleeting()) operation.fail(unavailable(error));
    this.#releaseTimer = setTimeout(() => {
      for (const operation of this.#queue) operation.release(unavailable(error));
    }, this.#limits.lastingAnswerMs).unref();
  }

  async #reconnect(): Promise<void> {
    let pauseMs = RECONNECT_MS_MIN;
    while (this.#phase !== 'closed') {
      try {
        await this.#connect();
        return;
      } catch (error) {
        this.#onTrouble({ kind: 'store_lost', error });
      }
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      pauseMs = Math.min(RECONNECT_MS_MAX, pauseMs * 2);
    }
  }

  async #connect(): Promise<void> {
    const connection = await BatchConnection.open(this.#address, () => this.#queue.wake());
    try {
      await this.#transactor.prepare(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
    clearTimeout(this.#releaseTimer);
    this.#connection = connection;
    this.#queue.hurry();
    this.#onReady();
  }

  #outageMs(): number {
    return performance.now() - this.#downSinceMs;
  }
}

/** Until what has come in this turn of the event loop has been seen. */
function turnOver(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function countUrgent(operations: readonly Operation[]): number {
  return operations.reduce((count, { isUrgent }) => (isUrgent ? count + 1 : count), 0);
}
