import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bytes of gzipped JavaScript that a built page loads before anything is asked for. @throws Error where there are none */
export function initialScriptBytes(dist: string): number {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const names = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(
    ([, name]) => name ?? '',
  );
  if (names.length === 0) throw new Error(`no script in ${readdirSync(dist).join(' ')}`);
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, name))).length, 0);
}
