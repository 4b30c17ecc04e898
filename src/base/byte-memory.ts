/**
 * Memory for small byte strings, by how long they live. Node's own pool gives both kinds from the same
 * pieces, and a piece lives as long as the last of what stands in it: one prefix that is remembered for a
 * stream's whole length would keep the chunks around it too.
 */

const PIECE_BYTES = 16 * 1024;
/** What is larger gets memory of its own. */
const SHARED_BYTES_MAX = PIECE_BYTES / 4;

let piece = Buffer.alloc(0);
let taken = 0;

/** For bytes that are soon passed on and then of no use, such as a chunk of a stream. Not cleared. */
export function passingBytes(length: number): Buffer {
  if (length > SHARED_BYTES_MAX) return Buffer.allocUnsafeSlow(length);
  if (taken + length > piece.length) {
    piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    taken = 0;
  }
  const from = taken;
  taken += length;
  return piece.subarray(from, taken);
}

/**
 * A copy of the parts, one behind the other, that shares its memory with nothing: for what is kept as long
 * as a request or longer.
 */
export function keptBytes(...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const kept = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) {
    kept.set(part, at);
    at += part.length;
  }
  return kept;
}
