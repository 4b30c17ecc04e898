import type { DuckDBConnection } from '@duckdb/node-api';
import { isImported } from '#lake/import/import-book.ts';
import { CANDIDATES_KEPT } from '#lake/lake-columns.ts';
import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import { type AccountOperation, accountOperation, NO_EVENT } from './account-operation.ts';
import {
  candidateColumns,
  EVENTS_MAX,
  eventColumns,
  NONE,
  OP_ACCOUNT,
  OP_DECIDE,
  OP_LIFECYCLE,
  OP_SETTLE,
  opOf,
  sharedIntegers,
  type Tape,
  type TapeSegment,
} from './tape.ts';
import {
  EVENT_FIELDS,
  openTape,
  type OperationRow,
  readCustomers,
  readImportedNames,
  readNames,
  readOperations,
  streamEvents,
  type TapeSize,
  type TapeSource,
} from './tape.store.ts';

const FIRST_CANDIDATE = EVENT_FIELDS.indexOf('k0_class');
const CANDIDATE_FIELDS = 5;
const NO_NAME = 65_535;
const CLASS_ASKED = EVENT_FIELDS.indexOf('class_asked');
const CLASS_SERVED = EVENT_FIELDS.indexOf('class_served');
/** Shorter runs are copied one by one: a view costs more. */
const RUN_MIN = 16;

type Column = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** An end that does not follow its decision at once. */
interface LateEnd {
  readonly customer: number;
  readonly seq: number;
  readonly event: number;
}

/**
 * Reads a book from the lake into memory.
 * @throws DomainError `not_found` where the lake has nothing of the book
 */
export async function loadTape(
  duck: DuckDBConnection,
  source: TapeSource,
  onProgress: (events: number, of: number) => void = () => undefined,
): Promise<Tape> {
  const size = await openTape(duck, source);
  if (size === undefined) {
    throw new DomainError(
      'not_found',
      `The lake has nothing of the ${source.book} book. Seal it first: breakeven lab seal --book ${source.book}`,
      { field: 'book' },
    );
  }
  assert(size.events < EVENTS_MAX, `a tape has fewer than ${EVENTS_MAX} events`);
  const customers = await readCustomers(duck);
  const reading = new EventReader(
    size,
    customers.map(({ events }) => events),
  );
  for (const day of size.days) await reading.read(duck, source, day, onProgress);
  reading.finish();
  const operations = await readOperations(duck);
  const { ops, opStarts, parsed, segments, segmentStarts } = reading.merge(operations);
  return {
    book: source.book,
    fromDay: size.days[0] ?? '',
    toDay: size.days.at(-1) ?? '',
    events: size.events,
    customers: customers.map(({ id }) => id),
    ...(isImported(source.book) && { names: await readImportedNames(duck, source) }),
    opStarts,
    ops,
    operations: parsed,
    segments,
    segmentStarts,
    classNames: await readNames(duck, 'lab_class'),
    models: await readNames(duck, 'lab_model'),
    gates: await readNames(duck, 'lab_gate'),
    columns: { event: reading.event, candidate: reading.candidate },
  };
}

class EventReader {
  readonly event: ReturnType<typeof eventColumns>;
  readonly candidate: ReturnType<typeof candidateColumns>;
  readonly #size: TapeSize;
  readonly #eventStarts: Uint32Array;
  readonly #seqs: Float64Array;
  /** 1 where the end follows its decision at once, or there is none. */
  readonly #fused: Uint8Array;
  readonly #late: LateEnd[] = [];

  /** By customer: where the next event goes. */
  readonly #next: Uint32Array;
  #read = 0;
  #candidates = 0;

  constructor(size: TapeSize, eventsOf: readonly number[]) {
    this.#size = size;
    this.event = eventColumns(size.events);
    this.candidate = candidateColumns(size.candidates);
    this.#eventStarts = new Uint32Array(eventsOf.length + 1);
    for (const [k, events] of eventsOf.entries())
      this.#eventStarts[k + 1] = (this.#eventStarts[k] ?? 0) + events;
    this.#next = this.#eventStarts.slice();
    this.#seqs = new Float64Array(size.events);
    this.#fused = new Uint8Array(size.events);
  }

  async read(
    duck: DuckDBConnection,
    source: TapeSource,
    day: string,
    onProgress: (events: number, of: number) => void,
  ): Promise<void> {
    const rows = await streamEvents(duck, source, day);
    for (;;) {
      const chunk = await rows.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const items = EVENT_FIELDS.map(
        (_, j) => (chunk.getColumnVector(j) as unknown as { items: ArrayLike<number> }).items,
      );
      this.#copy(items, chunk.rowCount);
      this.#read += chunk.rowCount;
      onProgress(this.#read, this.#size.events);
    }
  }

  finish(): void {
    assert(this.#read === this.#size.events, 'every event that was counted is read');
    for (let k = 0; k + 1 < this.#eventStarts.length; k++) {
      for (let i = (this.#eventStarts[k] ?? 0) + 1; i < (this.#eventStarts[k + 1] ?? 0); i++)
        assert((this.#seqs[i] ?? 0) > (this.#seqs[i - 1] ?? 0), 'a sequence rises with its days');
    }
  }

  #copy(items: readonly ArrayLike<number>[], count: number): void {
    const customers = items[0] ?? [];
    const ends = items[EVENT_FIELDS.indexOf('settle_seq')] ?? [];
    const { event } = this;
    const targets = this.#targets();
    for (let from = 0; from < count;) {
      const customer = customers[from] ?? 0;
      let to = from + 1;
      while (to < count && customers[to] === customer) to++;
      const at = this.#next[customer] ?? 0;
      for (const [field, target] of targets) copyRun(target, items[field] ?? [], { from, to, at });
      for (let i = from; i < to; i++) {
        const to = at + i - from;
        const end = ends[i] ?? -1;
        event.classAsked[to] = narrow(items[CLASS_ASKED]?.[i]);
        event.classServed[to] = narrow(items[CLASS_SERVED]?.[i]);
        const isFused = end === (this.#seqs[to] ?? 0) + 1 || event.classServed[to] === NONE;
        this.#fused[to] = isFused ? 1 : 0;
        if (!isFused && end >= 0) this.#late.push({ customer, seq: end, event: to });
        this.#copyCandidates(items, i, to);
      }
      this.#next[customer] = at + to - from;
      from = to;
    }
  }

  /** Columns that are copied as they are, by their field. */
  #targets(): readonly (readonly [number, Column])[] {
    const { event } = this;
    const targets: Readonly<Record<string, Column>> = {
      seq: this.#seqs,
      at_ms: event.atMs,
      settled_ms: event.settledMs,
      evidence: event.evidence,
      model: event.model,
      input_bound: event.inputBound,
      input: event.input,
      input_cached: event.inputCached,
      output: event.output,
      reasoning: event.reasoning,
      tokens: event.tokens,
      cost: event.cost,
      tariff: event.tariff,
      member: event.member,
      api_key: event.key,
      key_cap: event.keyCap,
      reason: event.reason,
      fallback: event.fallback,
      slow: event.slow,
      gate: event.gate,
      held: event.held,
      counted: event.counted,
      charge: event.charge,
      paid_allowance: event.paidAllowance,
      paid_promotional: event.paidPromotional,
      paid_bought: event.paidBought,
      paid_overage: event.paidOverage,
      overrun: event.overrun,
    };
    return Object.entries(targets).map(([name, column]) => [
      EVENT_FIELDS.findIndex((field) => field === name),
      column,
    ]);
  }

  #copyCandidates(items: readonly ArrayLike<number>[], i: number, event: number): void {
    const { candidate } = this;
    const first = this.#candidates;
    let next = first;
    for (let k = 0; k < CANDIDATES_KEPT; k++) {
      const field = FIRST_CANDIDATE + k * CANDIDATE_FIELDS;
      const name = items[field]?.[i] ?? NO_NAME;
      if (name === NO_NAME) break;
      candidate.className[next] = name;
      candidate.available[next] = items[field + 1]?.[i] ?? 0;
      candidate.tokens[next] = items[field + 2]?.[i] ?? 0;
      candidate.cost[next] = items[field + 3]?.[i] ?? 0;
      candidate.charge[next] = items[field + 4]?.[i] ?? 0;
      next++;
    }
    this.event.candidateStart[event] = first;
    this.event.candidateCount[event] = next - first;
    this.#candidates = next;
  }

  /** Puts decisions, late ends and operations of each customer into one order. */
  merge(rows: readonly OperationRow[]): {
    readonly ops: Uint32Array;
    readonly opStarts: Uint32Array;
    readonly parsed: readonly AccountOperation[];
    readonly segments: readonly TapeSegment[];
    readonly segmentStarts: Uint32Array;
  } {
    const customers = this.#eventStarts.length - 1;
    const { events } = this.#size;
    const late = this.#late.toSorted((a, b) => a.customer - b.customer || a.seq - b.seq);
    const ops = sharedIntegers({ length: events + late.length + rows.length });
    const opStarts = sharedIntegers({ length: customers + 1 });
    const segmentStarts = sharedIntegers({ length: customers + 1 });
    const parsed: AccountOperation[] = [];
    const segments: TapeSegment[] = [];
    let next = 0;
    let row = 0;
    let end = 0;
    for (let k = 0; k < customers; k++) {
      opStarts[k] = next;
      segmentStarts[k] = segments.length;
      let i = this.#eventStarts[k] ?? 0;
      const stop = this.#eventStarts[k + 1] ?? 0;
      for (;;) {
        const eventSeq = i < stop ? (this.#seqs[i] ?? Infinity) : Infinity;
        const operation = rows[row];
        const rowSeq = operation?.customer === k ? operation.seq : Infinity;
        const ending = late[end];
        const endSeq = ending?.customer === k ? ending.seq : Infinity;
        if (eventSeq === Infinity && rowSeq === Infinity && endSeq === Infinity) break;
        if (eventSeq < rowSeq && eventSeq < endSeq) {
          ops[next++] = opOf(this.#fused[i] === 1 ? OP_LIFECYCLE : OP_DECIDE, i);
          i++;
        } else if (endSeq < rowSeq && ending !== undefined) {
          ops[next++] = opOf(OP_SETTLE, ending.event);
          end++;
        } else if (operation !== undefined) {
          const event = this.#eventOf(k, operation.decisionSeq);
          const each = accountOperation({ ...operation, event });
          if (each.kind === 'open' || each.kind === 'change_plan')
            segments.push({ customer: k, planVersionId: each.planVersionId });
          ops[next++] = opOf(OP_ACCOUNT, parsed.length);
          parsed.push(each);
          row++;
        }
      }
    }
    opStarts[customers] = next;
    segmentStarts[customers] = segments.length;
    return { ops, opStarts, parsed, segments, segmentStarts };
  }

  #eventOf(customer: number, seq: number): number {
    if (seq < 0) return NO_EVENT;
    let low = this.#eventStarts[customer] ?? 0;
    let high = (this.#eventStarts[customer + 1] ?? 0) - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#seqs[middle] ?? 0;
      if (found === seq) return middle;
      if (found < seq) low = middle + 1;
      else high = middle - 1;
    }
    return NO_EVENT;
  }
}

function copyRun(
  target: Column,
  from: ArrayLike<number>,
  run: { readonly from: number; readonly to: number; readonly at: number },
): void {
  const count = run.to - run.from;
  if (count >= RUN_MIN) target.set((from as Float64Array).subarray(run.from, run.to), run.at);
  else for (let i = 0; i < count; i++) target[run.at + i] = from[run.from + i] ?? 0;
}

function narrow(name: number | undefined): number {
  return name === undefined || name === NO_NAME ? NONE : name;
}
