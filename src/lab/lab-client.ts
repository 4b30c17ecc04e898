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

interface Waiting {
  readonly request: LabRequest;
  readonly onProgress: (progress: LabProgress) => void;
  readonly resolve: (answer: LabAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A run that is going on. */
export interface LabRun {
  readonly run: number;
  readonly kind: LabRequest['kind'];
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
   * @throws DomainError as the engine, `conflict` where it was cancelled
   */
  run(
    request: LabRequest,
    onProgress: (progress: LabProgress & { readonly run: number }) => void,
    signal?: AbortSignal,
  ): Promise<LabAnswer> {
    const run = ++this.#runs;
    clearTimeout(this.#idle);
    const child = this.#start();
    return new Promise<LabAnswer>((resolve, reject) => {
      this.#waiting.set(run, {
        request,
        onProgress: (progress) => onProgress({ ...progress, run }),
        resolve,
        reject,
      });
      signal?.addEventListener('abort', () => this.cancel(run));
      child.send({ kind: 'run', run, request } satisfies ToLab);
      if (signal?.aborted === true) this.cancel(run);
    });
  }

  runs(): readonly LabRun[] {
    return [...this.#waiting].map(([run, { request }]) => ({ run, kind: request.kind }));
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
    if (message.kind === 'progress') return waiting.onProgress(message.progress);
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
