import { type ChildProcess, fork } from 'node:child_process';
import { DomainError, type ErrorCode } from '#base/domain-error.ts';
import type {
  FromLab,
  LabAnswer,
  LabPlace,
  LabProgress,
  LabRequest,
  ToLab,
} from './lab-request.ts';

/** Hears of a run's steps. */
type Listener = (progress: LabProgress & { readonly run: number }) => void;

interface Waiting {
  readonly request: LabRequest;
  readonly listeners: Set<Listener>;
  readonly ended: Promise<LabAnswer>;
  readonly resolve: (answer: LabAnswer) => void;
  readonly reject: (error: Error) => void;
  progress: LabProgress | undefined;
}

/** A run that is going on. */
export interface LabRun {
  readonly run: number;
  readonly kind: LabRequest['kind'];
  readonly book: string | null;
  /** The plan that it is about; null where it is about all, or the lab is to choose. */
  readonly plan: string | null;
  /** Where it has come to; null where it waits. */
  readonly progress: LabProgress | null;
}

/** The lab keeps what it has read for this long after its last run. */
const IDLE_MS = 15 * 60_000;

/**
 * The server's side of the lab: starts its process at the first run, ends it when it was idle for a
 * while, and hands runs and their progress to and fro.
 */
export class LabClient implements AsyncDisposable {
  readonly #place: LabPlace;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #runs = 0;

  constructor(place: LabPlace) {
    this.#place = place;
  }

  /**
   * Runs one request; they wait for each other.
   * @param signal cancels the run; without one it goes on until it is done or cancelled by its number
   * @throws DomainError as the engine, `conflict` where it was cancelled
   */
  run(request: LabRequest, onProgress: Listener, signal?: AbortSignal): Promise<LabAnswer> {
    const run = ++this.#runs;
    clearTimeout(this.#idle);
    const child = this.#start();
    const { promise: ended, resolve, reject } = Promise.withResolvers<LabAnswer>();
    const listeners = new Set([onProgress]);
    // Told at once, so that whoever asked knows by which number to end it, and why nothing moves.
    const text = this.#waiting.size > 0 ? 'Waiting for another run of the lab to end' : 'Starting';
    onProgress({ text, done: 0, of: 1, run });
    this.#waiting.set(run, { request, listeners, ended, resolve, reject, progress: undefined });
    signal?.addEventListener('abort', () => this.cancel(run));
    child.send({ kind: 'run', run, request } satisfies ToLab);
    if (signal?.aborted === true) this.cancel(run);
    return ended;
  }

  /**
   * Listens to a run that goes on; leaving does not end it.
   * @throws DomainError `not_found` where there is none (any more), else as {@link run}
   */
  async follow(run: number, onProgress: Listener, signal: AbortSignal): Promise<LabAnswer> {
    const waiting = this.#waiting.get(run);
    if (waiting === undefined)
      throw new DomainError('not_found', `There is no run ${run} of the lab (any more).`);
    if (waiting.progress !== undefined) onProgress({ ...waiting.progress, run });
    waiting.listeners.add(onProgress);
    signal.addEventListener('abort', () => waiting.listeners.delete(onProgress));
    return waiting.ended;
  }

  runs(): readonly LabRun[] {
    return [...this.#waiting].map(([run, { request, progress }]) => ({
      run,
      kind: request.kind,
      book: request.book ?? null,
      plan: planOf(request),
      progress: progress ?? null,
    }));
  }

  /** @returns false where there is no such run (any more) */
  cancel(run: number): boolean {
    if (!this.#waiting.has(run)) return false;
    this.#child?.send({ kind: 'cancel', run } satisfies ToLab);
    return true;
  }

  #start(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = fork(new URL('./lab-process.ts', import.meta.url), {
      // The kernel is many small functions: inlined whole, a replay is a quarter faster.
      execArgv: ['--max-inlined-bytecode-size=2000', '--max-inlined-bytecode-size-cumulative=4000'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message: FromLab) => this.#hear(message));
    child.on('exit', () => this.#lost(child));
    child.on('error', () => this.#lost(child));
    child.send({ kind: 'open', place: this.#place } satisfies ToLab);
    this.#child = child;
    return child;
  }

  #hear(message: FromLab): void {
    const waiting = this.#waiting.get(message.run);
    if (waiting === undefined) return;
    if (message.kind === 'progress') {
      waiting.progress = message.progress;
      for (const listener of waiting.listeners) listener({ ...message.progress, run: message.run });
      return;
    }
    this.#waiting.delete(message.run);
    if (message.kind === 'done') waiting.resolve(message.answer);
    else if (message.code === undefined)
      waiting.reject(new Error(`the lab failed: ${message.message}`));
    else {
      const { code, field } = message;
      waiting.reject(
        new DomainError(code as ErrorCode, message.message, field === undefined ? {} : { field }),
      );
    }
    if (this.#waiting.size > 0) return;
    this.#idle = setTimeout(() => void this.#end(), IDLE_MS);
    this.#idle.unref();
  }

  #lost(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const { reject } of this.#waiting.values())
      reject(new DomainError('internal', 'The process of the lab ended before the run was done.'));
    this.#waiting.clear();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idle);
    for (const { reject } of this.#waiting.values())
      reject(new DomainError('shutting_down', 'The server is stopping.'));
    this.#waiting.clear();
    await this.#end();
  }
}

function planOf(request: LabRequest): string | null {
  if (request.kind === 'trial') return request.terms.plan;
  return request.kind === 'recommend' ? (request.plan ?? null) : null;
}
