import { assert } from '#base/assert.ts';

/** Types of columns that travel in PostgreSQL's binary format. */
export type ArrayType = 'uuid' | 'bigint' | 'integer' | 'text' | 'date' | 'boolean' | 'jsonb';

/** Object ids of the element types: fixed in every PostgreSQL (`pg_type.dat`). */
const ELEMENT_OIDS: Readonly<Record<ArrayType, number>> = {
  boolean: 16,
  bigint: 20,
  integer: 23,
  text: 25,
  date: 1082,
  uuid: 2950,
  jsonb: 3802,
};

/** Dimensions, a flag for NULLs, the element type, and of the one dimension its length and first index. */
const HEADER_BYTES = 20;
const EMPTY_HEADER_BYTES = 12;
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

/** Value of a hexadecimal digit by its character code; 255 for what is none. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

/**
 * One column of rows on its way to the store: a one-dimensional array in the binary format of
 * `array_send` (PostgreSQL, `arrayfuncs.c`), written value by value into memory that is kept. The
 * server takes such an array as it is, where text would have to be read digit by digit.
 */
export class ArrayColumn {
  readonly #type: ArrayType;
  #bytes = Buffer.allocUnsafe(BYTES_FIRST);
  #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  #length = HEADER_BYTES;
  #count = 0;
  #hasNull = false;
  #lastDay = '';
  #lastDayNumber = 0;

  constructor(type: ArrayType) {
    this.#type = type;
  }

  clear(): void {
    this.#length = HEADER_BYTES;
    this.#count = 0;
    this.#hasNull = false;
  }

  /**
   * Adds a value: a string for `uuid`, `text`, `date` (`2026-11-24`) and `jsonb`, an exact integer for
   * `bigint` and `integer`; null is NULL.
   * @throws Error where the value is none of the column's type: a programmer's error
   */
  push(value: string | number | boolean | null): void {
    this.#count += 1;
    if (value === null) {
      this.#hasNull = true;
      this.#int32(NULL_LENGTH);
      return;
    }
    switch (this.#type) {
      case 'bigint':
        this.#bigint(value);
        break;
      case 'integer':
        assert(Number.isInteger(value), 'an integer column takes integers');
        this.#int32(4);
        this.#int32(value as number);
        break;
      case 'boolean':
        this.#int32(1);
        this.#byte(value === true ? 1 : 0);
        break;
      case 'date':
        this.#int32(4);
        this.#int32(this.#dayNumber(String(value)));
        break;
      case 'uuid':
        this.#uuid(String(value));
        break;
      default:
        this.#text(String(value));
    }
  }

  /** A copy of the whole array: what was handed out is never written again. */
  take(): Buffer {
    const view = this.#view;
    view.setInt32(0, this.#count === 0 ? 0 : 1);
    view.setInt32(4, this.#hasNull ? 1 : 0);
    view.setInt32(8, ELEMENT_OIDS[this.#type]);
    view.setInt32(12, this.#count);
    view.setInt32(16, 1);
    const end = this.#count === 0 ? EMPTY_HEADER_BYTES : this.#length;
    return Buffer.from(this.#bytes.subarray(0, end));
  }

  #bigint(value: string | number | boolean): void {
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
    this.#int32(16);
    this.#reserve(16);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < UUID_CHARACTERS; i += 2) {
      if (text.charCodeAt(i) === DASH) i += 1;
      const high = DIGITS[text.charCodeAt(i)] ?? 255;
      const low = DIGITS[text.charCodeAt(i + 1)] ?? 255;
      assert(high < 16 && low < 16, 'a uuid consists of hexadecimal digits');
      bytes[at++] = (high << 4) | low;
    }
    assert(at === this.#length + 16, 'a uuid has 16 bytes');
    this.#length = at;
  }

  #text(text: string): void {
    const version = this.#type === 'jsonb' ? 1 : 0;
    const lengthAt = this.#length;
    this.#reserve(4 + version + 3 * text.length);
    this.#length += 4;
    if (version === 1) this.#byte(JSONB_VERSION);
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

  #int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
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
