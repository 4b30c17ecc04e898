import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '#base/assert.ts';
import { LAKE_COLUMNS } from '../lake-columns.ts';
import { LAKE_TABLES, type LakeTable } from '../lake-layout.ts';

/** Nothing, in the text that becomes Parquet. */
export const NULL = '\\N';
const BUFFER_CHARACTERS = 1 << 20;

/** Makes lines of a table: columns that are not filled are null. */
export class TableText {
  readonly #blank: readonly (string | number)[];
  readonly #positions: readonly number[];

  constructor(table: LakeTable, filled: string) {
    const names = LAKE_COLUMNS[table].map(({ name }) => name);
    this.#blank = names.map(() => NULL);
    this.#positions = filled.split(' ').map((name) => names.indexOf(name));
    assert(!this.#positions.includes(-1), 'the lake has the columns that are filled');
  }

  line(values: readonly (string | number)[]): string {
    const fields = this.#blank.slice();
    for (let i = 0; i < values.length; i++) fields[this.#positions[i] ?? 0] = values[i] ?? NULL;
    return `${fields.join('\t')}\n`;
  }
}

/** A day that is being written, as a text file for each table. */
export class OpenDay {
  readonly directory: string;
  readonly startMs: number;
  readonly periodStartMs: number;
  requests = 0;
  operations = 0;
  cost = 0n;
  readonly #files: Readonly<Record<LakeTable, number>>;
  readonly #texts: Record<LakeTable, string> = {
    decision: '',
    usage: '',
    operation: '',
    revenue: '',
  };

  constructor(
    directory: string,
    when: { readonly startMs: number; readonly periodStartMs: number },
  ) {
    this.directory = directory;
    this.startMs = when.startMs;
    this.periodStartMs = when.periodStartMs;
    mkdirSync(directory, { recursive: true });
    const open = (table: LakeTable): number => openSync(this.text(table), 'w');
    this.#files = {
      decision: open('decision'),
      usage: open('usage'),
      operation: open('operation'),
      revenue: open('revenue'),
    };
  }

  text(table: LakeTable): string {
    return join(this.directory, `${table}.tsv`);
  }

  write(table: LakeTable, line: string): void {
    this.#texts[table] += line;
    if (this.#texts[table].length > BUFFER_CHARACTERS) this.#flush(table);
  }

  end(): void {
    for (const table of LAKE_TABLES) {
      this.#flush(table);
      closeSync(this.#files[table]);
    }
  }

  #flush(table: LakeTable): void {
    writeSync(this.#files[table], this.#texts[table]);
    this.#texts[table] = '';
  }
}
