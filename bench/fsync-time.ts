import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Samples, type Summary } from './samples.ts';

const WRITES = 300;
const BLOCK_BYTES = 8192;

/** How long this machine takes, in milliseconds, to make one block durable in a folder. */
export function fsyncTime(folder: string): Summary {
  const directory = mkdtempSync(join(folder, 'fsync-'));
  const file = openSync(join(directory, 'blocks'), 'w');
  const samples = new Samples();
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  try {
    for (let index = 0; index < WRITES; index++) {
      const startMs = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      samples.add(performance.now() - startMs);
    }
  } finally {
    closeSync(file);
    rmSync(directory, { recursive: true });
  }
  return samples.summary();
}
