import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Pool } from 'pg';
import { assert } from '#base/assert.ts';
import type { Clock } from '#base/clock.ts';
import { newId } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { createPool } from '#db/pool.ts';
import { isImported, requireReadable } from '#lake/import/import-book.ts';
import { type ImportResult, importUse } from '#lake/import/import-use.ts';
import { LAKE_FORMAT, sealedDays } from '#lake/lake-layout.ts';
import { openDuck } from '#lake/parquet.store.ts';
import { sealBook, type SealResult } from '#lake/seal-book.ts';
import { loadOffer } from '#offer/load-offer.ts';
import { type Behaviour, DEFAULT_BEHAVIOUR } from './behaviour.ts';
import { coverageOf, labelOf, oracleOf } from './figures.ts';
import type {
  ImportRequest,
  LabAnswer,
  LabPlace,
  LabProgress,
  LabRequest,
  RecommendRequest,
  ReplayRequest,
  TrialRequest,
} from './lab-request.ts';
import { LabResults } from './lab-results.ts';
import { bookToAsk, type Installation, readInstallation } from './lab-store.ts';
import type { LabResult, Recommendation, ReplayResult, Trial } from './lab.schema.ts';
import { readWhole } from './load-tape.ts';
import { planThatLoses } from './plan-that-loses.ts';
import { recommend } from './recommend.ts';
import { recommendationOf } from './recommendation.ts';
import { ReplayPool } from './replay-pool.ts';
import { replayScenario } from './replay-scenario.ts';
import { ReplayStream } from './replay-stream.ts';
import type { Replays } from './replays.ts';
import {
  bookBasis,
  changesOf,
  type LabBasis,
  labBasis,
  recordedSpec,
  termsOf,
} from './scenario.ts';
import type { Tape } from './tape.ts';
import { indexTape } from './tape.store.ts';
import { tryPlan } from './try-plan.ts';

/** A book that is ready to be replayed, kept for the next question. */
interface LoadedBook {
  /** What it was read from: another state of the lake is read anew. */
  readonly state: string;
  readonly basis: LabBasis;
  readonly replays: Replays & AsyncDisposable;
  /** The same with its events in memory; absent where there are many and nobody needed them. */
  readonly whole: { readonly basis: LabBasis<Tape>; readonly pool: ReplayPool } | undefined;
  readonly installation: Installation;
}

/** A book of more events is read from the lake for every replay: in memory it would take gigabytes. */
const EVENTS_IN_MEMORY_MAX = 20_000_000;

const DAY_MS = 86_400_000;
const { version: PROGRAM_VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/**
 * The lab of one installation: seals the lake, replays scenarios, recommends. It reads the books and
 * writes nothing to them. Made for a process of its own: DuckDB blocks the loop it runs on.
 */
export class LabEngine implements AsyncDisposable {
  readonly #place: LabPlace;
  readonly #pool: Pool;
  readonly #duck: DuckDBConnection;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly results: LabResults;
  #loaded: LoadedBook | undefined;

  private constructor(
    place: LabPlace,
    duck: DuckDBConnection,
    deps: { clock: Clock; random: Random },
  ) {
    this.#place = place;
    this.#duck = duck;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#pool = createPool({
      address: place.address,
      applicationName: 'breakeven lab',
      sizeMax: 2,
    });
    this.results = new LabResults(place.dataDir);
  }

  static async open(place: LabPlace, deps: { clock: Clock; random: Random }): Promise<LabEngine> {
    const duck = await openDuck({
      threads: place.threads,
      spillDirectory: join(place.dataDir, 'lake', 'spill'),
    });
    return new LabEngine(place, duck, deps);
  }

  get #lake(): string {
    return join(this.#place.dataDir, 'lake');
  }

  /** @throws DomainError; the signal's reason */
  async run(
    request: LabRequest,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<LabAnswer> {
    if (request.kind === 'seal') return this.#seal(request.book, onProgress, signal);
    if (request.kind === 'import') return this.#import(request, onProgress, signal);
    if (request.kind === 'replay') return this.#replay(request, onProgress, signal);
    if (request.kind === 'trial') return this.#trial(request, onProgress, signal);
    return this.#recommend(request, onProgress, signal);
  }

  #seal(
    book: string,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<SealResult> {
    return sealBook(
      { address: this.#place.address, duck: this.#duck, clock: this.#clock, lake: this.#lake },
      book,
      ({ done, of }) => onProgress({ text: 'Sealing new days', done, of }),
      signal,
    );
  }

  /** Takes usage from elsewhere into a book of the lake. */
  async #import(
    request: ImportRequest,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<ImportResult> {
    const { catalog, current } = await readInstallation(this.#pool);
    return importUse(request, {
      duck: this.#duck,
      clock: this.#clock,
      lake: this.#lake,
      catalog,
      plans: current,
      onProgress: (text, done, of) => onProgress({ text, done, of }),
      signal,
    });
  }

  async #replay(
    request: ReplayRequest,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<ReplayResult> {
    const startedMs = this.#clock.nowMs();
    const loaded = await this.#load(request, onProgress, signal);
    const { basis, replays, installation } = loaded;
    const behaviour = behaviourOf(request.behaviour);
    const offer = request.document === undefined ? undefined : loadOffer(request.document);
    const replayed = await replayScenario(basis, replays, {
      changes: offer === undefined ? { plans: [], prices: [] } : changesOf(basis, offer),
      listed: offer?.plans ?? installation.current.map(termsOf),
      behaviour,
      seed: request.seed,
      fromMs: fromMsOf(request),
      signal,
      onProgress: (text, done, of) => onProgress({ text, done, of }),
    });
    const result: ReplayResult = {
      kind: 'replay',
      ...this.#head(loaded, { request, behaviour, startedMs }),
      ...replayed,
      document: request.document ?? null,
    };
    return this.#keep(result);
  }

  async #recommend(
    request: RecommendRequest,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<Recommendation> {
    const startedMs = this.#clock.nowMs();
    const loaded = await this.#load(request, onProgress, signal);
    const { whole, installation } = loaded;
    assert(whole !== undefined, 'a search has the events in memory');
    const { basis, pool } = whole;
    const behaviour = behaviourOf(request.behaviour);
    const fromMs = fromMsOf(request);
    onProgress({ text: 'Replaying the plan in force', done: 0, of: 1 });
    const recorded = await pool.replay(recordedSpec(basis, fromMs), { signal });
    const { targetMargin, harmMax, billMax, seed } = request;
    const found = await recommend(basis, pool, {
      plan: request.plan ?? planThatLoses(basis, recorded),
      bounds: { targetMargin, harmMax, billMax },
      behaviour,
      seed,
      fromMs,
      listed: installation.current.map(termsOf),
      signal,
      onProgress: (text, done, of) => onProgress({ text, done, of }),
    });
    const rows = basis.tape.segments.map((_, row) => row);
    const result: Recommendation = {
      kind: 'recommendation',
      ...this.#head(loaded, { request, behaviour, startedMs }),
      oracle: oracleOf(recorded, rows),
      coverage: coverageOf(found.after, found.study.rows),
      ...recommendationOf({
        basis,
        found,
        bounds: { targetMargin, harmMax, billMax },
        document: installation.document,
        bookNote: loaded.note,
      }),
    };
    return this.#keep(result);
  }

  async #trial(
    request: TrialRequest,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<Trial> {
    const { basis, replays, installation } = await this.#load(request, onProgress, signal);
    const { targetMargin, harmMax, billMax, seed } = request;
    return tryPlan(basis, replays, {
      terms: request.terms,
      changes: request.changes,
      rank: request.rank,
      bounds: { targetMargin, harmMax, billMax },
      behaviour: behaviourOf(request.behaviour),
      seed,
      fromMs: fromMsOf(request),
      listed: installation.current.map(termsOf),
      bills: request.bills,
      signal,
      onProgress: (text, done, of) => onProgress({ text, done, of }),
    });
  }

  #head(
    { basis }: LoadedBook,
    call: { request: ReplayRequest | RecommendRequest; behaviour: Behaviour; startedMs: number },
  ) {
    const nowMs = this.#clock.nowMs();
    return {
      id: newId('labResult', this.#clock, this.#random) as string,
      createdAtMs: nowMs,
      book: basis.tape.book,
      fromDay: call.request.fromDay ?? basis.tape.fromDay,
      toDay: basis.tape.toDay,
      seed: call.request.seed,
      behaviour: call.behaviour,
      versions: {
        program: PROGRAM_VERSION,
        lake: LAKE_FORMAT,
        plans: basis.plans.map((plan) => `${labelOf(plan)} ${plan.id}`),
      },
      events: basis.tape.events,
      seconds: (nowMs - call.startedMs) / 1000,
    };
  }

  #keep<Result extends LabResult>(result: Result): Result {
    this.results.save(result);
    return result;
  }

  /** Seals what is new, and reads the book where the lake has changed since it was read. */
  async #load(
    request: ReplayRequest | RecommendRequest | TrialRequest,
    onProgress: (progress: LabProgress) => void,
    signal: AbortSignal,
  ): Promise<LoadedBook & { readonly note: string | undefined }> {
    const { book, note } =
      request.book === undefined
        ? await bookToAsk(this.#pool, { paid: request.kind === 'recommend' })
        : { book: request.book, note: undefined };
    if (isImported(book)) requireReadable(this.#lake, book);
    else await this.#seal(book, onProgress, signal);
    const installation = await readInstallation(this.#pool);
    const state = JSON.stringify([
      book,
      sealedDays(this.#lake, book).map(({ day, fingerprint }) => [day, fingerprint]),
      installation.catalog.version,
      installation.planVersions.length,
    ]);
    const isSearch = request.kind === 'recommend';
    const isEnough = !isSearch || this.#loaded?.whole !== undefined;
    if (this.#loaded?.state === state && isEnough) return { ...this.#loaded, note };
    await this.#unload();
    const watch = (done: number, of: number): void => {
      signal.throwIfAborted();
      onProgress({ text: 'Reading the lake', done, of });
    };
    const index = await indexTape(this.#duck, { lake: this.#lake, book }, watch);
    const { catalog, planVersions } = installation;
    // Use from elsewhere may be older than the price book: what else it would cost is asked of today.
    const atMs = isImported(book) ? this.#clock.nowMs() : Date.parse(index.toDay) + DAY_MS - 1;
    const given = { catalog, planVersions, atMs };
    const { threads } = this.#place;
    if (!isSearch && index.events > EVENTS_IN_MEMORY_MAX) {
      const basis = bookBasis({ ...given, tape: index });
      const replays = new ReplayStream(index, threads);
      this.#loaded = { state, basis, replays, whole: undefined, installation };
    } else {
      const tape = await readWhole(index, watch);
      const basis = labBasis({ ...given, tape });
      const pool = new ReplayPool(tape, threads);
      this.#loaded = { state, basis, replays: pool, whole: { basis, pool }, installation };
    }
    return { ...this.#loaded, note };
  }

  async #unload(): Promise<void> {
    await this.#loaded?.replays[Symbol.asyncDispose]();
    this.#loaded = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unload();
    this.#duck.closeSync();
    await this.#pool.end();
  }
}

function behaviourOf(changed: Partial<Behaviour> | undefined): Behaviour {
  return { ...DEFAULT_BEHAVIOUR, ...changed };
}

function fromMsOf({ fromDay }: { readonly fromDay?: string }): number {
  return fromDay === undefined ? 0 : Date.parse(fromDay);
}
