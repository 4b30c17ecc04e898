import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A Unix socket's path may have 107 bytes on Linux, 103 on macOS. */
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * Where the command line reaches the server that runs on a data directory: `control.sock` in it, mode
 * 0600, or, where that path would be too long for a socket, a name derived from it among the
 * temporary files of this user.
 */
export function controlSocketPath(dataDir: string): string {
  const path = join(resolve(dataDir), 'control.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path;
  const name = createHash('sha256').update(path).digest('hex').slice(0, 24);
  return join(tmpdir(), `breakeven-${name}.sock`);
}
