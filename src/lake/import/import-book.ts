import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { LAKE_FORMAT, sealedDays } from '../lake-layout.ts';

/** A book that the lake alone has: usage from elsewhere, never in the ledger. */
export type ImportedBook = `import:${string}`;
/** Any book that the lab can ask about. */
export type LakeBook = Book | ImportedBook;

export const IMPORTED_BOOK = /^import:[a-z0-9][a-z0-9-]{0,39}$/;

/** True where a book's rows say what was used, and no decisions stand behind them. */
export function isImported(book: string): book is ImportedBook {
  return IMPORTED_BOOK.test(book);
}

/** `import.json` of an imported book: what it was made from. */
export interface ImportRecord {
  readonly book: ImportedBook;
  readonly importedAtMs: number;
  /** Of the files' contents and of the settings that they were read with. */
  readonly sha256: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly requests: number;
  readonly customers: number;
  readonly fromDay: string;
  readonly toDay: string;
  readonly costNanoUsd: string;
}

const RECORD = 'import.json';

/** Where an imported book stands in a lake. */
export function importDirectory(lake: string, book: ImportedBook): string {
  return join(lake, `book=${book}`);
}

/** Every imported book of a lake, by name. */
export function importedBooks(lake: string): readonly ImportRecord[] {
  if (!existsSync(lake)) return [];
  return readdirSync(lake)
    .sort()
    .flatMap((directory) => {
      const book = directory.replace(/^book=/, '');
      const record = isImported(book) ? readImport(lake, book) : undefined;
      return record === undefined ? [] : [record];
    });
}

export function readImport(lake: string, book: ImportedBook): ImportRecord | undefined {
  const file = join(importDirectory(lake, book), RECORD);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ImportRecord) : undefined;
}

/**
 * The books cannot build these days again: where their format has changed, only the files can.
 * @throws DomainError `not_found` where there is no such book, `conflict` where it must be imported again
 */
export function requireReadable(lake: string, book: ImportedBook): void {
  if (readImport(lake, book) === undefined)
    throw new DomainError(
      'not_found',
      `There is no book ${book}. Import it: breakeven lab import`,
      {
        field: 'book',
      },
    );
  if (sealedDays(lake, book).every(({ format }) => format === LAKE_FORMAT)) return;
  throw new DomainError(
    'conflict',
    `${book} was imported by another version of this program. Import its files again: breakeven lab import --replace`,
    { field: 'book' },
  );
}

/** @throws DomainError `not_found` */
export function dropImport(lake: string, book: ImportedBook): void {
  const directory = importDirectory(lake, book);
  if (!existsSync(directory)) throw new DomainError('not_found', `There is no book ${book}.`);
  rmSync(directory, { recursive: true });
}

/**
 * Makes an imported book: `make` writes its days into a folder beside, which then takes the book's
 * place. Where it fails, what was there stays.
 */
export async function placeImport(
  lake: string,
  book: ImportedBook,
  make: (staging: string) => Promise<ImportRecord>,
): Promise<ImportRecord> {
  const target = importDirectory(lake, book);
  const staging = `${target}.making`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    const record = await make(staging);
    writeFileSync(join(staging, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
    return record;
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}
