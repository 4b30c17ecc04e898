import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const CR = 13;
const LF = 10;
const CHUNK_END_BYTES = 2;
const HEX_DIGITS = Buffer.from('0123456789abcdef');

/** Hears whether the client keeps up. */
export interface StreamPace {
  /** Nothing more should be written until {@link drained}. */
  full(): void;
  drained(): void;
}

/**
 * The body of a streamed answer, piece by piece.
 *
 * The first piece goes by `response.write`, with the headers. Those after it are framed here as chunks
 * (RFC 9112, section 7.1) and given to the socket in one buffer for each turn of the event loop: of
 * what a small chunk costs, a response's own writes, corks and book-keeping are an eighth. Where the
 * response has no socket yet (the answer before it still has it), never has one (a call from inside the
 * house) or sends no chunks (HTTP/1.0), everything goes by `response.write`.
 */
export class StreamBody {
  readonly #response: ServerResponse;
  readonly #pace: StreamPace;
  #hasBegun = false;
  #isFull = false;
  /** Framed in this turn. */
  #framed: Buffer[] = [];
  readonly #flushLater = (): void => this.flush();
  readonly #drained = (): void => {
    this.#isFull = false;
    this.#pace.drained();
  };

  constructor(response: ServerResponse, pace: StreamPace) {
    this.#response = response;
    this.#pace = pace;
  }

  write(piece: Buffer | string): void {
    const socket = this.#hasBegun ? this.#socket() : undefined;
    if (socket === undefined) {
      this.#hasBegun = true;
      if (!this.#response.write(piece)) this.#wait(this.#response);
    } else if (this.#framed.length === 0 && isLastOfRead(piece)) {
      if (!socket.write(chunkOf(piece))) this.#wait(socket);
    } else {
      if (this.#framed.length === 0) process.nextTick(this.#flushLater);
      this.#framed.push(chunkOf(piece));
    }
  }

  /** Gives away what this turn has framed: before the response is ended, which would overtake it. */
  flush(): void {
    const [first, second] = this.#framed;
    if (first === undefined) return;
    const bytes = second === undefined ? first : Buffer.concat(this.#framed);
    this.#framed = [];
    const socket = this.#socket();
    // A connection that has closed in between takes nothing more; the response tells that by its `close`.
    if (socket !== undefined && !socket.write(bytes)) this.#wait(socket);
  }

  /** The client's connection, while it is this response's and takes chunks. */
  #socket(): Socket | undefined {
    const { socket, chunkedEncoding } = this.#response;
    return chunkedEncoding && socket?.writable ? socket : undefined;
  }

  #wait(writable: ServerResponse | Socket): void {
    if (this.#isFull) return;
    this.#isFull = true;
    writable.once('drain', this.#drained);
    this.#pace.full();
  }
}

/**
 * Whether nothing but the end of its chunk follows a piece in the buffer that a socket was read into, so
 * that no other piece comes in this turn. A wrong guess costs a write, or a tick.
 */
function isLastOfRead(piece: Buffer | string): boolean {
  if (typeof piece === 'string') return false;
  return piece.buffer.byteLength - piece.byteOffset - piece.length <= CHUNK_END_BYTES;
}

/** A piece as one chunk of HTTP/1.1: its length in hexadecimal digits, its bytes, each with a line end. */
function chunkOf(piece: Buffer | string): Buffer {
  const length = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  let digits = 1;
  for (let rest = length >> 4; rest > 0; rest >>= 4) digits += 1;
  const chunk = Buffer.allocUnsafe(digits + length + 4);
  for (let at = digits - 1, rest = length; at >= 0; at--, rest >>= 4)
    chunk[at] = HEX_DIGITS[rest & 15] ?? 0;
  chunk[digits] = CR;
  chunk[digits + 1] = LF;
  if (typeof piece === 'string') chunk.write(piece, digits + 2);
  else chunk.set(piece, digits + 2);
  chunk[digits + 2 + length] = CR;
  chunk[digits + 3 + length] = LF;
  return chunk;
}
