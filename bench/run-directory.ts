import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of all results, kept out of git. */
export const RESULTS = new URL('results/', import.meta.url).pathname;

/**
 * A new folder for the files of one run, the books of Breakeven among them. Open for passing: as root,
 * PostgreSQL runs under another account, which must reach its data in place.
 */
export function newRunDirectory(): string {
  mkdirSync(RESULTS, { recursive: true });
  const directory = mkdtempSync(join(RESULTS, 'run-'));
  chmodSync(directory, 0o711);
  return directory;
}
