import { createReadStream } from 'node:fs';
import type { ImportFile } from './import-source.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/**
 * The line on which a record of a text file begins, from 1. Quoted fields of CSV may hold line breaks;
 * a record of JSON is a line.
 * @param record from 1, a header of CSV not counted
 * @returns `undefined` where lines say nothing: Parquet, packed files, JSON that is one array
 */
export async function lineOfRecord(
  { path, format }: ImportFile,
  record: number,
): Promise<number | undefined> {
  if (format === 'parquet' || path.endsWith('.gz') || path.endsWith('.json')) return undefined;
  const wanted = format === 'csv' ? record : record - 1;
  let records = 0;
  let line = 1;
  let isQuoted = false;
  if (wanted === 0) return line;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      if (byte === QUOTE && format === 'csv') isQuoted = !isQuoted;
      if (byte !== LINE_FEED) continue;
      line++;
      if (!isQuoted && ++records === wanted) return line;
    }
  }
  return undefined;
}
