import type { Column, ColumnValue } from './column.ts';
import { FieldWriter } from './field-writer.ts';
import type { Statement } from './statement.ts';

/** Types of the messages that carry copied rows, and end them (PostgreSQL, "Message Formats"). */
const COPY_DATA = Buffer.from('d');
const COPY_DONE = Buffer.from('c');
const LENGTH_BYTES = 4;
/** Begins the binary format of `COPY`: a signature, no flags, no extension of the header. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END_OF_ROWS = -1;

/**
 * New rows of one table on their way into it by `COPY … (FORMAT binary)`, which the server writes in
 * bunches as they come: cheaper for it than any `INSERT`, for one row as for many. It answers no rows,
 * and a row that the table refuses fails it whole.
 */
export class RowCopy {
  readonly #name: string;
  readonly #text: string;
  readonly #columns: readonly Column[];
  readonly #messages = new FieldWriter();
  #rows = 0;

  /** @param columns of the table, in any order; the others get their defaults */
  constructor(table: string, columns: readonly Column[]) {
    this.#name = `copy_${table}`;
    this.#columns = columns;
    const names = columns.map(({ name }) => name).join(', ');
    this.#text = `COPY ${table} (${names}) FROM STDIN (FORMAT binary)`;
    this.#messages.raw(COPY_DATA);
    this.#messages.int32(LENGTH_BYTES);
    this.#messages.raw(SIGNATURE);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds a row: one value for each column, in order. */
  push(values: readonly ColumnValue[]): void {
    const messages = this.#messages;
    messages.int16(this.#columns.length);
    for (let i = 0; i < this.#columns.length; i++)
      messages.field(this.#columns[i]?.type ?? 'text', values[i] ?? null);
    this.#rows += 1;
  }

  /** The statement with all rows so far. */
  statement(): Statement {
    const messages = this.#messages;
    const rowsEnd = messages.length;
    messages.int16(END_OF_ROWS);
    messages.int32At(COPY_DATA.length, messages.length - COPY_DATA.length);
    messages.raw(COPY_DONE);
    messages.int32(LENGTH_BYTES);
    const copied = messages.copy(messages.length);
    messages.cut(rowsEnd);
    return { name: this.#name, text: this.#text, values: [], answersRows: false, copied };
  }

  clear(): void {
    this.#messages.cut(COPY_DATA.length + LENGTH_BYTES + SIGNATURE.length);
    this.#rows = 0;
  }
}
