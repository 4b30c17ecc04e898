import { workerData } from 'node:worker_threads';
import { openDuck } from '#lake/parquet.store.ts';
import { hasRefusals, usesOfCustomer } from './customer-uses.store.ts';
import { METRIC_COUNT } from './metrics.ts';
import { ReplayRun } from './replay-run.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { NamedColumns, Tape, TapeSlice } from './tape.ts';
import type { TapeLayout } from './tape-index.ts';
import { type CustomerRange, TapeReader } from './tape-reader.ts';
import { fillUnseenDemand, type MeanUse } from './unseen-demand.ts';
import { answerTasks } from './worker-task.ts';

/** Customers to read from the lake and to replay, slice by slice. */
export interface SliceTask {
  readonly range: CustomerRange;
  /** So many events are in memory at once; a customer who has more is replayed in parts. */
  readonly sliceEvents: number;
  readonly asked: readonly { readonly spec: ReplaySpec; readonly out: Float64Array }[];
  /** [0] ≠ 0: stop; [1]: customers done, of all workers. */
  readonly signals: Int32Array;
}

const layout = workerData as TapeLayout;
/** What the last slice lay in. */
let memory: NamedColumns | undefined;

answerTasks(async ({ range, sliceEvents, asked, signals }: SliceTask) => {
  using reader = await TapeReader.open(layout, range);
  let { from } = range;
  for (const { to, events } of slicesOf(layout, range, sliceEvents)) {
    if (Atomics.load(signals, 0) !== 0) return;
    if (events > sliceEvents) await replayInParts(reader, from, { sliceEvents, asked, signals });
    else {
      const slice = await reader.read(to, memory, { events: sliceEvents });
      ({ memory } = slice);
      const tape = filledIn(slice.tape, asked);
      for (const run of runsOf(tape, asked, { from, to }))
        for (let k = 0; k < to - from; k++) run.customer(k);
    }
    Atomics.add(signals, 1, to - from);
    from = to;
  }
});

/** One customer who has more events than a slice: each replay goes on from part to part. */
async function replayInParts(
  reader: TapeReader,
  k: number,
  { sliceEvents, asked, signals }: Omit<SliceTask, 'range'>,
): Promise<void> {
  const parts = await reader.parts(sliceEvents);
  const uses = await ownUses(k, asked);
  let runs: readonly ReplayRun[] = [];
  while (!parts.isOver && Atomics.load(signals, 0) === 0) {
    const part = await parts.next(runs.flatMap((run) => run.unfinished()));
    const tape = filledIn(part.tape, asked, uses);
    if (runs.length > 0) for (const run of runs) run.resume(tape, part.moved);
    else {
      runs = runsOf(tape, asked, { from: k, to: k + 1 });
      for (const run of runs) run.customer(0);
    }
  }
}

/** What a customer used in all of their time, where what they were refused is to be filled in from it. */
async function ownUses(
  k: number,
  asked: SliceTask['asked'],
): Promise<readonly MeanUse[] | undefined> {
  if (!hasRefusals(layout)) return undefined;
  const duck = await openDuck({ threads: 1 });
  const uses = await usesOfCustomer(duck, layout, k, classNamesOf(asked).length);
  duck.closeSync();
  return uses;
}

function classNamesOf([first]: SliceTask['asked']): readonly string[] {
  return first?.spec.classNames ?? [];
}

function filledIn(slice: TapeSlice, asked: SliceTask['asked'], uses?: readonly MeanUse[]): Tape {
  const tape: Tape = { ...slice, customers: [] };
  fillUnseenDemand(tape, classNamesOf(asked), uses);
  return tape;
}

/** A run for each of what is asked, into the rows of these customers. */
function runsOf(
  tape: Tape,
  asked: SliceTask['asked'],
  { from, to }: CustomerRange,
): readonly ReplayRun[] {
  const [row = 0, end = 0] = [layout.segmentStarts[from], layout.segmentStarts[to]];
  return asked.map(
    ({ spec, out }) =>
      new ReplayRun(tape, spec, out.subarray(row * METRIC_COUNT, end * METRIC_COUNT)),
  );
}

/** Where slices end, by customer, and how many events each has. */
function* slicesOf(
  { eventsOf }: TapeLayout,
  { from, to }: CustomerRange,
  sliceEvents: number,
): Generator<{ readonly to: number; readonly events: number }> {
  let events = 0;
  for (let k = from; k < to; k++) {
    const own = eventsOf[k] ?? 0;
    if (events > 0 && events + own > sliceEvents) {
      yield { to: k, events };
      events = 0;
    }
    events += own;
  }
  yield { to, events };
}
