import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

type Message = Readonly<Record<string, unknown>>;

/** A process of the bench that tells its progress in lines of JSON. */
export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #waiting: { readonly key: string; readonly found: (message: Message) => void }[] = [];
  readonly #exited: Promise<void>;
  #errors = '';
  #over = false;
  #failed: ((error: Error) => void)[] = [];

  constructor(name: string, command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#name = name;
    this.#process = spawn(command[0] ?? process.execPath, command.slice(1), {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString()}`.slice(-4000);
    });
    if (this.#process.stdout)
      createInterface({ input: this.#process.stdout }).on('line', (line) => this.#read(line));
    this.#exited = new Promise((resolve) => {
      this.#process.once('close', () => {
        this.#over = true;
        for (const failed of this.#failed) failed(this.#ended());
        resolve();
      });
    });
  }

  /** A script of the bench under the Node that runs this one. */
  static script(name: string, ...args: readonly string[]): Child {
    const path = new URL(name, import.meta.url).pathname;
    return new Child(name, [process.execPath, path, ...args]);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The next message with this field. @throws Error when the process ends before */
  async next(key: string): Promise<unknown> {
    if (this.#over) throw this.#ended();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, found: (message) => resolve(message[key]) });
      this.#failed.push(reject);
    });
  }

  /** Asks the process to end and waits until it has. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#process.kill(signal);
    await this.#exited;
  }

  /** Rejects, with the process's last words, when it ends. */
  async failed(): Promise<never> {
    await this.#exited;
    throw this.#ended();
  }

  async exited(): Promise<void> {
    await this.#exited;
  }

  #ended(): Error {
    return new Error(`${this.#name} ended: ${this.#errors || 'without a word'}`);
  }

  #read(line: string): void {
    if (!line.startsWith('{')) return;
    const message = JSON.parse(line) as Message;
    const at = this.#waiting.findIndex(({ key }) => key in message);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.found(message);
  }
}
