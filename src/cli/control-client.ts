import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Client } from 'undici';
import { DomainError, type ErrorCode } from '#base/domain-error.ts';
import { controlSocketPath } from '#http/control-socket.ts';

interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly code: ErrorCode;
    readonly param?: string | null;
  };
}

/** Speaks to the server that runs on a data directory, over its control socket. */
export class ControlClient implements AsyncDisposable {
  readonly #client: Client;

  /** @throws DomainError `store_unavailable` where no server runs on that data directory. */
  constructor(dataDir: string) {
    const socketPath = controlSocketPath(dataDir);
    if (!existsSync(socketPath)) throw notRunning(dataDir);
    this.#client = new Client('http://breakeven', {
      socketPath,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#dataDir = dataDir;
  }

  readonly #dataDir: string;

  /**
   * Calls a route.
   * @param path below `/api`
   * @throws DomainError with the server's own code and words
   */
  async call<Result>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Result> {
    const response = await this.#request(method, path, body);
    const json = (await response.body.json()) as Result | ErrorBody;
    if (response.statusCode >= 400) throw errorOf(json as ErrorBody);
    return json as Result;
  }

  /** As {@link call}, for long work: `onProgress` hears each step. */
  async follow<Result>(
    path: string,
    body: object,
    onProgress: (step: Readonly<Record<string, unknown>>) => void,
  ): Promise<Result> {
    const response = await this.#request('POST', path, body);
    if (response.statusCode >= 400) throw errorOf((await response.body.json()) as ErrorBody);
    for await (const line of linesOf(response.body)) {
      const event = JSON.parse(line) as {
        progress?: Record<string, unknown>;
        result?: Result;
      } & Partial<ErrorBody>;
      if (event.progress) onProgress(event.progress);
      if (event.error) throw errorOf(event.error as unknown as ErrorBody);
      if ('result' in event) return event.result;
    }
    throw endedEarly();
  }

  async #request(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) {
    try {
      return await this.#client.request({
        method,
        path: `/api${path}`,
        ...(body && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
    } catch (cause) {
      throw notRunning(this.#dataDir, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** @throws DomainError `shutting_down` where the server ends in the midst of them */
async function* linesOf(body: Readable): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: body });
    // The error of a stream that breaks off is not told by its lines.
    if (body.errored !== null) throw body.errored;
  } catch (cause) {
    throw endedEarly(cause);
  }
}

function endedEarly(cause?: unknown): DomainError {
  return new DomainError('shutting_down', 'The server ended before the work was done.', { cause });
}

function notRunning(dataDir: string, cause?: unknown): DomainError {
  return new DomainError(
    'store_unavailable',
    `No Breakeven runs on ${dataDir}. Start it with "npm start", or name its folder with DATA_DIR.`,
    { cause },
  );
}

function errorOf(body: ErrorBody): DomainError {
  const { message, code, param } = body.error;
  return new DomainError(code, message, param ? { field: param } : {});
}
