import { systemClock as clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { systemRandom as random } from '#base/random.ts';
import { LabEngine } from './lab-engine.ts';
import type { FromLab, LabProgress, LabRequest, ToLab } from './lab-request.ts';
import { TimeLeft } from './time-left.ts';

/**
 * The lab's own process: DuckDB and the replays run here, so that the process that serves requests
 * never waits for them. Ends when the server that started it is gone.
 */

const PROGRESS_EVERY_MS = 300;
const running = new Map<number, AbortController>();
/** Those of them whose turn has come. */
const started = new Set<number>();
let engine: Promise<LabEngine> | undefined;
/** One after the other: each uses all threads, and the tape that is loaded. */
let queue: Promise<void> = Promise.resolve();

function tell(message: FromLab): void {
  process.send?.(message);
}

/** Each step by name at once, and within a step a few figures a second. */
function throttled(run: number): (progress: LabProgress) => void {
  const left = new TimeLeft();
  let text = '';
  let toldMs = 0;
  return (progress) => {
    const nowMs = clock.nowMs();
    const secondsLeft = left.secondsOf(progress, nowMs);
    if (progress.text === text && nowMs - toldMs < PROGRESS_EVERY_MS) return;
    text = progress.text;
    toldMs = nowMs;
    const timed = secondsLeft === undefined ? progress : { ...progress, secondsLeft };
    tell({ kind: 'progress', run, progress: timed });
  };
}

async function work(run: number, request: LabRequest, signal: AbortSignal): Promise<void> {
  // Cancelled before its turn, and told so.
  if (!running.has(run)) return;
  started.add(run);
  try {
    if (engine === undefined) throw new Error('the lab is told where it works first');
    const answer = await (await engine).run(request, throttled(run), signal);
    tell({ kind: 'done', run, answer });
  } catch (error) {
    if (error instanceof DomainError) {
      const { code, message, field } = error;
      tell({ kind: 'failed', run, code, message, ...(field !== undefined && { field }) });
    } else if (signal.aborted) {
      tell(cancelled(run));
    } else {
      tell({
        kind: 'failed',
        run,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  } finally {
    running.delete(run);
    started.delete(run);
  }
}

const cancelled = (run: number): FromLab => ({
  kind: 'failed',
  run,
  code: 'conflict',
  message: 'The run was cancelled.',
});

/** One that still waits has nothing to end first. */
function cancel(run: number): void {
  running.get(run)?.abort();
  if (started.has(run) || !running.delete(run)) return;
  tell(cancelled(run));
}

process.on('message', (message: ToLab) => {
  if (message.kind === 'open') engine = LabEngine.open(message.place, { clock, random });
  else if (message.kind === 'cancel') cancel(message.run);
  else {
    const control = new AbortController();
    running.set(message.run, control);
    queue = queue.then(() => work(message.run, message.request, control.signal));
  }
});
process.on('disconnect', () => process.exit(0));
// An interrupt at the terminal reaches the whole group; the server says when it ends.
process.on('SIGINT', () => undefined);
