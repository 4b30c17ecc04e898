import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preloadHeader } from '#http/preloads.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { initialScriptBytes } from '../web-bench/initial-scripts.ts';

const KB = 1024;

describe('the built pages', () => {
  const directory = temporaryDirectory();
  beforeAll(async () => {
    await build({
      configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
      build: { outDir: directory.path },
      logLevel: 'silent',
    });
  }, 120_000);
  afterAll(() => directory[Symbol.dispose]());

  it('load at most 220 KB of script, gzipped, before the chat takes keys', () => {
    expect(initialScriptBytes(directory.path) / KB).toBeLessThanOrEqual(220);
  });

  it('have what draws a conversation where its preloads look for it', () => {
    const assets = join(directory.path, 'assets');
    const drawing = readdirSync(assets).find((name) => /^Thread-[\w-]+\.js$/.test(name));
    const header = preloadHeader(
      `/assets/${drawing}`,
      (path) => readFileSync(join(directory.path, path), 'utf8'),
      () => false,
    );
    expect(header).toContain(`</assets/${drawing}>; rel=modulepreload`);
    // What lexes and draws an answer, in whichever of them it is built into.
    const scripts = [...header.matchAll(/<\/(assets\/[\w-]+\.js)>/g)].map(([, path = '']) =>
      readFileSync(join(directory.path, path), 'utf8'),
    );
    expect(scripts.some((script) => script.includes('prose'))).toBe(true);
    expect(header).not.toContain('worker');
  });
});
