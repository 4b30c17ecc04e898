import type { DuckDBConnection } from '@duckdb/node-api';
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
  readNames,
  readOperations,
  streamEvents,
  type TapeSize,
  type TapeSource,
} from './tape.store.ts';

const FIRST_CANDIDATE = EVENT_FIELDS.indexOf('k0_class');
const CANDIDATE_FIELDS = 5;
const NO_NAME = 65_535;

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
  const reading = new EventReader(size, customers.length);
  await reading.read(duck, onProgress);
  const operations = await readOperations(duck);
  const { ops, opStarts, parsed, segments, segmentStarts } = reading.merge(operations);
  return {
    book: source.book,
    fromDay: size.fromDay,
    toDay: size.toDay,
    events: size.events,
    customers,
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

  constructor(size: TapeSize, customers: number) {
    this.#size = size;
    this.event = eventColumns(size.events);
    this.candidate = candidateColumns(size.candidates);
    this.#eventStarts = new Uint32Array(customers + 1);
    this.#seqs = new Float64Array(size.events);
    this.#fused = new Uint8Array(size.events);
  }

  async read(
    duck: DuckDBConnection,
    onProgress: (events: number, of: number) => void,
  ): Promise<void> {
    const rows = await streamEvents(duck);
    let at = 0;
    let candidates = 0;
    for (;;) {
      const chunk = await rows.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const count = chunk.rowCount;
      const items = EVENT_FIELDS.map(
        (_, j) => (chunk.getColumnVector(j) as unknown as { items: ArrayLike<number> }).items,
      );
      this.#copy(items, at, count);
      candidates = this.#copyCandidates(items, { at, count, from: candidates });
      at += count;
      onProgress(at, this.#size.events);
    }
    assert(at === this.#size.events, 'every event that was counted is read');
    this.event.candidateStart[at] = candidates;
    for (let k = 1; k < this.#eventStarts.length; k++)
      this.#eventStarts[k] = (this.#eventStarts[k] ?? 0) + (this.#eventStarts[k - 1] ?? 0);
  }

  #copy(items: readonly ArrayLike<number>[], at: number, count: number): void {
    const { event } = this;
    const field = (name: (typeof EVENT_FIELDS)[number]): ArrayLike<number> =>
      items[EVENT_FIELDS.indexOf(name)] ?? [];
    const narrow = (target: Uint8Array, from: ArrayLike<number>): void => {
      for (let i = 0; i < count; i++) {
        const value = from[i] ?? NO_NAME;
        target[at + i] = value === NO_NAME ? NONE : value;
      }
    };
    const same = (
      target: { set(from: ArrayLike<number>, at: number): void },
      name: (typeof EVENT_FIELDS)[number],
    ): void => {
      const from = field(name) as Float64Array;
      target.set(from.length === count ? from : from.subarray(0, count), at);
    };
    same(event.atMs, 'at_ms');
    same(event.settledMs, 'settled_ms');
    narrow(event.classAsked, field('class_asked'));
    narrow(event.classServed, field('class_served'));
    same(event.evidence, 'evidence');
    same(event.model, 'model');
    same(event.inputBound, 'input_bound');
    same(event.input, 'input');
    same(event.inputCached, 'input_cached');
    same(event.output, 'output');
    same(event.reasoning, 'reasoning');
    same(event.tokens, 'tokens');
    same(event.cost, 'cost');
    same(event.tariff, 'tariff');
    same(event.member, 'member');
    same(event.key, 'api_key');
    same(event.keyCap, 'key_cap');
    same(event.reason, 'reason');
    same(event.fallback, 'fallback');
    same(event.slow, 'slow');
    same(event.gate, 'gate');
    same(event.held, 'held');
    same(event.charge, 'charge');
    same(event.paidAllowance, 'paid_allowance');
    same(event.paidPromotional, 'paid_promotional');
    same(event.paidBought, 'paid_bought');
    same(event.paidOverage, 'paid_overage');
    same(event.overrun, 'overrun');
    same(this.#seqs, 'seq');
    const customers = field('customer');
    const ends = field('settle_seq');
    for (let i = 0; i < count; i++) {
      const customer = customers[i] ?? 0;
      const end = ends[i] ?? -1;
      this.#eventStarts[customer + 1] = (this.#eventStarts[customer + 1] ?? 0) + 1;
      const isFused = end === (this.#seqs[at + i] ?? 0) + 1 || event.classServed[at + i] === NONE;
      this.#fused[at + i] = isFused ? 1 : 0;
      if (!isFused && end >= 0) this.#late.push({ customer, seq: end, event: at + i });
    }
  }

  #copyCandidates(
    items: readonly ArrayLike<number>[],
    { at, count, from }: { at: number; count: number; from: number },
  ): number {
    const { candidate, event } = this;
    let next = from;
    for (let i = 0; i < count; i++) {
      event.candidateStart[at + i] = next;
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
    }
    return next;
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
