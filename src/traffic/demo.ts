import { countText } from '#base/count-text.ts';
import type { Pool } from 'pg';
import type { AdmissionService } from '#admission/admission-service.ts';
import type { BulkOutcome, BulkRequest } from '#admission/bulk.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Random } from '#base/random.ts';
import type { ModelDirectory } from '#gateway/model-directory.ts';
import type { PlanDirectory } from '#gateway/plan-directory.ts';
import { ensurePartitionsOf } from '#ledger/partitions.store.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { demoDay, type DemoOptions } from './demo-population.ts';
import { DemoRequests } from './demo-request.ts';
import {
  accrueAll,
  beginDay,
  openAccounts,
  type Resident,
  residentsOf,
} from './demo-subscribers.ts';
import { analyseDemoTables, deleteDemoBook, insertDemoSubscribers } from './demo.store.ts';

export interface DemoDeps {
  readonly pool: Pool;
  readonly admission: Pick<AdmissionService, 'bulk'>;
  readonly models: ModelDirectory;
  readonly plans: PlanDirectory & { current(): readonly PlanVersion[] };
  /** Says when the demo ends, and how long loading it takes. */
  readonly clock: Clock;
  /** For ids; what happens in the demo depends on its seed alone. */
  readonly random: Random;
}

export interface DemoProgress {
  readonly text: string;
  /** The day that is being loaded, from 1. */
  readonly day: number;
  readonly days: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly secondsLeft: number;
}

export interface DemoResult {
  readonly subscribers: number;
  readonly requests: number;
  readonly refused: number;
  readonly seconds: number;
  readonly text: string;
}

const DAY_MS = 86_400_000;
const PROGRESS_EVERY_MS = 1000;

/**
 * Fills the demo book with the last `days` days of subscribers drawn from the published tail: each of
 * their requests decided and settled at its own instant by the kernel that bills live traffic. A load
 * that fails or is aborted takes back what it had loaded.
 * @throws DomainError `conflict` where the demo is loaded already, `invalid_configuration` where a
 *   starter plan or simulated model is missing, `store_unavailable`; the signal's reason
 */
export async function loadDemo(
  deps: DemoDeps,
  options: Omit<DemoOptions, 'endMs'>,
  onProgress: (progress: DemoProgress) => void,
  signal?: AbortSignal,
): Promise<DemoResult> {
  const load = new DemoLoad(deps, options, onProgress, signal);
  await load.settleIn();
  try {
    await load.run();
  } catch (error) {
    // Whoever waits must hear what went wrong; if the store is away, "drop it first" says the rest.
    await deleteDemoBook(deps.pool).catch(() => undefined);
    throw error;
  }
  await analyseDemoTables(deps.pool);
  return load.result();
}

/** Removes the demo book, and nothing else. @throws DomainError `store_unavailable` */
export async function dropDemo(pool: Pool): Promise<{ rows: number; text: string }> {
  const rows = await deleteDemoBook(pool);
  return {
    rows,
    text:
      rows === 0 ? 'There was no demo to drop.' : `Dropped the demo: ${countText(rows, 'row')}.`,
  };
}

/** One load: settle in, run, result. */
class DemoLoad {
  readonly #deps: DemoDeps;
  readonly #demo: DemoOptions;
  readonly #startedMs: number;
  readonly #onProgress: (progress: DemoProgress) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #residents: readonly Resident[];
  readonly #byCustomer: ReadonlyMap<string, Resident>;
  readonly #expected: number;
  /** Of `#expected`, what has been handed over. */
  #expectedDone = 0;
  #requests = 0;
  #refused = 0;
  #toldMs: number;

  constructor(
    deps: DemoDeps,
    options: Omit<DemoOptions, 'endMs'>,
    onProgress: (progress: DemoProgress) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#deps = deps;
    this.#onProgress = onProgress;
    this.#signal = signal;
    this.#startedMs = deps.clock.nowMs();
    this.#toldMs = this.#startedMs;
    // Whole days of UTC, so that windows of a day only ever move forward; the last one ends now.
    const today = this.#startedMs - (this.#startedMs % DAY_MS);
    this.#demo = { ...options, endMs: today + DAY_MS };
    this.#residents = residentsOf(this.#demo, { ...deps, plans: deps.plans.current() });
    this.#byCustomer = new Map(
      this.#residents.map((resident) => [resident.subject.customerId, resident]),
    );
    this.#expected =
      options.days * this.#residents.reduce((sum, each) => sum + each.subscriber.requestsPerDay, 0);
  }

  /** Stores who subscribes. @throws DomainError `conflict` where a demo is loaded already */
  async settleIn(): Promise<void> {
    this.#signal?.throwIfAborted();
    const inserted = await insertDemoSubscribers(
      this.#deps.pool,
      this.#residents.map(({ subscription, subscriber }) => ({
        name: `Subscriber ${subscriber.index + 1}`,
        subscription,
      })),
    );
    if (inserted) return;
    throw new DomainError(
      'conflict',
      'The demo is loaded already. Drop it first: breakeven demo --drop',
    );
  }

  async run(): Promise<void> {
    const { pool, admission } = this.#deps;
    const { days, endMs } = this.#demo;
    const startMs = endMs - days * DAY_MS;
    await ensurePartitionsOf(pool, { fromMs: startMs, toMs: this.#startedMs });
    const bulk = await admission.bulk();
    try {
      await openAccounts(bulk, this.#residents);
      for (let day = 0; day < days; day++) {
        await beginDay(bulk, this.#residents, startMs + day * DAY_MS);
        await bulk.run(this.#requestsOfDay(day), (outcome, request) =>
          this.#note(outcome, request),
        );
      }
      await accrueAll(bulk, this.#residents, this.#startedMs);
    } finally {
      await bulk.close();
    }
  }

  result(): DemoResult {
    const { calibration, days, seed } = this.#demo;
    const subscribers = this.#residents.length;
    const seconds = (this.#deps.clock.nowMs() - this.#startedMs) / 1000;
    const count = (value: number): string => value.toLocaleString('en');
    return {
      subscribers,
      requests: this.#requests,
      refused: this.#refused,
      seconds,
      text:
        `Loaded ${countText(subscribers, 'subscriber')} with ${countText(this.#requests, 'request')} in ${countText(days, 'day')} ` +
        `(calibration ${calibration}, seed ${seed}), ${count(this.#refused)} of them refused, ` +
        `in ${seconds.toFixed(1)} s.\nNow: breakeven report pnl --book demo; breakeven lab recommend --book demo`,
    };
  }

  *#requestsOfDay(day: number): Generator<BulkRequest> {
    const requests = new DemoRequests(this.#deps);
    for (const resident of this.#residents) {
      for (const event of demoDay(resident.subscriber, day, this.#demo)) {
        if (event.atMs >= this.#startedMs) break;
        this.#signal?.throwIfAborted();
        yield requests.of(resident, event);
      }
      this.#expectedDone += resident.subscriber.requestsPerDay;
      this.#tell(day);
    }
  }

  #note(outcome: BulkOutcome, { subject }: BulkRequest): void {
    this.#requests++;
    if (outcome.decision.verdict === 'refused') this.#refused++;
    const resident = this.#byCustomer.get(subject.customerId);
    // What is left decides whether those who pay as they go top up tomorrow.
    if (resident) {
      resident.remainingNanoUsd =
        'settled' in outcome ? outcome.settled.remainingNanoUsd : outcome.decision.remainingNanoUsd;
    }
  }

  #tell(day: number): void {
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs - this.#toldMs < PROGRESS_EVERY_MS) return;
    this.#toldMs = nowMs;
    const { days } = this.#demo;
    const seconds = (nowMs - this.#startedMs) / 1000;
    const requestsPerSecond = Math.round(this.#requests / seconds);
    const secondsLeft = Math.round((seconds / this.#expectedDone) * this.#expected - seconds);
    this.#onProgress({
      day: day + 1,
      days,
      requests: this.#requests,
      requestsPerSecond,
      secondsLeft,
      text:
        `Day ${day + 1} of ${days}: ${this.#requests.toLocaleString('en')} requests, ` +
        `${requestsPerSecond.toLocaleString('en')} a second, about ${secondsLeft} s left`,
    });
  }
}
