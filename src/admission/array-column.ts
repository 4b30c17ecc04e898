import type { ColumnType, ColumnValue } from './column.ts';
import { FieldWriter } from './field-writer.ts';

/** Books have another number in each database, byte strings travel by themselves. */
export type ArrayType = Exclude<ColumnType, 'book' | 'bytea'>;

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

/**
 * One column of rows on its way to the store: a one-dimensional array in the binary format of
 * `array_send` (PostgreSQL, `arrayfuncs.c`), written value by value.
 */
export class ArrayColumn {
  readonly #type: ArrayType;
  readonly #elements = new FieldWriter();
  #count = 0;
  #hasNull = false;

  constructor(type: ArrayType) {
    this.#type = type;
    this.clear();
  }

  clear(): void {
    this.#elements.cut(HEADER_BYTES);
    this.#count = 0;
    this.#hasNull = false;
  }

  /** Adds a value. @throws Error where it is none of the column's type: a programmer's error */
  push(value: ColumnValue): void {
    this.#count += 1;
    if (value === null) this.#hasNull = true;
    this.#elements.field(this.#type, value);
  }

  /** A copy of the whole array. */
  take(): Buffer {
    const elements = this.#elements;
    elements.int32At(0, this.#count === 0 ? 0 : 1);
    elements.int32At(4, this.#hasNull ? 1 : 0);
    elements.int32At(8, ELEMENT_OIDS[this.#type]);
    elements.int32At(12, this.#count);
    elements.int32At(16, 1);
    return elements.copy(this.#count === 0 ? EMPTY_HEADER_BYTES : elements.length);
  }
}
