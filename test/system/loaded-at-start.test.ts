import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Megabytes that a gateway does not need before somebody asks for what they do. */
const LATER = [
  '@pydantic/genai-prices',
  'nodemailer',
  'gpt-tokenizer',
  '@duckdb/node-api',
  'unpdf',
];

/** Loads the command line, and with it the service, and prints the addresses of all modules. */
const SCRIPT = `
  import { registerHooks } from 'node:module';
  const urls = [];
  registerHooks({
    load(url, context, next) {
      urls.push(url);
      return next(url, context);
    },
  });
  await import(process.argv[1]);
  console.log(JSON.stringify(urls));
`;

test('what is heavy and rarely used is not loaded at the start', async () => {
  const cli = new URL('../../src/cli/cli.ts', import.meta.url).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', SCRIPT, cli],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  const urls = JSON.parse(stdout) as string[];
  const isLoaded = (name: string) => urls.some((url) => url.includes(`/node_modules/${name}/`));
  expect(urls.some((url) => url.endsWith('/src/main.ts'))).toBe(true);
  expect(isLoaded('undici')).toBe(true);
  expect(LATER.filter(isLoaded)).toEqual([]);
}, 120_000);
