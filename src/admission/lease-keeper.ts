import { hostname } from 'node:os';
import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import { isRunning } from '#db/process-identity.ts';
import { storeError } from '#db/store-error.ts';
import { NO_USAGE } from '#metering/usage.ts';
import { ensurePartitions } from '#ledger/partitions.store.ts';
import { type HoldNote, holdsOf } from './account-record.ts';
import type { HoldRef, Measurement, Settled } from './admission.ts';
import type { Trouble } from './group-commit.ts';
import { readHoldColumns } from './holds.store.ts';
import {
  endLeases,
  markReaped,
  openLease,
  type ProcessLease,
  readLeases,
  renewLease,
} from './process-lease.store.ts';
import { removeJournals, type SentRequests, sentByProcess } from './sent-journal.ts';
import { utcDay } from '#base/utc-day.ts';

export interface LeaseTimes {
  /** How long a process counts as alive after its last sign of life. */
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** How often holds of dead processes are looked for, whether one is known to have died or not. */
  readonly reapMs: number;
}

const DEFAULT_TIMES: LeaseTimes = { leaseMs: 30_000, heartbeatMs: 5000, reapMs: 180_000 };

export interface LeaseKeeperOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly settle: (hold: HoldRef, measurement: Measurement) => Promise<Settled>;
  /** Ends a hold of a dead process that was never sent. */
  readonly release: (hold: HoldRef) => Promise<void>;
  readonly onTrouble: (trouble: Trouble) => void;
  /** Where processes of this machine note what they send. */
  readonly sentDirectory?: string;
  readonly times?: Partial<LeaseTimes>;
}

/**
 * Keeps this process's lease alive and resolves what dead processes held, by their own journals: what
 * was not sent is released, and what was measured is booked as measured. For the rest the held cost is
 * booked as an estimate and flagged, and the customer is charged nothing for an answer that nobody can
 * prove.
 *
 * A process is dead when it said goodbye, when it ran on this machine and runs no more, or when its
 * lease ran out while we were connected all the time: after an outage of the store every lease looks
 * old, so nobody is declared dead by the clock before one lease time has passed since.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #times: LeaseTimes;
  #number = 0;
  #partitionsOf = '';
  #connectedSinceMs = 0;
  #lastReapMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #reaping: Promise<number> | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
  }

  /** This process's number; a new one after its lease was ended by others. */
  get number(): number {
    return this.#number;
  }

  async open(): Promise<void> {
    const { pool, clock, random } = this.#options;
    this.#number = await openLease(pool, newId('process', clock, random), this.#times.leaseMs);
  }

  /** Begins to beat, and reaps at once what died on this machine. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#ticking = this.#tick();
    }, this.#times.heartbeatMs);
    this.#timer.unref();
    this.#ticking = this.#tick();
  }

  /** The store answers after it did not, or for the first time. */
  storeIsBack(): void {
    this.#connectedSinceMs = performance.now();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
  }

  /** Says goodbye: another process resolves at once what is still held. */
  async end(): Promise<void> {
    await endLeases(this.#options.pool, [this.#number]).catch(() => undefined);
  }

  /** Resolves the holds of all processes that are dead. @returns how many there were. */
  reap(): Promise<number> {
    this.#reaping ??= this.#reap().finally(() => (this.#reaping = undefined));
    return this.#reaping;
  }

  async #tick(): Promise<void> {
    try {
      if (!(await renewLease(this.#options.pool, this.#number))) await this.open();
      await this.#makePartitions();
      const due = performance.now() - this.#lastReapMs >= this.#times.reapMs;
      const leases = await readLeases(this.#options.pool);
      if (due || leases.some((lease) => this.#isDead(lease))) await this.reap();
    } catch (error) {
      if (storeError(error) !== undefined) this.#connectedSinceMs = performance.now();
      this.#options.onTrouble({ kind: 'lease', error });
    }
  }

  async #makePartitions(): Promise<void> {
    const { pool, clock } = this.#options;
    const day = utcDay(clock.nowMs());
    if (day === this.#partitionsOf) return;
    await ensurePartitions(pool, clock.nowMs());
    this.#partitionsOf = day;
  }

  async #reap(): Promise<number> {
    const { pool, settle, release, sentDirectory } = this.#options;
    this.#lastReapMs = performance.now();
    const living = new Map<number, boolean>([[this.#number, true]]);
    const sent = new Map<number, SentRequests | undefined>();
    const look = async (): Promise<readonly number[]> => {
      const leases = await readLeases(pool);
      for (const lease of leases) {
        const isDead = this.#isDead(lease);
        living.set(lease.number, !isDead);
        if (isDead && !sent.has(lease.number)) sent.set(lease.number, this.#sentBy(lease));
      }
      return leases.flatMap(({ number }) => (living.get(number) === true ? [] : [number]));
    };
    const dead = await look();
    await endLeases(pool, dead);
    let resolved = 0;
    for await (const row of readHoldColumns(pool)) {
      const holds = holdsOf(row);
      // A process that began after we looked is no dead one: look again before saying so.
      if (holds.some(({ note }) => !living.has(note.process))) await look();
      const ends = holds.flatMap(({ requestId, admittedAtMs, note }) => {
        if (living.get(note.process) === true) return [];
        const customerId = idFromUuid('customer', row.customer);
        const hold = { book: row.book, customerId, requestId, admittedAtMs };
        const known = sent.get(note.process);
        const end =
          known === undefined || known.has(requestId)
            ? settle(hold, known?.get(requestId) ?? estimateOf(note)).then(
                ({ repeated }) => !repeated,
              )
            : release(hold).then(() => true);
        return [end.catch(endedByAnother)];
      });
      resolved += (await Promise.all(ends)).filter(Boolean).length;
    }
    await markReaped(pool, dead);
    if (sentDirectory !== undefined) removeJournals(sentDirectory, await readLeases(pool));
    return resolved;
  }

  /** What a dead process may have sent; `undefined` where nobody can say. */
  #sentBy(lease: ProcessLease): SentRequests | undefined {
    const { sentDirectory } = this.#options;
    if (sentDirectory === undefined || lease.host !== hostname()) return undefined;
    return sentByProcess(sentDirectory, lease);
  }

  #isDead(lease: ProcessLease): boolean {
    if (lease.number === this.#number) return false;
    if (lease.ended) return true;
    if (lease.host === hostname() && !isRunning(lease)) return true;
    return !lease.live && performance.now() - this.#connectedSinceMs > this.#times.leaseMs;
  }
}

/** Two reapers may know differently much of one process: who is first ends the hold. */
function endedByAnother(error: unknown): false {
  if (error instanceof DomainError && error.code === 'conflict') return false;
  throw error;
}

function estimateOf(note: HoldNote): Measurement {
  const costNanoUsd = nanoUsd(note.costNanoUsd);
  return {
    attempts: [
      {
        supplier: note.supplier,
        model: note.model,
        serviceTier: 'standard',
        usage: NO_USAGE,
        costNanoUsd,
        priceVersionId: note.priceVersionId as Id<'priceVersion'>,
      },
    ],
    actual: { tokens: note.tokens, costNanoUsd, chargeNanoUsd: nanoUsd(0) },
    estimated: true,
    outcome: 'process_died',
    upstreamMs: 0,
  };
}
