import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { DomainError } from '#base/domain-error.ts';

export const IMPORT_FORMATS = ['csv', 'json', 'parquet'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** A file to import, and how it is read. */
export interface ImportFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly format: ImportFormat;
}

/** How the lines of a CSV file are cut. */
export interface CsvShape {
  readonly columns: readonly string[];
  readonly delimiter: string;
}

const ENDINGS: readonly (readonly [RegExp, ImportFormat])[] = [
  [/\.(csv|tsv|txt)(\.gz)?$/i, 'csv'],
  [/\.(json|jsonl|ndjson)(\.gz)?$/i, 'json'],
  [/\.(parquet|pq)$/i, 'parquet'],
];
const DELIMITERS = [',', '\t', ';', '|'] as const;
/** A header is in the first so many bytes. */
const HEAD_BYTES = 65_536;

/** @throws DomainError `not_found` where there is no such file, `invalid_request` where its format is not known */
export function importFile(path: string): ImportFile {
  if (!existsSync(path) || !statSync(path).isFile())
    throw new DomainError('not_found', `There is no file ${path}.`, { field: 'files' });
  const name = basename(path);
  const format = ENDINGS.find(([ending]) => ending.test(name))?.[1];
  if (format === undefined) {
    throw new DomainError(
      'invalid_request',
      `${name}: the name of a file must end with .csv, .tsv, .json, .jsonl or .parquet (text may be packed: .gz).`,
      { field: 'files' },
    );
  }
  return { path, name, bytes: statSync(path).size, format };
}

/** Reads the header of a CSV file. @throws DomainError `invalid_request` where there is none */
export function csvShape({ path, name }: ImportFile): CsvShape {
  const head = headOf(path).replace(/^\uFEFF/, '');
  if (head.trim() === '')
    throw new DomainError('invalid_request', `${name} is empty.`, { field: 'files' });
  const delimiter = DELIMITERS.toSorted(
    (a, b) => recordOf(head, b).length - recordOf(head, a).length,
  )[0];
  const columns = recordOf(head, delimiter ?? ',');
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (columns.length < 2 || columns.includes('') || repeated !== undefined) {
    throw new DomainError(
      'invalid_request',
      `${name}, line 1: a header must name every column once${repeated ? `, and has ${repeated} twice` : ''}.`,
      { field: 'files' },
    );
  }
  return { columns, delimiter: delimiter ?? ',' };
}

function headOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    const head = bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0));
    const isPacked = head[0] === 0x1f && head[1] === 0x8b;
    // A packed head ends in the midst of a block: what is whole of it is enough.
    return (isPacked ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }) : head).toString(
      'utf8',
    );
  } finally {
    closeSync(file);
  }
}

/** The fields of the first record of a text (RFC 4180: quotes are doubled inside quotes). */
export function recordOf(text: string, delimiter: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[i++];
      else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === delimiter) {
      fields.push(field.trim());
      field = '';
    } else if (character === '\n' || character === '\r') break;
    else field += character;
  }
  return [...fields, field.trim()];
}
