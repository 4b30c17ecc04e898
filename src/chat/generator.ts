import type { Pool } from 'pg';
import type { Receipt } from '#admission/receipt.store.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid } from '#base/id.ts';
import type { Caller } from '#gateway/caller.ts';
import type { Errand } from '#gateway/errand.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { GatewayLog } from '#gateway/gateway-log.ts';
import type { PlanDirectory } from '#gateway/plan-directory.ts';
import type { ChatActor } from './actor.ts';
import { followLog } from './follow-log.ts';
import { GenerationRun } from './generation-run.ts';
import {
  askToStop,
  endGeneration,
  type Orphan,
  orphanedGenerations,
  readGeneration,
} from './generations.store.ts';
import type { EndStatus, NumberedEntry } from './log-entry.ts';
import { type Taking, takingOf } from './taking.ts';
import { LogWriter } from './log-writer.ts';
import type { Source } from './part.ts';

export interface GeneratorDeps {
  readonly pool: Pool;
  readonly gateway: Pick<Gateway, 'call'>;
  readonly plans: PlanDirectory;
  readonly receipt: (
    owner: Pick<Caller, 'book' | 'customerId'>,
    requestId: Id<'request'>,
  ) => Promise<Receipt | 'running' | undefined>;
  /** The number of this process's lock; see ProcessOwner. */
  readonly owner: () => number;
  readonly clock: Clock;
  readonly log: GatewayLog;
}

/** One generation, written down already, to be run. */
export interface GenerationPlan {
  readonly id: Id<'generation'>;
  readonly caller: Caller;
  readonly body: Buffer;
  /** Searches the web before the model is asked, and says into the log what it finds. */
  readonly search?:
    | ((say: (entry: SearchEntry) => void) => Errand & { readonly sources: () => number })
    | undefined;
}

export type SearchEntry =
  | {
      readonly type: 'search';
      readonly query: string;
      readonly provider: string;
      readonly results: number;
    }
  | Source;

/**
 * Runs generations in this process, and lets anybody follow any generation of any process.
 *
 * A run belongs to the server: no tab is needed for it, and none can end it but by asking. Another
 * process's generations are followed through the database and woken by notifications.
 */
export class Generator {
  readonly #deps: GeneratorDeps;
  readonly #writer: LogWriter;
  readonly #runs = new Map<Id<'generation'>, GenerationRun>();
  /** Followers of other processes' generations. */
  readonly #wakers = new Map<Id<'generation'>, Set<() => void>>();

  constructor(deps: GeneratorDeps) {
    this.#deps = deps;
    this.#writer = new LogWriter({
      pool: deps.pool,
      owner: deps.owner,
      onLost: (log) => this.#runs.get(log.id)?.stop(),
      onTrouble: (error) => deps.log.warn({ err: error }, 'a chat log waits for the store'),
    });
  }

  get running(): number {
    return this.#runs.size;
  }

  /** Starts it and does not wait. */
  start(plan: GenerationPlan): void {
    const run = new GenerationRun(this.#deps, this.#writer, plan);
    this.#runs.set(plan.id, run);
    void run.done.finally(() => this.#runs.delete(plan.id));
  }

  /**
   * Stops a generation wherever it runs. Text that came stays, and is billed. Where it runs in this
   * process, all that was said is durable and on its way to its followers afterwards: they need not
   * wait for the end, which is written when the answer is booked.
   * @throws DomainError `not_found`
   */
  async stop(actor: ChatActor, id: Id<'generation'>): Promise<void> {
    const state = await readGeneration(this.#deps.pool, actor, id);
    if (!state.isRunning) return;
    const run = this.#runs.get(id);
    if (run) {
      run.stop();
      await this.#writer.flushed(run.log);
    } else await askToStop(this.#deps.pool, id);
  }

  /** By notification: somebody asked another process to stop what may run here. */
  stopHere(uuid: string): void {
    this.#runs.get(idFromUuid('generation', uuid))?.stop();
  }

  /** By notification: logs in other processes have grown. */
  wake(uuids: string): void {
    for (const uuid of uuids.split(','))
      for (const wake of this.#wakers.get(idFromUuid('generation', uuid)) ?? []) wake();
  }

  /** Notifications may have been missed. */
  wakeAll(): void {
    for (const wakers of this.#wakers.values()) for (const wake of wakers) wake();
  }

  /**
   * The entries of a log after a number, as they become durable, until its end. First comes an empty
   * batch: there is such a log, and this actor may read it, however long its next entry takes.
   * @throws DomainError `not_found`
   */
  async *follow(
    actor: ChatActor,
    id: Id<'generation'>,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly NumberedEntry[]> {
    const { pool } = this.#deps;
    const state = await readGeneration(pool, actor, id);
    if (after > state.lastSeq)
      throw new DomainError('invalid_request', 'The log is not that long yet.', {
        field: 'after',
        facts: { lastSeq: state.lastSeq },
      });
    yield [];
    yield* followLog({
      pool,
      id,
      after,
      signal,
      local: () => this.#runs.get(id)?.log,
      onWake: (wake) => this.#listen(id, wake),
    });
  }

  /** Ends what dead processes left: what they had logged stays, marked as interrupted. */
  async sweep(): Promise<number> {
    const { pool, clock } = this.#deps;
    const orphans = await orphanedGenerations(pool);
    let ended = 0;
    for (const orphan of orphans) {
      const { id, owner } = orphan;
      const receipt = await this.#receiptOf(orphan);
      const done = await endGeneration(pool, {
        id,
        owner,
        nowMs: clock.nowMs(),
        status: statusOf(receipt),
        entries: [],
        taking: receipt && this.#takingOf(receipt),
      });
      if (done !== undefined) ended += 1;
    }
    return ended;
  }

  /** It may have been settled just before its process died: then the answer is whole, and billed. */
  async #receiptOf({ book, customerId, requestId }: Orphan): Promise<Receipt | undefined> {
    if (requestId === undefined) return undefined;
    const found = await this.#deps.receipt({ book, customerId }, requestId);
    return found === 'running' ? undefined : found;
  }

  #takingOf(receipt: Receipt): Taking {
    const plan = this.#deps.plans.plan(receipt.planVersion);
    return takingOf(receipt, { plan, ms: receipt.settledAtMs - receipt.admittedAtMs });
  }

  /** Stops all that still runs here, and waits until it is written down. */
  async close(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const run of runs) run.interrupt();
    await Promise.all(runs.map((run) => run.done));
  }

  #listen(id: Id<'generation'>, wake: () => void): () => void {
    const wakers = this.#wakers.get(id) ?? new Set();
    wakers.add(wake);
    this.#wakers.set(id, wakers);
    return () => {
      wakers.delete(wake);
      if (wakers.size === 0) this.#wakers.delete(id);
    };
  }
}

function statusOf(receipt: Receipt | undefined): EndStatus {
  switch (receipt?.outcome) {
    case 'completed':
      return 'complete';
    case 'cut_by_limit':
      return 'cut';
    case 'client_aborted':
      return 'stopped';
    default:
      return 'interrupted';
  }
}
