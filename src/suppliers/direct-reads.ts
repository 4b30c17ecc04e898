import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { passingBytes } from '#base/byte-memory.ts';

/** All connections are read into it, one after the other. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

const OFFERED = Symbol('offered');
const TAKEN = Buffer.alloc(0);

interface DirectSocket extends Socket {
  /** What was just read; {@link TAKEN} from then on until its reader has seen that nothing else is there. */
  [OFFERED]?: Buffer | null;
}

/**
 * Connects as undici does, and hands over what is read with less ado, which is a tenth of what a chunk
 * of a stream costs (docs/bench.md):
 *
 * - Bytes are read into one buffer and copied. Node itself takes 64 KB for each read, gives back what is
 *   too much, and has a buffer more to collect for every chunk; what that leaves behind in the allocator
 *   is in pieces.
 * - The reader is told at once, where a stream would queue the bytes and tell it in the next tick. What it
 *   does not take at once is queued after all, so that a paused answer holds its supplier back as ever.
 */
export function directConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({
    ...options,
    onread: { buffer: READ_BUFFER, callback: received },
  });
  return (where, callback) =>
    connect(where, (...result) => {
      const [, socket] = result;
      // Where connecting failed there is none, whatever the type says.
      if (socket) readDirectly(socket);
      callback(...result);
    });
}

function readDirectly(socket: DirectSocket): void {
  const readQueued = socket.read.bind(socket);
  socket[OFFERED] = null;
  socket.read = (size?: number) => {
    const bytes = socket[OFFERED];
    if (!bytes) return readQueued(size) as unknown;
    if (bytes === TAKEN) return null;
    socket[OFFERED] = TAKEN;
    return bytes;
  };
}

/** @returns false where no more should be read until the queue is empty */
function received(this: DirectSocket, length: number, read: Uint8Array): boolean {
  const bytes = passingBytes(length);
  bytes.set(read.subarray(0, length));
  if (this[OFFERED] === null && this.readableLength === 0) {
    this[OFFERED] = bytes;
    this.emit('readable');
    const isTaken = this[OFFERED] === TAKEN;
    this[OFFERED] = null;
    if (isTaken) return true;
  }
  return this.push(bytes);
}
