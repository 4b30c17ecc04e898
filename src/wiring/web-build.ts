import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const WEB_DIST = join(ROOT, 'web', 'dist');
const STAMP = join(WEB_DIST, '.built-from');
const VITE = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
const BUILD_MS_MAX = 300_000;
const WORDS_LINES_MAX = 6;
/** What is made by the build itself. */
const MADE = /^(?:dist|paraglide|node_modules)[/\\]|^project\.inlang[/\\](?:cache|README|\.)/;

/**
 * Builds the web application where it is missing or older than its sources, so that `npm start` works on
 * a fresh clone. Without the builder (an installation without development packages) what is there is used.
 */
export async function buildWeb(log: Logger, say: (line: string) => void): Promise<void> {
  if (!existsSync(join(ROOT, 'web', 'index.html')) || !existsSync(VITE)) return;
  const from = sourcesHash();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === from) return;
  say('Building the pages, as they are new or have changed: this takes some seconds, once.\n');
  try {
    await promisify(execFile)(
      process.execPath,
      [VITE, 'build', '--config', join('web', 'vite.config.ts'), '--logLevel', 'warn'],
      {
        cwd: ROOT,
        timeout: BUILD_MS_MAX,
        maxBuffer: 16 * 1024 * 1024,
        env: { NO_COLOR: '1', PATH: '' },
      },
    );
    writeFileSync(STAMP, from);
  } catch (error) {
    // The API is worth having without its pages, and they say themselves that they are not there.
    const words = String((error as { stderr?: unknown }).stderr ?? error).trim();
    log.error({ build: words.split('\n').slice(0, WORDS_LINES_MAX) }, 'cannot build the pages');
    say('The pages cannot be built; npm run build:web says why. The API starts without them.\n');
  }
}

/** Of everything that the build reads. */
function sourcesHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  const web = join(ROOT, 'web');
  const paths = readdirSync(web, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(web.length + 1))
    .filter((path) => !MADE.test(path))
    .toSorted();
  for (const path of paths) hash.update(`\0${path}\0`).update(readFileSync(join(web, path)));
  return hash.digest('hex');
}
