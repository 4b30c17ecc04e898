import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import type { Random } from '#base/random.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import { LedgerAccounts } from '#ledger/ledger-accounts.store.ts';
import type { AccountChange, AccountRef, ChangeResult } from './account-change.ts';
import { AccountCache } from './account-cache.ts';
import { AdmitOperation } from './admit-operation.ts';
import type {
  Admission,
  Admitted,
  DecisionEvidence,
  HoldRef,
  Measurement,
  Refused,
  Settled,
  Subject,
} from './admission.ts';
import { BulkAdmission } from './bulk.ts';
import { ChangeOperation } from './change-operation.ts';
import { AdmissionContext } from './context.ts';
import { ExtendOperation } from './extend-operation.ts';
import { GroupCommit, type GroupCommitLimits, type Trouble } from './group-commit.ts';
import { LeaseKeeper, type LeaseTimes } from './lease-keeper.ts';
import type { Operation } from './operation.ts';
import type { PlanSource } from './plan-source.ts';
import { SettleOperation, VoidOperation } from './settle-operation.ts';
import { SentJournal } from './sent-journal.ts';
import { SharedGates } from './shared-gates.ts';
import { WriteSet } from './write-set.ts';
import { ensurePartitions } from '#ledger/partitions.store.ts';
import type { Amounts, DecisionRequest } from '#plans/decision.ts';

export interface AdmissionOptions {
  /** For the one connection of the account actor. */
  readonly address: DatabaseAddress;
  /** For everything beside the hot path: leases, the reaper, plans. */
  readonly pool: Pool;
  readonly plans: PlanSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<GroupCommitLimits>;
  readonly leaseTimes?: Partial<LeaseTimes>;
  /** Accounts kept in memory. Default 20,000. */
  readonly accountsMax?: number;
  /** Where processes of this machine note what they send; absent: what a dead one held is estimated. */
  readonly sentDirectory?: string;
  /** What went wrong without a caller to blame. */
  readonly onTrouble?: (trouble: Trouble) => void;
}

const ACCOUNTS_MAX = 20_000;

/** {@link Admission} over PostgreSQL, with its life: start, drain, close. */
export class AdmissionService implements Admission {
  readonly #context: AdmissionContext;
  readonly #actor: GroupCommit;
  readonly #leases: LeaseKeeper;
  readonly #gates: SharedGates;
  readonly #ledger = new LedgerAccounts();
  readonly #options: AdmissionOptions;
  readonly #sent: SentJournal | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { pool, clock, sentDirectory } = options;
    this.#sent = sentDirectory === undefined ? undefined : SentJournal.begin(sentDirectory);
    this.#gates = this.#newGates();
    this.#context = this.#contextWith(this.#gates);
    const onTrouble = options.onTrouble ?? (() => undefined);
    this.#actor = new GroupCommit({
      address: options.address,
      cache: new AccountCache(options.accountsMax ?? ACCOUNTS_MAX),
      writes: new WriteSet(),
      gates: this.#gates,
      onTrouble,
      onReady: () => this.#leases.storeIsBack(),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    this.#leases = new LeaseKeeper({
      pool,
      clock,
      random: options.random,
      settle: (hold, measurement) => this.settle(hold, measurement),
      release: (hold) => this.void(hold, 'killed before it was sent'),
      onTrouble,
      ...(sentDirectory === undefined ? {} : { sentDirectory }),
      ...(options.leaseTimes === undefined ? {} : { times: options.leaseTimes }),
    });
  }

  /** Whether requests are taken right now. */
  get ready(): boolean {
    return this.#actor.ready;
  }

  /**
   * Takes a lease, connects, and resolves what dead processes of this machine left behind.
   * @throws DomainError `store_unavailable`
   */
  async start(): Promise<void> {
    await this.#leases.open();
    await ensurePartitions(this.#options.pool, this.#options.clock.nowMs());
    await this.#actor.start();
    this.#leases.start();
  }

  /** Takes no more requests; waits until everything that happened is booked. @returns what is left. */
  drain(timeoutMs: number): Promise<number> {
    return this.#actor.drain(timeoutMs);
  }

  /** Ends the actor and the lease. Holds that are still open are resolved by the reaper. */
  async close(): Promise<void> {
    await this.#leases.stop();
    await this.#actor.close();
    await this.#gates.returnAll().catch(() => undefined);
    await this.#leases.end();
    this.#sent?.close();
  }

  /** Resolves holds of dead processes now. @returns how many were resolved. */
  reap(): Promise<number> {
    return this.#leases.reap();
  }

  admit(
    subject: Subject,
    request: DecisionRequest,
    evidence: DecisionEvidence,
  ): Promise<Admitted | Refused> {
    return this.#submit(new AdmitOperation(this.#context, { subject, request, evidence }));
  }

  sending(hold: HoldRef): void {
    this.#sent?.sending(hold.requestId);
  }

  async extend(hold: HoldRef, upTo: Amounts): Promise<boolean> {
    return this.#submit(new ExtendOperation(this.#context, hold, upTo));
  }

  measured(hold: HoldRef, measurement: Measurement): boolean {
    // A note costs as much as a settlement's share of a large batch, which is on its way soon enough.
    if (this.#actor.isCrowded) return false;
    return this.#sent?.measured(hold.requestId, measurement) ?? false;
  }

  async settle(
    hold: HoldRef,
    measurement: Measurement,
    urgency: 'now' | 'soon' = 'now',
  ): Promise<Settled> {
    const isUrgent = urgency === 'now';
    const settled = await this.#submit(
      new SettleOperation(this.#context, { hold, measurement, isUrgent }),
    );
    this.#sent?.ended(hold.requestId);
    return settled;
  }

  hurry(): void {
    this.#actor.hurry();
  }

  async void(hold: HoldRef, reason: string): Promise<void> {
    await this.#submit(new VoidOperation(this.#context, hold, reason));
    this.#sent?.ended(hold.requestId);
  }

  /**
   * Opens, funds, moves or closes a period of an account, in the account's sequence.
   * @throws DomainError `no_subscription`, `conflict` (opened, renewed or granted before),
   *   `invalid_request`, `not_found`, `store_unavailable`: then repeat it, it happens once
   */
  change(account: AccountRef, change: AccountChange, atMs?: number): Promise<ChangeResult> {
    return this.#submit(new ChangeOperation(this.#context, account, change, atMs));
  }

  /**
   * A second actor beside the live one, for many requests whose time is given: demo and replay. It
   * shares this process's lease and has a connection of its own.
   * @throws DomainError `store_unavailable`
   */
  async bulk(): Promise<BulkAdmission> {
    // Slices of its own: two actors must not draft changes of the same ones.
    const gates = this.#newGates();
    const bulk = new BulkAdmission(this.#contextWith(gates), {
      address: this.#options.address,
      gates,
      onTrouble: this.#options.onTrouble ?? (() => undefined),
    });
    await bulk.start();
    return bulk;
  }

  #newGates(): SharedGates {
    return new SharedGates({ pool: this.#options.pool, process: () => this.#leases.number });
  }

  #contextWith(gates: SharedGates): AdmissionContext {
    const { clock, plans, pool } = this.#options;
    return new AdmissionContext({
      clock,
      gates,
      plans,
      pool,
      ledger: this.#ledger,
      process: () => this.#leases.number,
    });
  }

  #submit<Result>(operation: Operation & { readonly answered: Promise<Result> }): Promise<Result> {
    this.#actor.submit(operation);
    return operation.answered;
  }
}

/** Builds the durable door. Nothing is opened before `start()`. */
export function createAdmission(options: AdmissionOptions): AdmissionService {
  return new AdmissionService(options);
}
