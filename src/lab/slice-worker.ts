import { workerData } from 'node:worker_threads';
import { METRIC_COUNT } from './metrics.ts';
import { ReplayRun } from './replay-run.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { NamedColumns, Tape } from './tape.ts';
import type { TapeLayout } from './tape-index.ts';
import { type CustomerRange, TapeReader } from './tape-reader.ts';
import { fillUnseenDemand } from './unseen-demand.ts';
import { answerTasks } from './worker-task.ts';

/** Customers to read from the lake and to replay, slice by slice. */
export interface SliceTask {
  readonly range: CustomerRange;
  /** So many events are in memory at once; a customer who has more is a slice of their own. */
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
    const room = memory?.['seq']?.length ?? 0;
    const slice = await reader.read(to, room < events ? undefined : memory, {
      events: Math.max(events, sliceEvents),
    });
    ({ memory } = slice);
    const tape: Tape = { ...slice.tape, customers: [] };
    const [first] = asked;
    if (first !== undefined) fillUnseenDemand(tape, first.spec.classNames);
    const [row = 0, end = 0] = [layout.segmentStarts[from], layout.segmentStarts[to]];
    for (const { spec, out } of asked) {
      const run = new ReplayRun(tape, spec, out.subarray(row * METRIC_COUNT, end * METRIC_COUNT));
      for (let k = 0; k < to - from; k++) run.customer(k);
    }
    Atomics.add(signals, 1, to - from);
    from = to;
  }
});

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
