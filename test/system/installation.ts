import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ControlClient } from '#src/cli/control-client.ts';
import type { Where } from '#src/main.ts';

const BREAKEVEN = fileURLToPath(new URL('../../bin/breakeven', import.meta.url));
const LAST_WORDS_CHARS = 4_000;

export interface InstallationOptions {
  readonly dataDir: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One gateway process as an operator starts it, `breakeven start`, that tests may kill and start again. */
export class Installation implements AsyncDisposable {
  readonly #options: InstallationOptions;
  #process: ChildProcess | undefined;
  #where: Where | undefined;
  #log = '';

  private constructor(options: InstallationOptions) {
    this.#options = options;
  }

  /** Starts and waits until requests are taken. @throws Error with the process's last words */
  static async start(options: InstallationOptions): Promise<Installation> {
    const installation = new Installation(options);
    await installation.start();
    return installation;
  }

  /** One that is not running yet: for commands that must be offline. */
  static at(options: InstallationOptions): Installation {
    return new Installation(options);
  }

  get dataDir(): string {
    return this.#options.dataDir;
  }

  get url(): string {
    return this.#started.url;
  }

  get databaseUrl(): string {
    return this.#started.databaseUrl;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** The end of what the process logged, over all its lives. */
  get lastWords(): string {
    return this.#log.slice(-LAST_WORDS_CHARS);
  }

  /** Starts the process, again on the same port where it had run before. */
  async start(): Promise<void> {
    const port = this.#where === undefined ? '0' : new URL(this.#where.url).port;
    const child = spawn(process.execPath, [BREAKEVEN, 'start', '--json'], {
      env: this.#environment({ PORT: port }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = `${this.#log}${chunk.toString()}`.slice(-100_000);
    });
    let output = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      output += chunk.toString();
      if (output.trimEnd().endsWith('}')) {
        this.#where = JSON.parse(output) as Where;
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`breakeven did not start: ${this.lastWords}`);
  }

  /** The power goes: no handler runs. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As an operator stops it. @returns its exit code */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Asks the process to stop and does not wait. */
  interrupt(): void {
    this.#process?.kill('SIGTERM');
  }

  /** Waits for its end. @returns its exit code */
  async ended(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  /** Runs a command as the operator types it. */
  async command(...args: readonly string[]): Promise<CommandResult> {
    const run = promisify(execFile)(process.execPath, [BREAKEVEN, ...args], {
      env: this.#environment({}),
      maxBuffer: 64 * 1024 * 1024,
    });
    const { stdout, stderr } = await run.catch((error: unknown) => error as CommandResult);
    return { code: run.child.exitCode ?? -1, stdout, stderr };
  }

  /** Runs a command with `--json`. @throws Error where it fails */
  async ask<Result>(...args: readonly string[]): Promise<Result> {
    const { code, stdout, stderr } = await this.command(...args, '--json');
    if (code !== 0) throw new Error(`breakeven ${args.join(' ')}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as Result;
  }

  /** Calls the operator's API over the control socket. */
  async call<Result>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Result> {
    await using client = new ControlClient(this.dataDir);
    return await client.call<Result>(method, path, body);
  }

  /** The embedded server's process, if it runs. */
  postmasterPid(): number {
    const file = join(this.dataDir, 'postgres', 'postmaster.pid');
    return Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** As `call`, for a route that streams its progress. */
  async follow(path: string, body: object): Promise<unknown> {
    await using client = new ControlClient(this.dataDir);
    return await client.follow<unknown>(path, body, () => undefined);
  }

  get #started(): Where {
    if (this.#where === undefined) throw new Error('this installation was never started');
    return this.#where;
  }

  #environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      DATA_DIR: this.dataDir,
      BREAKEVEN_LOG_LEVEL: 'warn',
      BREAKEVEN_SIMULATOR: 'off',
      BREAKEVEN_WEB: 'off',
      ...this.#options.environment,
      ...more,
    };
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    this.#process?.kill(signal);
    return this.ended();
  }
}

/** Asks again until the answer is good. @throws Error where it never was */
export async function eventually<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(100);
  }
}
