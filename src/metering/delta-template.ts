import { keptBytes } from '#base/byte-memory.ts';

const NO_BYTES = Buffer.alloc(0);
const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;

/** A delta is a few hundred bytes; a longer chunk is not worth remembering. */
const CHUNK_BYTES_MAX = 2048;

/** After so many deltas in a row that all differed in more than their text (vendors who pad each one), no more are remembered. */
const VAIN_LESSONS_MAX = 8;

/**
 * The last delta of a stream, to know the next one by: a chunk that is the same event, byte for byte,
 * but for the text in it. Vendors send most of a stream so, and one comparison then says of a chunk
 * that it is a whole event, that it is of no interest, and where its text is.
 */
export class DeltaTemplate {
  #bytes = NO_BYTES;
  #textFrom = 0;
  #textEnd = 0;
  #vainLessons = 0;

  /** Where the text begins in every chunk that {@link textEndIn} knows. */
  get textFrom(): number {
    return this.#textFrom;
  }

  /** @param chunk exactly one event, with a JSON string that is its only text at `textFrom` to `textEnd` */
  learn(chunk: Uint8Array, textFrom: number, textEnd: number): void {
    if (chunk.length > CHUNK_BYTES_MAX || this.#vainLessons === VAIN_LESSONS_MAX) {
      this.forget();
      return;
    }
    this.#vainLessons += 1;
    this.#bytes = keptBytes(chunk);
    this.#textFrom = textFrom;
    this.#textEnd = textEnd;
  }

  forget(): void {
    this.#bytes = NO_BYTES;
  }

  /** @returns where the text of the chunk ends; -1 where it is another event, or not exactly one. */
  textEndIn(chunk: Uint8Array): number {
    const bytes = this.#bytes;
    const from = this.#textFrom;
    const textEnd = this.#textEnd + chunk.length - bytes.length;
    if (bytes.length === 0 || textEnd < from) return -1;
    // The end first: what tells one delta from the next (a finish reason, padding) mostly stands there.
    if (!areEqual(bytes, this.#textEnd, bytes.length, chunk, textEnd)) return -1;
    if (!areEqual(bytes, 0, from, chunk, 0)) return -1;
    for (let at = from; at < textEnd; at++) {
      const isEscape = chunk[at] === BACKSLASH;
      if (isEscape) at += 1;
      const byte = chunk[at] ?? 0;
      // What is escaped may be a quote, but not the one that ends the text; a line end never is part of it.
      if (at >= textEnd || byte < SPACE || (byte === QUOTE && !isEscape)) return -1;
    }
    this.#vainLessons = 0;
    return textEnd;
  }
}

/** Whether bytes from `start` to `end` stand in others too. For so few, calling `Buffer.compare` costs more than they do. */
function areEqual(
  bytes: Uint8Array,
  start: number,
  end: number,
  others: Uint8Array,
  otherStart: number,
): boolean {
  const shift = otherStart - start;
  for (let at = start; at < end; at++) if (bytes[at] !== others[at + shift]) return false;
  return true;
}
