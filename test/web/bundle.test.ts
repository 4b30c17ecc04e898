import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { initialScriptBytes } from '../web-bench/initial-scripts.ts';

const KB = 1024;

it('loads at most 220 KB of script, gzipped, before the chat takes keys', async () => {
  using directory = temporaryDirectory();
  await build({
    configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
    build: { outDir: directory.path },
    logLevel: 'silent',
  });
  expect(initialScriptBytes(directory.path) / KB).toBeLessThanOrEqual(220);
}, 120_000);
