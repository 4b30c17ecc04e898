import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';

/** One step of the schema, read from `migrations/NNNN-name/{up.sql, check.sql}`. */
export interface Migration {
  readonly number: number;
  /** `0001-catalog` */
  readonly name: string;
  readonly up: string;
  /** Queries whose every row is a violated expectation; run right after `up`. */
  readonly check: string | undefined;
  /** Of up.sql, hexadecimal. */
  readonly sha256: string;
}

const NAME_PATTERN = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * Reads a directory of migrations in order.
 * @throws DomainError `invalid_configuration` for a gap, a duplicate, a stray name, a missing up.sql
 */
export function readMigrations(directory: string): readonly Migration[] {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
  return names.map((name, index) => readMigration(directory, name, index + 1));
}

function readMigration(directory: string, name: string, expected: number): Migration {
  const number = Number(NAME_PATTERN.exec(name)?.[1] ?? Number.NaN);
  if (Number.isNaN(number)) throw invalid(`${name} is not named NNNN-lower-case-words`);
  if (number < expected) throw invalid(`two migrations have the number of ${name}`);
  if (number > expected) throw invalid(`number ${expected} is missing before ${name}`);
  const upFile = join(directory, name, 'up.sql');
  const checkFile = join(directory, name, 'check.sql');
  if (!existsSync(upFile)) throw invalid(`${name} has no up.sql`);
  const up = readFileSync(upFile, 'utf8');
  return Object.freeze({
    number,
    name,
    up,
    check: existsSync(checkFile) ? readFileSync(checkFile, 'utf8') : undefined,
    sha256: createHash('sha256').update(up).digest('hex'),
  });
}

function invalid(what: string): DomainError {
  return new DomainError('invalid_configuration', `Migrations: ${what}.`);
}
