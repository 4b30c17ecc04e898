import { Pool } from 'undici';

/** The operator's API of a running Breakeven, over its control socket. */
export class OperatorDoor {
  static readonly CONNECTIONS = 16;
  readonly #pool: Pool;

  constructor(socketPath: string) {
    this.#pool = new Pool('http://breakeven', {
      socketPath,
      connections: OperatorDoor.CONNECTIONS,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @throws Error with the server's words where it refuses */
  async call<Result>(method: 'GET' | 'POST', path: string, body?: object): Promise<Result> {
    const answer = await this.#pool.request({
      method,
      path: `/api${path}`,
      ...(body && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text) as Result;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
