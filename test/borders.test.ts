import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';

/**
 * The linter holds the borders between rooms. A border that checks nothing looks like one that
 * nobody crosses, so each kind is crossed here on purpose, under the project's own configuration.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, unknown>>;
}
interface ImportRule {
  readonly patterns: readonly { readonly group: readonly string[] }[];
}

const { overrides } = JSON.parse(read('.oxlintrc.json')) as { overrides: readonly Override[] };
/** The rooms in the order in which the linter knows them, each with what it may not import. */
const borders = overrides.flatMap(({ files, rules }) => {
  const room = /^src\/(\w+)\/\*\*\/\*\.ts$/.exec(files[0] ?? '')?.[1];
  const rule = rules['no-restricted-imports'] as readonly [string, ImportRule] | undefined;
  if (room === undefined || rule === undefined) return [];
  return [{ room, forbidden: rule[1].patterns.flatMap(({ group }) => group) }];
});
const rooms = borders.map(({ room }) => room);

/** What the linter says of some files, as if they stood in this project: the names of the rules. */
function lint(files: Readonly<Record<string, string>>): readonly string[] {
  using project = temporaryDirectory();
  for (const name of ['.oxlintrc.json', 'package.json', 'tsconfig.json']) {
    copyFileSync(join(root, name), join(project.path, name));
  }
  for (const [name, text] of Object.entries(files)) project.write(name, text);
  const { diagnostics } = JSON.parse(oxlint(project.path)) as {
    diagnostics: readonly { readonly code: string }[];
  };
  return diagnostics.map(({ code }) => code.replace(/^.*\((.*)\)$/, '$1'));
}

/** @returns its report; it exits with 1 where it found something. */
function oxlint(directory: string): string {
  const program = join(root, 'node_modules/.bin/oxlint');
  try {
    return execFileSync(program, ['--format', 'json', 'src'], { cwd: directory, encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const PEACEFUL = { 'src/base/harmless.ts': 'export const harmless = 1;\n' };

describe('the rooms', () => {
  it('are known to the linter, all of them', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'testing')
      .map(({ name }) => name);
    expect(rooms.toSorted()).toEqual(folders.toSorted());
  });

  it('stand in ARCHITECTURE.md in the order that the linter holds', () => {
    const table = [...read('ARCHITECTURE.md').matchAll(/^\| `(\w+)\/` \|/gm)].map(
      ([, name]) => name,
    );
    expect(table).toEqual(rooms);
  });

  it('are closed to every room below them', () => {
    const open = borders.flatMap(({ room, forbidden }, index) =>
      rooms
        .slice(index + 1)
        .filter((lower) => !forbidden.includes(`#${lower}/**`))
        // Only main.ts wires; nothing can import the command line by a name of its own.
        .filter((lower) => lower !== 'cli')
        .map((lower) => `${room} may import ${lower}`),
    );
    expect(open).toEqual([]);
  });

  it('use what serves the tests in tests alone', () => {
    const guilty = sources('src').filter(
      (path) =>
        !/(\.test\.ts$|\/testing-|^src\/testing\/)/.test(path) && /'#testing\//.test(read(path)),
    );
    expect(guilty).toEqual([]);
  });
});

function sources(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${directory}/${name}`);
}

describe('the linter', () => {
  it('has nothing to say of a file that crosses no border', () => {
    expect(lint(PEACEFUL)).toEqual([]);
  });

  it.each([
    [
      'an import from a lower room',
      'no-restricted-imports',
      { 'src/ledger/a.ts': "import { b } from '#gateway/b.ts';\nexport const a = b;\n" },
    ],
    [
      'a type imported from a lower room',
      'no-restricted-imports',
      { 'src/base/a.ts': "import type { B } from '#db/b.ts';\nexport type A = B;\n" },
    ],
    [
      'a way around the name of a room',
      'no-restricted-imports',
      { 'src/gateway/a.ts': "import { b } from '../ledger/b.ts';\nexport const a = b;\n" },
    ],
    [
      'the environment read in a pure room',
      'no-restricted-globals',
      { 'src/plans/a.ts': "export const a = process.env['A'];\n" },
    ],
    [
      'a call past the suppliers',
      'no-restricted-globals',
      { 'src/pricing/a.ts': "export const a = fetch('https://example.com');\n" },
    ],
    [
      'randomness that is not passed in',
      'no-restricted-properties',
      { 'src/traffic/a.ts': 'export const a = Math.random();\n' },
    ],
    [
      'time that is not passed in',
      'no-restricted-properties',
      { 'src/traffic/a.ts': 'export const a = Date.now();\n' },
    ],
    [
      'a default export',
      'no-default-export',
      { 'src/base/a.ts': 'const a = 1;\nexport default a;\n' },
    ],
    [
      'a cycle in a room',
      'no-cycle',
      {
        'src/base/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
        'src/base/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
      },
    ],
    [
      'a word to the console',
      'no-console',
      { 'src/gateway/a.ts': "console.log('hello');\nexport const a = 1;\n" },
    ],
  ])('refuses %s', (_, rule, files) => {
    expect(lint(files)).toContain(rule);
  });
});
