import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { AccountChange } from '#admission/account-change.ts';
import type { Clock } from '#base/clock.ts';
import { assert } from '#base/assert.ts';
import { namedId, uuidOf } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import { inputTokens, outputTokens, USAGE_UNITS } from '#metering/usage.ts';
import { billingPeriod } from '#plans/calendar.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { LAKE_COLUMNS } from '../lake-columns.ts';
import { type DaySeal, LAKE_FORMAT, LAKE_TABLES, type LakeTable } from '../lake-layout.ts';
import { countRows, sumUsage, writeParquet } from '../parquet.store.ts';
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
const NULL = '\\N';
const BUFFER_CHARACTERS = 1 << 20;
/** The gateway bounds a request's input by its bytes, about four for each token of English text. */
const BYTES_PER_TOKEN = 4;
/** More than anyone's use of a plan that is paid by use: what was paid elsewhere was paid. */
const BOUGHT = nanoUsd(1e15);

type Values = Readonly<Record<string, string | number>>;

/** Makes lines of a table: what is not given is null. */
class TableText {
  readonly #blank: readonly (string | number)[];
  readonly #positions: ReadonlyMap<string, number>;

  constructor(table: LakeTable) {
    const names = LAKE_COLUMNS[table].map(({ name }) => name);
    this.#blank = names.map(() => NULL);
    this.#positions = new Map(names.map((name, index) => [name, index]));
  }

  line(values: Values): string {
    const fields = [...this.#blank];
    for (const name in values) {
      const position = this.#positions.get(name);
      assert(position !== undefined, `the lake has a column ${name}`);
      fields[position] = values[name] ?? NULL;
    }
    return `${fields.join('\t')}\n`;
  }
}

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
  readonly #decision = new TableText('decision');
  readonly #usage = new TableText('usage');
  readonly #operation = new TableText('operation');
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
  add(customer: number, model: number, request: ImportedRequest, priced: PricedRequest): void {
    const day = this.#day;
    const subscriber = this.#subscribers[customer];
    const named = this.#models[model];
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
    const id = requestUuid(this.#requests);
    const planVersion = uuidOf(subscriber.plan.id);
    day.write(
      'decision',
      this.#decision.line({
        customer: subscriber.id,
        seq,
        request: id,
        clock_ms: request.atMs,
        at_ms: request.atMs,
        period_start_ms: billingPeriod(this.#firstMs, request.atMs, TIME_ZONE).startMs,
        plan_version: planVersion,
        surface: 'import',
        streamed: 't',
        model_asked: plainName(named.name),
        input_tokens: Math.min(inputTokens(usage) * BYTES_PER_TOKEN, 4_294_967_295),
        class_asked: named.className,
        class_served: named.className,
        fallback: 'none',
        slow: 'f',
        candidates: 0,
        held: 0,
        counted: 0,
      }),
    );
    day.write(
      'usage',
      this.#usage.line({
        customer: subscriber.id,
        id,
        decision_seq: seq,
        seq: seq + 1,
        admitted_ms: request.atMs,
        settled_ms: request.atMs,
        plan_version: planVersion,
        class: named.className,
        model: named.served?.model.model.name ?? plainName(named.name),
        supplier: named.served?.route.supplier.id ?? 'elsewhere',
        price_version: priced.priceVersionId === undefined ? NULL : uuidOf(priced.priceVersionId),
        outcome: 'completed',
        estimated: 'f',
        tokens_in: inputTokens(usage),
        tokens_out: outputTokens(usage),
        cost: priced.costNanoUsd,
        tariff: priced.tariffNanoUsd,
        charge: 0,
        paid_allowance: 0,
        paid_promotional: 0,
        paid_bought: 0,
        paid_overage: 0,
        overrun: 0,
        refunded: 0,
        attempts: 1,
        service_tier: request.tier === undefined ? NULL : plainName(request.tier),
        ...Object.fromEntries(USAGE_UNITS.map((unit) => [`u_${unit}`, usage[unit]])),
      }),
    );
  }

  /** Lets go of the files of a day that was not finished. */
  [Symbol.dispose](): void {
    this.#day?.end();
    this.#day = undefined;
  }

  /** Begins a day: who is billed from now on. */
  open(startMs: number): void {
    const day = new OpenDay(join(this.#directory, `day=${utcDay(startMs)}`), startMs);
    this.#day = day;
    const period = billingPeriod(this.#firstMs, startMs, TIME_ZONE);
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
      this.#operation.line({
        customer: subscriber.id,
        seq,
        clock_ms: atMs,
        at_ms: atMs,
        ordinal: 0,
        kind: facts.kind,
        plan_version: uuidOf(subscriber.plan.id),
        facts: JSON.stringify(facts),
      }),
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

/** A day that is being written, as a text file for each table. */
class OpenDay {
  readonly directory: string;
  readonly startMs: number;
  requests = 0;
  operations = 0;
  cost = 0n;
  readonly #files: Readonly<Record<LakeTable, number>>;
  readonly #texts: Record<LakeTable, string> = {
    decision: '',
    usage: '',
    operation: '',
    revenue: '',
  };

  constructor(directory: string, startMs: number) {
    this.directory = directory;
    this.startMs = startMs;
    mkdirSync(directory, { recursive: true });
    const open = (table: LakeTable): number => openSync(this.text(table), 'w');
    this.#files = {
      decision: open('decision'),
      usage: open('usage'),
      operation: open('operation'),
      revenue: open('revenue'),
    };
  }

  text(table: LakeTable): string {
    return join(this.directory, `${table}.tsv`);
  }

  write(table: LakeTable, line: string): void {
    this.#texts[table] += line;
    if (this.#texts[table].length > BUFFER_CHARACTERS) this.#flush(table);
  }

  end(): void {
    for (const table of LAKE_TABLES) {
      this.#flush(table);
      closeSync(this.#files[table]);
    }
  }

  #flush(table: LakeTable): void {
    writeSync(this.#files[table], this.#texts[table]);
    this.#texts[table] = '';
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
