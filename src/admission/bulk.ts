import type { DomainError } from '#base/domain-error.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import type { DecisionRequest } from '#plans/decision.ts';
import { AccountCache } from './account-cache.ts';
import { AccountTurns, type Turn } from './account-turns.ts';
import type { AccountChange, AccountRef, ChangeResult } from './account-change.ts';
import type {
  Admitted,
  DecisionEvidence,
  Measurement,
  Refused,
  Settled,
  Subject,
} from './admission.ts';
import { AdmitOperation } from './admit-operation.ts';
import type { Batch } from './batch.ts';
import { ChangeOperation } from './change-operation.ts';
import type { AdmissionContext } from './context.ts';
import { GroupCommit, type Trouble } from './group-commit.ts';
import { PendingOperation } from './pending-operation.ts';
import { SettleOperation } from './settle-operation.ts';
import type { SharedGates } from './shared-gates.ts';
import { WriteSet } from './write-set.ts';

/** One request whose end is known before it begins. */
export interface BulkRequest {
  readonly subject: Subject;
  /** Its `atMs` is the simulated or recorded instant. */
  readonly request: DecisionRequest;
  readonly evidence: DecisionEvidence;
  /** What it uses if it is admitted as this candidate. */
  readonly measure: (admitted: Admitted) => Measurement;
}

export type BulkOutcome =
  | { readonly decision: Refused }
  | { readonly decision: Admitted; readonly settled: Settled };

/** Transactions of this many operations make the round trips and the fsync negligible. */
const BATCH_MAX = 4000;
const ACCOUNTS_MAX = 50_000;
/** What may wait: two batches, so that the next one is ready when one returns. */
const IN_FLIGHT_MAX = 2 * BATCH_MAX;

/**
 * Admits and settles many requests in given time, in large batches: the same kernel, the same writes
 * and the same books as live traffic, without a hold that outlives its batch. Requests of one account
 * must be given in the order of their instants, and are decided in that order.
 */
export class BulkAdmission {
  readonly #context: AdmissionContext;
  readonly #actor: GroupCommit;
  readonly #gates: SharedGates;
  readonly #turns = new AccountTurns();
  #inFlight = 0;
  #room: (() => void) | undefined;

  constructor(
    context: AdmissionContext,
    parts: { address: DatabaseAddress; gates: SharedGates; onTrouble: (trouble: Trouble) => void },
  ) {
    this.#context = context;
    this.#gates = parts.gates;
    this.#actor = new GroupCommit({
      address: parts.address,
      cache: new AccountCache(ACCOUNTS_MAX),
      writes: new WriteSet(),
      gates: parts.gates,
      limits: { batchFirst: BATCH_MAX, batchMax: BATCH_MAX, waitingMax: Number.MAX_SAFE_INTEGER },
      onTrouble: parts.onTrouble,
    });
  }

  start(): Promise<void> {
    return this.#actor.start();
  }

  /** One request, decided and settled in one batch. @throws DomainError as `admit` */
  async request(request: BulkRequest): Promise<BulkOutcome> {
    return this.#submit(new LifecycleOperation(this.#context, request));
  }

  /** A change of an account at its instant, in order with the requests. */
  change(account: AccountRef, change: AccountChange, atMs: number): Promise<ChangeResult> {
    return this.#submit(new OrderedChange(this.#context, account, change, atMs));
  }

  /** Resolves when there is room for more: await it before each call to keep memory bounded. */
  async room(): Promise<void> {
    if (this.#inFlight < IN_FLIGHT_MAX) return;
    await new Promise<void>((resolve) => (this.#room = resolve));
  }

  /** Runs a stream of requests with bounded memory, and tells what came of each. */
  async run(
    requests: Iterable<BulkRequest> | AsyncIterable<BulkRequest>,
    onOutcome: (outcome: BulkOutcome, request: BulkRequest) => void = () => undefined,
  ): Promise<void> {
    let failure: DomainError | undefined;
    const pending = new Set<Promise<void>>();
    for await (const request of requests) {
      await this.room();
      if (failure !== undefined) throw failure;
      const done: Promise<void> = this.request(request)
        .then((outcome) => onOutcome(outcome, request))
        .catch((error: unknown) => void (failure ??= error as DomainError))
        .finally(() => pending.delete(done));
      pending.add(done);
    }
    await Promise.all(pending);
    if (failure !== undefined) throw failure;
  }

  /** Ends after everything given to it is committed. */
  async close(timeoutMs = 60_000): Promise<void> {
    await this.#actor.drain(timeoutMs);
    await this.#actor.close();
    await this.#gates.returnAll();
  }

  async #submit<Result>(
    operation: PendingOperation<Result> & { turn: Turn | undefined },
  ): Promise<Result> {
    this.#inFlight += 1;
    const turn = this.#turns.take(operation);
    operation.turn = turn;
    this.#actor.submit(operation);
    try {
      return await operation.answered;
    } finally {
      this.#turns.leave(turn);
      this.#inFlight -= 1;
      if (this.#inFlight < BATCH_MAX) {
        this.#room?.();
        this.#room = undefined;
      }
    }
  }
}

/** A change of an account behind the operations that were given before it. */
class OrderedChange extends ChangeOperation {
  turn: Turn | undefined;

  override apply(batch: Batch): void {
    if (this.turn?.waits(batch) !== true) super.apply(batch);
  }
}

/** A decision and its settlement, one right after the other. */
class LifecycleOperation extends PendingOperation<BulkOutcome> {
  readonly lasting = false;
  turn: Turn | undefined;
  readonly #context: AdmissionContext;
  readonly #request: BulkRequest;

  constructor(context: AdmissionContext, request: BulkRequest) {
    super(request.subject);
    this.#context = context;
    this.#request = request;
  }

  apply(batch: Batch): void {
    if (this.turn?.waits(batch) === true) return;
    const { subject, request, evidence, measure } = this.#request;
    const admit = new AdmitOperation(this.#context, { subject, request, evidence, owner: this });
    admit.apply(batch);
    const decision = admit.outcome;
    // Undecided: it waits for a plan, a counter or a slice.
    if (decision === undefined) return;
    if (decision.verdict === 'refused') {
      this.result = { decision };
      return;
    }
    const settle = new SettleOperation(this.#context, {
      hold: decision.hold,
      measurement: measure(decision),
      atMs: decision.hold.admittedAtMs,
      owner: this,
    });
    settle.apply(batch);
    const settled = settle.outcome;
    // The numbers of its ledger accounts are not known yet: decided anew when they are.
    if (settled === undefined) batch.startOver(this);
    else this.result = { decision, settled };
  }
}
