/** Values are written one after the other into pieces of memory of this size. */
const PIECE_BYTES = 16 * 1024;
const VARINT_BYTES_MAX = 8;
const TWO_28 = 2 ** 28;

/**
 * The compact encoding of an account's binary columns: unsigned integers up to 2^53 in base 128
 * (low groups first), text as its length and Latin-1 bytes. Anything else is a programmer's error.
 */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(PIECE_BYTES);
  /** Where the value that is being written begins; what stands before it was taken. */
  #start = 0;
  #end = 0;

  /** Begins a value anew. */
  clear(): void {
    this.#end = this.#start;
  }

  /**
   * What was written, which is never written over. It shares a piece of memory with values before and
   * after it: for what is soon copied on, not for what is kept.
   */
  take(): Buffer {
    const taken = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return taken;
  }

  /** @throws RangeError on what is no unsigned safe integer. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`not an unsigned safe integer: ${value}`);
    this.#reserve(VARINT_BYTES_MAX);
    const bytes = this.#bytes;
    let rest = value;
    // Shifts take 32 bits: the four groups below 2^28 first, then what is above them (25 bits at most).
    if (value >= TWO_28) {
      rest = Math.floor(value / TWO_28);
      const low = value - rest * TWO_28;
      bytes[this.#end++] = (low & 127) | 128;
      bytes[this.#end++] = ((low >>> 7) & 127) | 128;
      bytes[this.#end++] = ((low >>> 14) & 127) | 128;
      bytes[this.#end++] = (low >>> 21) | 128;
    }
    while (rest >= 128) {
      bytes[this.#end++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.#end++] = rest;
  }

  text(value: string): void {
    this.varint(value.length);
    this.#reserve(value.length);
    this.#end += this.#bytes.write(value, this.#end, 'latin1');
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const length = this.#end - this.#start;
    const next = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, 2 * (length + count)));
    this.#bytes.copy(next, 0, this.#start, this.#end);
    this.#bytes = next;
    this.#start = 0;
    this.#end = length;
  }
}

/** Reads what {@link ByteWriter} wrote. @throws RangeError where the bytes end early or hold no such value. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw new RangeError('the encoded state ends early');
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    if (!Number.isSafeInteger(value))
      throw new RangeError('the encoded state holds no safe integer');
    return value;
  }

  text(): string {
    const length = this.varint();
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new RangeError('the encoded state ends early');
    const { buffer, byteOffset } = this.#bytes;
    const text = Buffer.from(buffer, byteOffset + this.#offset, length).toString('latin1');
    this.#offset = end;
    return text;
  }

  /** Asserts that everything was read. */
  end(): void {
    if (this.#offset !== this.#bytes.length)
      throw new RangeError('the encoded state goes on after its end');
  }
}
