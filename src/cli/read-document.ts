import { readFileSync } from 'node:fs';
import { DomainError } from '#base/domain-error.ts';

/** A breakeven.yaml from a file, the one of this folder where none is named. @throws DomainError `not_found` */
export function readDocument(file: string | undefined): string {
  const path = file && file !== 'undefined' ? file : 'breakeven.yaml';
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DomainError('not_found', `Cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
