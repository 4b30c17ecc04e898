import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { passingBytes } from '#base/byte-memory.ts';

const CR = 13;
const LF = 10;
const LINE_ENDS_BYTES = 4;
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
 *
 * Bodies that got something in a turn write one after the other when everything that was ready has been
 * read. A reader on the same machine is then woken once for all of them, not by each and in between.
 */
export class StreamBody {
  readonly #response: ServerResponse;
  readonly #pace: StreamPace;
  #hasBegun = false;
  #isFull = false;
  /** Of this turn. */
  #pieces: (Buffer | string)[] = [];
  readonly #drained = (): void => {
    this.#isFull = false;
    this.#pace.drained();
  };

  constructor(response: ServerResponse, pace: StreamPace) {
    this.#response = response;
    this.#pace = pace;
  }

  write(piece: Buffer | string): void {
    if (this.#pieces.length > 0) {
      this.#pieces.push(piece);
    } else if (this.#hasBegun && this.#socket() !== undefined) {
      flushAfterTurn(this);
      this.#pieces.push(piece);
    } else {
      this.#hasBegun = true;
      if (!this.#response.write(piece)) this.#wait(this.#response);
    }
  }

  /** Gives away what this turn has brought: before the response is ended, which would overtake it. */
  flush(): void {
    if (this.#pieces.length === 0) return;
    const chunks = chunksOf(this.#pieces);
    this.#pieces = [];
    const socket = this.#socket();
    // A connection that has closed in between takes nothing more; the response tells that by its `close`.
    if (socket !== undefined && !socket.write(chunks)) this.#wait(socket);
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

let waiting: StreamBody[] = [];

function flushAfterTurn(body: StreamBody): void {
  if (waiting.length === 0) setImmediate(flushWaiting);
  waiting.push(body);
}

function flushWaiting(): void {
  const bodies = waiting;
  waiting = [];
  for (const body of bodies) body.flush();
}

/** Each piece as one chunk of HTTP/1.1: its length in hexadecimal digits, its bytes, each with a line end. */
function chunksOf(pieces: readonly (Buffer | string)[]): Buffer {
  let total = 0;
  for (const piece of pieces) {
    const length = bytesOf(piece);
    total += digitsOf(length) + length + LINE_ENDS_BYTES;
  }
  const chunks = passingBytes(total);
  let at = 0;
  for (const piece of pieces) at = writeChunk(chunks, at, piece);
  return chunks;
}

function writeChunk(into: Buffer, from: number, piece: Buffer | string): number {
  const length = bytesOf(piece);
  let at = from + digitsOf(length);
  for (let digit = at - 1, rest = length; digit >= from; digit--, rest >>= 4)
    into[digit] = HEX_DIGITS[rest & 15] ?? 0;
  into[at++] = CR;
  into[at++] = LF;
  if (typeof piece === 'string') into.write(piece, at);
  else into.set(piece, at);
  at += length;
  into[at++] = CR;
  into[at++] = LF;
  return at;
}

function bytesOf(piece: Buffer | string): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
}

function digitsOf(length: number): number {
  let digits = 1;
  for (let rest = length >> 4; rest > 0; rest >>= 4) digits += 1;
  return digits;
}
