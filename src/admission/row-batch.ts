import { ArrayColumn } from './array-column.ts';
import type { Column, ColumnValue } from './column.ts';
import type { Statement } from './statement.ts';

const BLOB_BYTES_FIRST = 16_384;
const NO_BYTES = Buffer.alloc(0);

/**
 * Rows on their way into one statement: a binary array for each column, filled while the rows come in;
 * byte strings of all rows travel as one binary parameter that the statement cuts up. Both are several
 * times cheaper than a parameter for each value.
 */
export class RowBatch {
  readonly #name: string;
  readonly #text: string;
  readonly #columns: readonly Column[];
  readonly #answersRows: boolean;
  /** By column; `undefined` for books, whose type every database numbers anew: they go as text. */
  readonly #arrays: readonly (ArrayColumn | undefined)[];
  /** Of columns of bytes: how many of each row. */
  readonly #lengths: readonly (ArrayColumn | undefined)[];
  #books = '';
  #blob = NO_BYTES;
  #blobLength = 0;
  #rows = 0;

  /**
   * @param name of the prepared statement, unique on its connection
   * @param sql builds the statement from `source`: a FROM item with the columns, called `r`, and
   *   `values`: the list of its columns as expressions
   */
  constructor(
    name: string,
    columns: readonly Column[],
    sql: (parts: { source: string; names: string; values: string }) => string,
    options: { readonly answersRows?: boolean } = {},
  ) {
    this.#answersRows = options.answersRows ?? false;
    this.#name = name;
    this.#columns = columns;
    this.#arrays = columns.map(({ type }) => {
      if (type === 'book') return undefined;
      return new ArrayColumn(type === 'bytea' ? 'integer' : type);
    });
    this.#lengths = columns.map(({ type }) =>
      type === 'bytea' ? new ArrayColumn('integer') : undefined,
    );
    const aliases: string[] = [];
    const arrays: string[] = [];
    const values: string[] = [];
    for (const { name: column, type } of columns) {
      const parameter = `$${arrays.length + 1}`;
      if (type === 'bytea') {
        arrays.push(`${parameter}::integer[]`, `$${arrays.length + 2}::integer[]`);
        aliases.push(`${column}_from`, `${column}_length`);
      } else {
        arrays.push(`${parameter}::${type}[]`);
        aliases.push(column);
      }
    }
    const blob = `$${arrays.length + 1}::bytea`;
    for (const { name: column, type } of columns) {
      values.push(
        type === 'bytea'
          ? `substring(${blob} FROM r.${column}_from FOR r.${column}_length)`
          : `r.${column}`,
      );
    }
    this.#text = sql({
      source: `unnest(${arrays.join(', ')}) AS r(${aliases.join(', ')})`,
      names: columns.map((column) => column.name).join(', '),
      values: values.join(', '),
    });
    this.clear();
  }

  get rows(): number {
    return this.#rows;
  }

  /** Adds a row: one value for each column, in order. */
  push(values: readonly ColumnValue[]): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const value = values[i] ?? null;
      const array = this.#arrays[i];
      if (array === undefined) {
        this.#books += `${this.#books === '' ? '' : ','}${String(value)}`;
      } else if (value instanceof Uint8Array) {
        array.push(this.#blobLength + 1);
        this.#lengths[i]?.push(value.length);
        this.#append(value);
      } else {
        array.push(value);
        this.#lengths[i]?.push(null);
      }
    }
    this.#rows += 1;
  }

  /** The statement with all rows so far. */
  statement(): Statement {
    const values: (string | Buffer)[] = [];
    let bytes = false;
    for (let i = 0; i < this.#columns.length; i++) {
      values.push(this.#arrays[i]?.take() ?? `{${this.#books}}`);
      const lengths = this.#lengths[i];
      if (lengths === undefined) continue;
      values.push(lengths.take());
      bytes = true;
    }
    if (bytes) values.push(this.#blob.subarray(0, this.#blobLength));
    return { name: this.#name, text: this.#text, values, answersRows: this.#answersRows };
  }

  clear(): void {
    for (const array of this.#arrays) array?.clear();
    for (const lengths of this.#lengths) lengths?.clear();
    this.#books = '';
    // A fresh buffer: the last one may still be on its way to the server.
    this.#blob = NO_BYTES;
    this.#blobLength = 0;
    this.#rows = 0;
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#blobLength + bytes.length;
    if (needed > this.#blob.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#blob.length * 2, BLOB_BYTES_FIRST));
      this.#blob.copy(larger, 0, 0, this.#blobLength);
      this.#blob = larger;
    }
    this.#blob.set(bytes, this.#blobLength);
    this.#blobLength = needed;
  }
}
