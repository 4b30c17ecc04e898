import type { DuckDBConnection } from '@duckdb/node-api';
import type { Tape } from './tape.ts';
import type { TapeIndex, TapeSource } from './tape-index.ts';
import { TapeReader } from './tape-reader.ts';
import { indexTape } from './tape.store.ts';

/**
 * Reads all of a book from the lake into memory.
 * @throws DomainError `not_found` where the lake has nothing of the book
 */
export async function loadTape(
  duck: DuckDBConnection,
  source: TapeSource,
  onProgress: (events: number, of: number) => void = () => undefined,
): Promise<Tape> {
  return readWhole(duck, await indexTape(duck, source), onProgress);
}

/** Reads all of a book that is indexed already. */
export async function readWhole(
  duck: DuckDBConnection,
  index: TapeIndex,
  onProgress: (events: number, of: number) => void = () => undefined,
): Promise<Tape> {
  await using reader = await TapeReader.open(duck, index);
  const { tape } = await reader.read(index.customers.length, undefined, {
    onProgress: (events) => onProgress(events, index.events),
  });
  return tape;
}
