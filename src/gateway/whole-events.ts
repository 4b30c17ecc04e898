const LF = 10;
const CR = 13;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream of server-sent events at the ends of events, so that a client never holds half
 * an event when the stream has to be ended, interrupted by a comment, or held back. The bytes are
 * passed on as they came; only the tail of a chunk waits for the chunk that completes its event.
 */
export class WholeEvents {
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** @returns the bytes of the events that are complete now; `undefined` where none is. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.#pendingBytes === 0) {
      const end = lastEventEnd(chunk);
      if (end < chunk.length) this.#keep(chunk.subarray(end));
      if (end === 0) return undefined;
      return end === chunk.length ? chunk : chunk.subarray(0, end);
    }
    // An end of an event is at most four bytes: only the last three of what waits may be part of it.
    const tail = this.#tail();
    const seam = Buffer.concat([tail, chunk]);
    const end = lastEventEnd(seam) - tail.length;
    if (end <= 0) {
      this.#keep(chunk);
      return undefined;
    }
    const whole = Buffer.concat(
      [...this.#pending, chunk.subarray(0, end)],
      this.#pendingBytes + end,
    );
    this.#pending = [];
    this.#pendingBytes = 0;
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return whole;
  }

  /** What stands unfinished. */
  rest(): Buffer {
    const rest =
      this.#pendingBytes === 0 ? EMPTY : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return rest;
  }

  #keep(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #tail(): Buffer {
    const last = this.#pending.at(-1) ?? EMPTY;
    if (last.length >= 3 || this.#pending.length === 1) return last.subarray(-3);
    return Buffer.concat(this.#pending.slice(-3)).subarray(-3);
  }
}

/** The offset behind the last blank line (LF LF, CR LF CR LF or a mixture); 0 where there is none. */
function lastEventEnd(bytes: Buffer): number {
  let at = bytes.length;
  while (at > 0) {
    const lf = bytes.lastIndexOf(LF, at - 1);
    if (lf <= 0) return 0;
    const before = bytes[lf - 1] === CR ? lf - 2 : lf - 1;
    if (before >= 0 && bytes[before] === LF) return lf + 1;
    at = lf;
  }
  return 0;
}
