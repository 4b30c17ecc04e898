import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { AccountChange } from '#admission/account-change.ts';
import type { Clock } from '#base/clock.ts';
import { assert } from '#base/assert.ts';
import { type Id, namedId, uuidOf } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import { inputTokens, outputTokens, USAGE_UNITS } from '#metering/usage.ts';
import { billingPeriod } from '#plans/calendar.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { type DaySeal, LAKE_FORMAT, LAKE_TABLES, type LakeTable } from '../lake-layout.ts';
import { countRows, sumUsage, writeParquet } from '../parquet.store.ts';
import { OpenDay, TableText, NULL } from './day-text.ts';
import type { ImportedBook } from './import-book.ts';
import type { ResolvedModel } from './import-models.ts';
import type { ImportedRequest, PricedRequest } from './import-pricer.ts';

/** Who is subscribed in an imported book: by number, as the rows have them. */
export interface ImportSubscriber {
  readonly id: string;
  readonly plan: PlanVersion;
}

const DAY_MS = 86_400_000;
const TIME_ZONE = 'UTC';
/** The gateway bounds a request's input by its bytes, about four for each token of English text. */
const BYTES_PER_TOKEN = 4;
const TOKENS_MAX = 4_294_967_295;
/** More than anyone's use of a plan that is paid by use: what was paid elsewhere was paid. */
const BOUGHT = nanoUsd(1e15);

/** The columns that a request fills, in the order in which {@link ImportDays.add} gives them. */
const DECISION =
  'customer seq request clock_ms at_ms period_start_ms plan_version surface streamed model_asked input_tokens class_asked class_served fallback slow candidates held counted';
const USAGE =
  'customer id decision_seq seq admitted_ms settled_ms plan_version class model supplier price_version outcome estimated tokens_in tokens_out cost tariff charge paid_allowance paid_promotional paid_bought paid_overage overrun refunded attempts service_tier';
const OPERATION = 'customer seq clock_ms at_ms ordinal kind plan_version facts';

/**
 * Writes requests from elsewhere as days of the lake, in the shape that sealing gives the books:
 * everybody subscribes at the first instant of the first day and is billed to the end of the last;
 * every request was served as asked, and ended at once. Each day is opened, given its requests customer
 * by customer in the order of time, and closed.
 */
export class ImportDays implements Disposable {
  readonly #duck: DuckDBConnection;
  readonly #clock: Clock;
  readonly #book: ImportedBook;
  readonly #directory: string;
  readonly #subscribers: readonly ImportSubscriber[];
  readonly #models: readonly ResolvedModel[];
  readonly #firstMs: number;
  readonly #lastMs: number;
  /** The last number of each account's sequence. */
  readonly #seqs: Float64Array;
  readonly #decision = new TableText('decision', DECISION);
  readonly #usage = new TableText(
    'usage',
    `${USAGE} ${USAGE_UNITS.map((unit) => `u_${unit}`).join(' ')}`,
  );
  readonly #operation = new TableText('operation', OPERATION);
  /** By subscriber. */
  readonly #planVersions: readonly string[];
  readonly #uuids = new Map<string, string>();
  #day: OpenDay | undefined;
  #requests = 0;
  #cost = 0n;

  constructor(given: {
    readonly duck: DuckDBConnection;
    readonly clock: Clock;
    readonly book: ImportedBook;
    readonly directory: string;
    readonly subscribers: readonly ImportSubscriber[];
    readonly models: readonly ResolvedModel[];
    readonly fromMs: number;
    readonly toMs: number;
  }) {
    this.#duck = given.duck;
    this.#clock = given.clock;
    this.#book = given.book;
    this.#directory = given.directory;
    this.#subscribers = given.subscribers;
    this.#models = given.models;
    this.#firstMs = given.fromMs - (given.fromMs % DAY_MS);
    this.#lastMs = given.toMs - (given.toMs % DAY_MS);
    this.#seqs = new Float64Array(given.subscribers.length);
    const plans = new Map(given.subscribers.map(({ plan }) => [plan.id, uuidOf(plan.id)]));
    this.#planVersions = given.subscribers.map(({ plan }) => plans.get(plan.id) ?? NULL);
  }

  get requests(): number {
    return this.#requests;
  }

  get costNanoUsd(): bigint {
    return this.#cost;
  }

  /** The first instant of each day, in their order. */
  get days(): readonly number[] {
    return Array.from(
      { length: (this.#lastMs - this.#firstMs) / DAY_MS + 1 },
      (_, day) => this.#firstMs + day * DAY_MS,
    );
  }

  /** Takes the next request of the day that is open. */
  add(
    customer: number,
    modelNumber: number,
    request: ImportedRequest,
    priced: PricedRequest,
  ): void {
    const day = this.#day;
    const subscriber = this.#subscribers[customer];
    const named = this.#models[modelNumber];
    assert(
      day !== undefined && subscriber !== undefined && named !== undefined,
      'rows are numbered',
    );
    const seq = (this.#seqs[customer] ?? 0) + 1;
    this.#seqs[customer] = seq + 1;
    this.#requests++;
    this.#cost += BigInt(priced.costNanoUsd);
    day.requests++;
    day.cost += BigInt(priced.costNanoUsd);
    const { usage } = priced;
    const { atMs } = request;
    const id = requestUuid(this.#requests);
    const planVersion = this.#planVersions[customer] ?? NULL;
    const { className } = named;
    const tokensIn = inputTokens(usage);
    const bound = Math.min(tokensIn * BYTES_PER_TOKEN, TOKENS_MAX);
    day.write(
      'decision',
      this.#decision.line([
        subscriber.id,
        seq,
        id,
        atMs,
        atMs,
        day.periodStartMs,
        planVersion,
        'import',
        't',
        plainName(named.name),
        bound,
        className,
        className,
        'none',
        'f',
        0,
        0,
        0,
      ]),
    );
    const model = named.served?.model.model.name ?? plainName(named.name);
    const supplier = named.served?.route.supplier.id ?? 'elsewhere';
    const { priceVersionId } = priced;
    const priceVersion = priceVersionId === undefined ? NULL : this.#uuid(priceVersionId);
    day.write(
      'usage',
      this.#usage.line([
        subscriber.id,
        id,
        seq,
        seq + 1,
        atMs,
        atMs,
        planVersion,
        className,
        model,
        supplier,
        priceVersion,
        'completed',
        'f',
        tokensIn,
        outputTokens(usage),
        priced.costNanoUsd,
        priced.tariffNanoUsd,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        request.tier === undefined ? NULL : plainName(request.tier),
        ...USAGE_UNITS.map((unit) => usage[unit]),
      ]),
    );
  }

  /** Of the few ids that stand in every row. */
  #uuid(id: Id<'priceVersion'>): string {
    let uuid = this.#uuids.get(id);
    if (uuid === undefined) this.#uuids.set(id, (uuid = uuidOf(id)));
    return uuid;
  }

  /** Lets go of the files of a day that was not finished. */
  [Symbol.dispose](): void {
    this.#day?.end();
    this.#day = undefined;
  }

  /** Begins a day: who is billed from now on. */
  open(startMs: number): void {
    const period = billingPeriod(this.#firstMs, startMs, TIME_ZONE);
    const directory = join(this.#directory, `day=${utcDay(startMs)}`);
    const day = new OpenDay(directory, { startMs, periodStartMs: period.startMs });
    this.#day = day;
    if (period.startMs !== startMs) return;
    const terms = { period: { ...period, timeZone: TIME_ZONE } };
    for (const [k, { id, plan }] of this.#subscribers.entries()) {
      const { priceNanoUsd } = plan;
      if (startMs !== this.#firstMs) {
        this.#operate(day, k, startMs, { kind: 'renew', ...terms, priceNanoUsd });
        continue;
      }
      this.#operate(day, k, startMs, {
        kind: 'open',
        subscriptionId: namedId('subscription', id),
        planVersionId: plan.id,
        ...terms,
        priceNanoUsd,
      });
      if (plan.billing === 'metered')
        this.#operate(day, k, startMs, {
          kind: 'grant',
          credits: 'bought',
          amountNanoUsd: BOUGHT,
          reference: 'paid elsewhere',
        });
    }
  }

  #operate(day: OpenDay, k: number, atMs: number, facts: AccountChange): void {
    const subscriber = this.#subscribers[k];
    assert(subscriber !== undefined, 'subscribers are numbered');
    const seq = (this.#seqs[k] ?? 0) + 1;
    this.#seqs[k] = seq;
    day.operations++;
    day.write(
      'operation',
      this.#operation.line([
        subscriber.id,
        seq,
        atMs,
        atMs,
        0,
        facts.kind,
        this.#planVersions[k] ?? NULL,
        JSON.stringify(facts),
      ]),
    );
  }

  /** Ends the day: turns it into Parquet, and holds that to what was written. */
  async close(): Promise<void> {
    const day = this.#day;
    assert(day !== undefined, 'a day is open');
    if (day.startMs === this.#lastMs) {
      for (let k = 0; k < this.#subscribers.length; k++)
        this.#operate(day, k, this.#lastMs + DAY_MS, { kind: 'accrue' });
    }
    this.#day = undefined;
    day.end();
    const file = (table: LakeTable): string => join(day.directory, `${table}.parquet`);
    for (const table of LAKE_TABLES) {
      await writeParquet(this.#duck, table, { from: day.text(table), to: file(table) });
      rmSync(day.text(table));
    }
    const sums = await sumUsage(this.#duck, file('usage'));
    const isWhole =
      sums.rows === String(day.requests) &&
      sums.cost === String(day.cost) &&
      (await countRows(this.#duck, file('decision'))) === String(day.requests) &&
      (await countRows(this.#duck, file('operation'))) === String(day.operations);
    assert(isWhole, `the day ${day.directory} holds what was written`);
    const seal: DaySeal = {
      format: LAKE_FORMAT,
      book: this.#book,
      day: utcDay(day.startMs),
      fingerprint: {
        decisions: String(day.requests),
        decisionsHash: '0',
        events: String(day.requests),
        // No day of another import has the same: what was read from it is read anew.
        eventsHash: String(this.#clock.nowMs()),
        cost: String(day.cost),
        charge: '0',
        operations: String(day.operations),
        operationsHash: '0',
        subscription: '0',
        breakage: '0',
        refunded: '0',
      },
      sealedAtMs: this.#clock.nowMs(),
    };
    writeFileSync(join(day.directory, 'seal.json'), `${JSON.stringify(seal, undefined, 2)}\n`);
  }
}

/** A name from outside, as the lines of a text file can hold it. */
function plainName(name: string): string {
  return name.replaceAll(/[\t\r\n\\]/g, ' ');
}

/** The lab asks whether an event has an id, and no more. */
function requestUuid(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}
