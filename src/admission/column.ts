/** A column of rows on their way to the store. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export type ColumnType =
  | 'book'
  | 'uuid'
  | 'bigint'
  | 'integer'
  | 'text'
  | 'date'
  | 'boolean'
  | 'bytea'
  | 'jsonb';

/** Strings for book, uuid, text, date (`2026-11-24`) and jsonb, exact integers; `null` is NULL. */
export type ColumnValue = string | number | boolean | Uint8Array | null;

/** Columns by name and type, `name type, name type`; without a type a `bigint`. */
export function columnsOf(text: string): readonly Column[] {
  return text
    .trim()
    .split(/,\s*/)
    .map((column) => {
      const [name = '', type = 'bigint'] = column.split(' ');
      return { name, type: type as ColumnType };
    });
}
