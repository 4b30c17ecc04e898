import { jsonWithBigints } from '#base/json.ts';

/** Spreadsheets run what begins with one of these: such text is kept from it by an apostrophe. */
const FORMULA = /^[=+\-@\t\r]/;

/** The first line of a table as RFC 4180 text: the names of its columns. */
export const csvHead = (columns: readonly string[]): string =>
  `${columns.map((name) => cell(name)).join(',')}\r\n`;

/** Rows as lines of RFC 4180 text, one column a field; what is nested becomes JSON. */
export function csvLines(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string {
  return rows.map((row) => `${columns.map((column) => cell(row[column])).join(',')}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  const text = typeof value === 'string' ? value : jsonWithBigints(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
