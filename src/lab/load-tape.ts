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
  return readWhole(await indexTape(duck, source), onProgress);
}

/** Reads all of a book that is indexed already. */
export async function readWhole(
  index: TapeIndex,
  onProgress: (events: number, of: number) => void = () => undefined,
): Promise<Tape> {
  const { customers, names } = index;
  using reader = await TapeReader.open(index, { from: 0, to: customers.length });
  const { tape } = await reader.read(customers.length, undefined, {
    onProgress: (events) => onProgress(events, index.events),
  });
  return { ...tape, customers, ...(names && { names }) };
}
