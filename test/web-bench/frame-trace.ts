import type { CDPSession } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  /** What the thread itself ran of it: other processes' turns on a shared machine are not in it. */
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
}

export interface FrameTimes {
  /**
   * Script, style and layout of each frame in which there was any, in milliseconds, smallest first. A frame
   * begins where the browser begins one; and where it begins none, since nothing in sight has changed,
   * where work begins a frame's time or more after the beginning of the frame before.
   */
  readonly frames: readonly number[];
  readonly longestTaskMs: number;
  /** Of all tasks together, as a share of the time that was recorded. */
  readonly busyShare: number;
}

const FRAME_MICROSECONDS = 1_000_000 / 60;

const WORK = new Set([
  'FunctionCall',
  'EvaluateScript',
  'FireAnimationFrame',
  'TimerFire',
  'EventDispatch',
  'RunMicrotasks',
  'V8.GC_SCAVENGER',
  'MinorGC',
  'MajorGC',
  'Layout',
  'UpdateLayoutTree',
  'XHRReadyStateChange',
  'ResizeObserver::notifyObservers',
  'IntersectionObserverController::computeIntersections',
]);

/** Records what the page's main thread does; call the result to end it. */
export async function traceFrames(session: CDPSession): Promise<() => Promise<FrameTimes>> {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[]) if (isWanted(event)) events.push(event);
  });
  const complete = new Promise<void>((resolve) => {
    session.once('Tracing.tracingComplete', () => resolve());
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'devtools.timeline',
        'devtools.timeline.frame',
        'disabled-by-default-devtools.timeline',
        'disabled-by-default-devtools.timeline.frame',
        'toplevel',
      ],
      recordMode: 'recordUntilFull',
      traceBufferSizeInKb: 1_500_000,
    },
  });
  return async () => {
    await session.send('Tracing.end');
    await complete;
    return timesOf(events);
  };
}

function isWanted({ name, ph }: TraceEvent): boolean {
  return (
    WORK.has(name) ||
    name === 'BeginMainThreadFrame' ||
    name === 'RunTask' ||
    name === 'ThreadControllerImpl::RunTask' ||
    (ph === 'M' && name === 'thread_name')
  );
}

function timesOf(events: readonly TraceEvent[]): FrameTimes {
  // The page is the renderer that draws frames most.
  const frameCounts = new Map<string, number>();
  for (const { name, pid, tid } of events)
    if (name === 'BeginMainThreadFrame')
      frameCounts.set(`${pid}.${tid}`, (frameCounts.get(`${pid}.${tid}`) ?? 0) + 1);
  const [thread] = [...frameCounts].toSorted((a, b) => b[1] - a[1])[0] ?? [''];
  const own = events
    .filter(({ pid, tid, ph }) => `${pid}.${tid}` === thread && ph !== 'M')
    .toSorted((a, b) => a.ts - b.ts);
  const sums: number[] = [];
  let sum = 0;
  let startedAt = -Infinity;
  let coveredTo = 0;
  let longest = 0;
  let busy = 0;
  const begin = (ts: number): void => {
    if (sum > 0) sums.push(sum / 1000);
    sum = 0;
    startedAt = ts;
  };
  for (const { name, ts, dur = 0, tdur = dur } of own) {
    if (name === 'BeginMainThreadFrame') begin(ts);
    if (name.endsWith('RunTask')) longest = Math.max(longest, tdur);
    if (name === 'ThreadControllerImpl::RunTask') busy += tdur;
    // Work within work counts once.
    if (!WORK.has(name) || ts < coveredTo) continue;
    if (ts - startedAt >= FRAME_MICROSECONDS) begin(ts);
    sum += tdur;
    coveredTo = ts + dur;
  }
  begin(Infinity);
  return {
    frames: sums.toSorted((a, b) => a - b),
    longestTaskMs: longest / 1000,
    busyShare: busy / ((own.at(-1)?.ts ?? 0) - (own[0]?.ts ?? 0)),
  };
}

/** @param sorted smallest first */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
