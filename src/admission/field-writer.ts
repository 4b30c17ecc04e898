import { assert } from '#base/assert.ts';
import type { ColumnType, ColumnValue } from './column.ts';

const NULL_LENGTH = -1;
const BYTES_FIRST = 1024;
const TWO_32 = 2 ** 32;
const DAY_MS = 86_400_000;
/** Days from 1970-01-01 to PostgreSQL's own first day, 2000-01-01. */
const EPOCH_DAYS = 10_957;
const JSONB_VERSION = 1;
/** Up to here a loop over characters beats the call that encodes a text. */
const SHORT_TEXT = 48;
const UUID_CHARACTERS = 36;
const DASH = 0x2d;

const NO_DIGIT = 255;

/** Value of a hexadecimal digit by its character code. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/**
 * Values in PostgreSQL's binary format, one after the other in memory that is kept: a length and that
 * many bytes each, as elements of an array and fields of a copied row both are. The server takes them
 * as they are, where text would have to be read digit by digit.
 */
export class FieldWriter {
  #bytes = Buffer.allocUnsafe(BYTES_FIRST);
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  #length = 0;
  #lastDay = '';
  #lastDayNumber = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what stands at and after `length`. */
  cut(length: number): void {
    this.#length = length;
  }

  /** A copy of the first bytes: what was handed out is never written again. */
  copy(length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(0, length));
  }

  /**
   * Writes one value with its length.
   * @throws Error where the value is none of the type: a programmer's error
   */
  field(type: ColumnType, value: ColumnValue): void {
    if (value === null) return this.int32(NULL_LENGTH);
    switch (type) {
      case 'bigint':
        return this.#bigint(value);
      case 'integer':
        assert(Number.isInteger(value), 'an integer column takes integers');
        this.int32(4);
        return this.int32(value as number);
      case 'boolean':
        this.int32(1);
        return this.#byte(value === true ? 1 : 0);
      case 'date':
        this.int32(4);
        return this.int32(this.#dayNumber(value as string));
      case 'uuid':
        return this.#uuid(value as string);
      case 'bytea':
        this.int32((value as Uint8Array).length);
        return this.raw(value as Uint8Array);
      default:
        return this.#text(value as string, type === 'jsonb');
    }
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** Writes over what stands at a place. */
  int32At(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #bigint(value: ColumnValue): void {
    assert(Number.isSafeInteger(value), 'a bigint column takes exact integers');
    this.#reserve(12);
    const high = Math.floor((value as number) / TWO_32);
    this.#view.setInt32(this.#length, 8);
    this.#view.setInt32(this.#length + 4, high);
    this.#view.setUint32(this.#length + 8, (value as number) - high * TWO_32);
    this.#length += 12;
  }

  #uuid(text: string): void {
    assert(text.length === UUID_CHARACTERS, 'a uuid has 36 characters');
    this.int32(16);
    this.#reserve(16);
    const bytes = this.#bytes;
    let at = this.#length;
    let seen = 0;
    for (let i = 0; i < UUID_CHARACTERS; i += 2) {
      if (text.charCodeAt(i) === DASH) i += 1;
      const high = DIGITS[text.charCodeAt(i)] ?? NO_DIGIT;
      const low = DIGITS[text.charCodeAt(i + 1)] ?? NO_DIGIT;
      seen |= high | low;
      bytes[at++] = (high << 4) | low;
    }
    assert(seen < 16, 'a uuid consists of hexadecimal digits');
    assert(at === this.#length + 16, 'a uuid has 16 bytes');
    this.#length = at;
  }

  #text(text: string, isJsonb: boolean): void {
    const lengthAt = this.#length;
    this.#reserve(5 + 3 * text.length);
    this.#length += 4;
    if (isJsonb) this.#byte(JSONB_VERSION);
    if (!this.#shortAscii(text))
      this.#length += this.#bytes.write(text.replaceAll('\0', ''), this.#length, 'utf8');
    this.#view.setInt32(lengthAt, this.#length - lengthAt - 4);
  }

  /** @returns false where the text is long, or anything but printable ASCII; nothing is then written. */
  #shortAscii(text: string): boolean {
    if (text.length > SHORT_TEXT) return false;
    const bytes = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e) return false;
      bytes[at + i] = code;
    }
    this.#length = at + text.length;
    return true;
  }

  #dayNumber(day: string): number {
    if (day !== this.#lastDay) {
      this.#lastDayNumber = Date.parse(`${day}T00:00:00Z`) / DAY_MS - EPOCH_DAYS;
      assert(Number.isInteger(this.#lastDayNumber), 'a date column takes days');
      this.#lastDay = day;
    }
    return this.#lastDayNumber;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }
}
