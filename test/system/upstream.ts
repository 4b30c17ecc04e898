import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseServedLog, type ServedRequest } from '#suppliers/simulator/simulator-log.ts';

const SIMULATOR = fileURLToPath(
  new URL('../../src/suppliers/simulator/simulator-process.ts', import.meta.url),
);

export interface UpstreamOptions {
  readonly logPath: string;
  readonly firstTokenMs?: number;
  readonly tokensPerSecond?: number;
}

/** The simulator as a supplier in a process of its own, whose log outlives every kill of ours. */
export class Upstream implements AsyncDisposable {
  readonly url: string;
  readonly #logPath: string;
  readonly #process: ChildProcess;

  private constructor(url: string, logPath: string, child: ChildProcess) {
    this.url = url;
    this.#logPath = logPath;
    this.#process = child;
  }

  static async start(options: UpstreamOptions): Promise<Upstream> {
    const { logPath, firstTokenMs = 0, tokensPerSecond = 0 } = options;
    const flags = ['--log', logPath, '--first-token-ms', String(firstTokenMs)];
    const speed = ['--tokens-per-second', String(tokensPerSecond)];
    const child = spawn(process.execPath, [SIMULATOR, ...flags, ...speed], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return new Upstream(line.toString().trim(), logPath, child);
  }

  /** What it served so far, by its own word. */
  served(): readonly ServedRequest[] {
    return parseServedLog(readFileSync(this.#logPath, 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}
