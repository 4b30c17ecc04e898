/**
 * The compact encoding of an account's binary columns: unsigned integers up to 2^53 in base 128
 * (low groups first), text as its length and Latin-1 bytes. Anything else is a programmer's error.
 */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** @throws RangeError on what is no unsigned safe integer. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`not an unsigned safe integer: ${value}`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  text(value: string): void {
    this.varint(value.length);
    this.#reserve(value.length);
    this.#length += this.#bytes.write(value, this.#length, 'latin1');
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
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
