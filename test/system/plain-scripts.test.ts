import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';

/** Keeps the scripts of a small project as a start does, and then loads one of them as a start does. */
const KEEP = `const { keepPlainScripts } = await import(process.argv[1]); keepPlainScripts();`;
const LOAD = `
  const { text } = await import(process.argv[1]);
  const hasCompiler = process.moduleLoadList.some((name) => name.includes('amaro'));
  console.log(JSON.stringify({ text, hasCompiler }));
`;

function project() {
  const place = temporaryDirectory();
  const path = (name: string): string => join(place.path, name);
  cpSync(fileURLToPath(new URL('../../bin', import.meta.url)), path('bin'), { recursive: true });
  mkdirSync(path('src/deep'), { recursive: true });
  writeFileSync(path('package.json'), '{ "type": "module" }');
  writeFileSync(path('src/deep/part.ts'), `export const part: string = 'first → part';\n`);
  writeFileSync(
    path('src/whole.ts'),
    `import { part } from './deep/part.ts';\nexport const text: string = part;\n`,
  );
  const node = async (flags: readonly string[], script: string, argument: string) => {
    const args = [...flags, '--input-type=module', '--eval', script, path(argument)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return stdout;
  };
  const kept = path('node_modules/.cache/breakeven');
  return {
    [Symbol.dispose]: () => place[Symbol.dispose](),
    path,
    keep: () => node([], KEEP, 'bin/plain-scripts.mjs'),
    load: async () =>
      JSON.parse(
        await node([`--import=${path('bin/load-plain-scripts.mjs')}`], LOAD, 'src/whole.ts'),
      ) as unknown,
    kept: () => readdirSync(kept).map((name) => [name, statSync(join(kept, name)).mtimeMs]),
  };
}

test('kept scripts are loaded without the compiler, a changed one as it is now', async () => {
  using small = project();
  expect(await small.load()).toEqual({ text: 'first → part', hasCompiler: true });
  await small.keep();
  const first = small.kept();
  expect(first).toHaveLength(2);
  expect(await small.load()).toEqual({ text: 'first → part', hasCompiler: false });
  await small.keep();
  expect(small.kept()).toEqual(first);

  const part = small.path('src/deep/part.ts');
  writeFileSync(part, readFileSync(part, 'utf8').replace('first', 'other'));
  expect(await small.load()).toEqual({ text: 'other → part', hasCompiler: true });
  await small.keep();
  expect(small.kept()).toHaveLength(2);
  expect(await small.load()).toEqual({ text: 'other → part', hasCompiler: false });
});
