/** What a reader tells about the messages on one connection, in order. */
export interface MessageEvents {
  /** The start line and headers, without the blank line. */
  onHead(head: string): void;
  /** A part of the body, free of chunk framing. Valid only during the call. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;
const NO_BYTES = Buffer.alloc(0);

/**
 * Reads HTTP/1.1 messages, requests or responses, from a connection's bytes. Only what the bench
 * sends itself: lengths and chunks, no trailers, no bodies that last until the connection ends.
 * States: head → body of a known length or chunks → head.
 */
export class HttpReader {
  readonly #events: MessageEvents;
  #rest: Buffer = NO_BYTES;
  #state: 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'last-chunk' = 'head';
  #left = 0;

  constructor(events: MessageEvents) {
    this.#events = events;
  }

  /** @throws Error on bytes that are no HTTP */
  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const used = this.#step(bytes);
      if (used === 0) break;
      bytes = bytes.subarray(used);
    }
    this.#rest = bytes.length === 0 ? NO_BYTES : Buffer.from(bytes);
  }

  /** Takes what it can from the front; 0 when it needs more bytes. */
  #step(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    switch (this.#state) {
      case 'head':
        return this.#head(bytes);
      case 'length':
      case 'chunk':
        return this.#body(bytes);
      case 'chunk-size':
        return this.#chunkSize(bytes);
      default:
        return this.#lineEnd(bytes);
    }
  }

  #head(bytes: Buffer): number {
    const end = bytes.indexOf(BLANK_LINE);
    if (end < 0) return 0;
    const head = bytes.toString('latin1', 0, end);
    const chunked = CHUNKED.test(head);
    this.#left = chunked ? 0 : Number(LENGTH.exec(head)?.[1] ?? 0);
    this.#events.onHead(head);
    if (chunked) this.#state = 'chunk-size';
    else if (this.#left > 0) this.#state = 'length';
    else this.#end();
    return end + 4;
  }

  #body(bytes: Buffer): number {
    const taken = Math.min(this.#left, bytes.length);
    this.#left -= taken;
    this.#events.onBody(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    if (this.#left > 0) return taken;
    if (this.#state === 'chunk') this.#state = 'chunk-end';
    else this.#end();
    return taken;
  }

  #chunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(CRLF);
    if (end < 0) return 0;
    const size = Number.parseInt(bytes.toString('latin1', 0, end), 16);
    if (!Number.isInteger(size)) throw new Error('not a chunk size');
    this.#left = size;
    this.#state = size === 0 ? 'last-chunk' : 'chunk';
    return end + 2;
  }

  /** After a chunk's bytes, and after the last chunk. */
  #lineEnd(bytes: Buffer): number {
    if (bytes.length < 2) return 0;
    if (this.#state === 'last-chunk') this.#end();
    else this.#state = 'chunk-size';
    return 2;
  }

  #end(): void {
    this.#state = 'head';
    this.#events.onEnd();
  }
}
