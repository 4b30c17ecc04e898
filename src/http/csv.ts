import { DomainError } from '#base/domain-error.ts';

/** Spreadsheets run what begins with one of these: such text is kept from it by an apostrophe. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * The rows of a table as RFC 4180 text, one column a field; what is nested becomes JSON.
 * @throws DomainError `invalid_request` where an answer has no rows
 */
export function csvOf(answer: unknown): string {
  const rows = (answer as { rows?: unknown } | null)?.rows;
  if (!Array.isArray(rows)) {
    throw new DomainError('invalid_request', 'format: this answer is no table.', {
      field: 'format',
    });
  }
  const records = rows as readonly Readonly<Record<string, unknown>>[];
  const columns = [...new Set(records.flatMap((row) => Object.keys(row)))];
  const lines = records.map((row) => columns.map((column) => cell(row[column])).join(','));
  return `${[columns.map((name) => cell(name)).join(','), ...lines].join('\r\n')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  const text =
    typeof value === 'string'
      ? value
      : JSON.stringify(value, (_, inner: unknown) =>
          typeof inner === 'bigint' ? inner.toString() : inner,
        );
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
