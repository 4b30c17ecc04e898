import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { controlSocketPath } from '#http/control-socket.ts';

const LAST_WORDS_MS = 2_000;

/** The private door of the command line: a Unix socket that only the server's user may open. */
export class ControlServer {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /**
   * Listens on the data directory's control socket. The caller holds the directory's lock, so a
   * socket file that is there was left by a killed process and is replaced.
   */
  static async listen(
    dataDir: string,
    handle: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<ControlServer> {
    const path = controlSocketPath(dataDir);
    rmSync(path, { force: true });
    const server = createServer(handle);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return new ControlServer(server, path);
  }

  /** Lets answers that are being given end, for a moment: whoever asked is told why. */
  async close(): Promise<void> {
    const cut = setTimeout(() => this.#server.closeAllConnections(), LAST_WORDS_MS);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    clearTimeout(cut);
    rmSync(this.#path, { force: true });
  }
}
