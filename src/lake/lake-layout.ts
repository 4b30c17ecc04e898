import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a sealed day holds, a Parquet file each. */
export const LAKE_TABLES = ['decision', 'usage', 'operation', 'revenue'] as const;
export type LakeTable = (typeof LAKE_TABLES)[number];

/** What one day of a book adds up to: equal fingerprints mean equal rows. */
export interface DayFingerprint {
  readonly decisions: string;
  readonly decisionsHash: string;
  readonly events: string;
  readonly eventsHash: string;
  readonly cost: string;
  readonly charge: string;
  readonly operations: string;
  readonly operationsHash: string;
  readonly subscription: string;
  readonly breakage: string;
  readonly refunded: string;
}

/** `seal.json` of a day: written last, so that a day without it is no day. */
export interface DaySeal {
  readonly format: number;
  readonly book: string;
  /** UTC day, such as `2026-11-01`. */
  readonly day: string;
  readonly fingerprint: DayFingerprint;
  readonly sealedAtMs: number;
}

/** Grows with every change of the columns: days of an older format are sealed anew. */
export const LAKE_FORMAT = 1;

/** Where a day stands: `lake/book=live/day=2026-11-01`. */
export function dayDirectory(lake: string, book: string, day: string): string {
  return join(lake, `book=${book}`, `day=${day}`);
}

/** The days of a book that are sealed, oldest first. */
export function sealedDays(lake: string, book: string): readonly DaySeal[] {
  const directory = join(lake, `book=${book}`);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith('day=') && existsSync(join(directory, name, 'seal.json')))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(directory, name, 'seal.json'), 'utf8')) as DaySeal);
}
