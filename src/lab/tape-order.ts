import { assert } from '#base/assert.ts';
import { type AccountOperation, accountOperation, NO_EVENT } from './account-operation.ts';
import {
  type EventColumns,
  NONE,
  OP_ACCOUNT,
  OP_DECIDE,
  OP_LIFECYCLE,
  OP_SETTLE,
  opOf,
  blankIntegers,
  type Tape,
  type TapeSegment,
} from './tape.ts';
import type { DayOperation } from './day-operations.ts';

/** An operation of a tape's customer, with the sequence number of the decision that it is about. */
export interface OperationRow extends DayOperation {
  /** 0 where it is about none. */
  readonly decisionSeq: number;
}

/** An end that does not follow its decision at once. */
export interface LateEnd {
  readonly customer: number;
  readonly seq: number;
  readonly event: number;
}

export interface OrderInput {
  /** By customer: their first event; one more entry than customers. */
  readonly starts: Uint32Array;
  readonly columns: Pick<EventColumns, 'seq' | 'endSeq' | 'classServed'>;
  /** By customer and sequence. */
  readonly operations: readonly OperationRow[];
  /** Where the tape has a part of one customer's time, and events of earlier parts before it: the ends in it. */
  readonly late?: readonly LateEnd[];
}

/** Puts decisions, late ends and operations of each customer into one order. */
export function mergeOrder(
  input: OrderInput,
): Pick<Tape, 'ops' | 'opStarts' | 'operations' | 'segments' | 'segmentStarts'> {
  const { starts, columns, operations: rows } = input;
  const { seq, endSeq, classServed } = columns;
  const customers = starts.length - 1;
  const late = input.late ?? lateEnds(input);
  const ops = blankIntegers((starts[customers] ?? 0) + late.length + rows.length);
  const opStarts = blankIntegers(customers + 1);
  const segmentStarts = blankIntegers(customers + 1);
  const operations: AccountOperation[] = [];
  const segments: TapeSegment[] = [];
  let next = 0;
  let row = 0;
  let end = 0;
  for (let k = 0; k < customers; k++) {
    opStarts[k] = next;
    segmentStarts[k] = segments.length;
    let i = starts[k] ?? 0;
    const stop = starts[k + 1] ?? 0;
    let before = 0;
    for (;;) {
      const operation = rows[row];
      const rowSeq = operation?.customer === k ? operation.seq : Infinity;
      const ending = late[end];
      const endSeqNext = ending?.customer === k ? ending.seq : Infinity;
      const other = Math.min(rowSeq, endSeqNext);
      // Decisions up to whatever else happens next.
      for (; i < stop; i++) {
        const own = seq[i] ?? 0;
        if (own >= other) break;
        assert(own > before, 'a sequence rises with its days');
        before = own;
        const isFused = endSeq[i] === own + 1 || classServed[i] === NONE;
        ops[next++] = opOf(isFused ? OP_LIFECYCLE : OP_DECIDE, i);
      }
      if (other === Infinity) break;
      if (endSeqNext < rowSeq && ending !== undefined) {
        ops[next++] = opOf(OP_SETTLE, ending.event);
        end++;
      } else if (operation !== undefined) {
        const event = eventOf(input, k, operation.decisionSeq);
        const each = accountOperation({ ...operation, event });
        if (each.kind === 'open' || each.kind === 'change_plan')
          segments.push({ customer: k, planVersionId: each.planVersionId });
        ops[next++] = opOf(OP_ACCOUNT, operations.length);
        operations.push(each);
        row++;
      }
    }
  }
  opStarts[customers] = next;
  segmentStarts[customers] = segments.length;
  return { ops, opStarts, operations, segments, segmentStarts };
}

/** In the order of customers and of their sequences. */
export function lateEnds({
  starts,
  columns,
}: Pick<OrderInput, 'starts' | 'columns'>): readonly LateEnd[] {
  const { seq, endSeq, classServed } = columns;
  const late: LateEnd[] = [];
  for (let k = 0; k + 1 < starts.length; k++) {
    for (let event = starts[k] ?? 0; event < (starts[k + 1] ?? 0); event++) {
      const end = endSeq[event] ?? 0;
      if (end <= (seq[event] ?? 0) + 1 || classServed[event] === NONE) continue;
      late.push({ customer: k, seq: end, event });
    }
  }
  return late.sort((a, b) => a.customer - b.customer || a.seq - b.seq);
}

/** The event that a customer's decision of a number is. */
export function eventOf(
  { starts, columns, late }: Omit<OrderInput, 'operations'>,
  customer: number,
  seq: number,
): number {
  if (seq === 0) return NO_EVENT;
  let low = late === undefined ? (starts[customer] ?? 0) : 0;
  let high = (starts[customer + 1] ?? 0) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = columns.seq[middle] ?? 0;
    if (found === seq) return middle;
    if (found < seq) low = middle + 1;
    else high = middle - 1;
  }
  return NO_EVENT;
}
