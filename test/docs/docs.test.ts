import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '#base/domain-error.ts';
import { ENVIRONMENT_KEYS } from '#src/config.ts';
import { cliProgram } from '#src/cli/cli.ts';
import { apiTable, cliTable, errorRow } from './tables.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The part of a page between its two marks; written anew with `UPDATE_DOCS=1`. */
function made(path: string, table: string): string {
  const [start, end] = ['<!-- made: start -->\n', '\n<!-- made: end -->'];
  const text = read(path);
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(end);
  expect(to).toBeGreaterThan(from - 1);
  if (process.env['UPDATE_DOCS'] === '1') {
    writeFileSync(join(root, path), text.slice(0, from) + table + text.slice(to));
    return table;
  }
  return text.slice(from, to);
}

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the documentation', () => {
  it('lists every command and option', () => {
    expect(made('docs/cli.md', cliTable())).toBe(cliTable());
  });

  it('lists every operator route with its role', () => {
    expect(made('docs/api.md', apiTable())).toBe(apiTable());
  });

  it.each(ENVIRONMENT_KEYS)('explains the setting %s', (key) => {
    expect(read('docs/operating.md')).toContain(`| \`${key}\` |`);
  });

  it('explains every error code, and says of each what goes out', () => {
    const union =
      /export type ErrorCode =([^;]+);/.exec(read('src/base/domain-error.ts'))?.[1] ?? '';
    const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code as ErrorCode);
    expect(codes.length).toBeGreaterThan(20);
    const rows = read('docs/errors.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(' | '));
    // All but the last cell, which says in words what it means.
    expect(rows.map((cells) => cells.slice(0, -1).join(' | ')).toSorted()).toEqual(
      codes.map(errorRow).toSorted(),
    );
    for (const cells of rows) expect(cells.at(-1)?.length).toBeGreaterThan(10);
  });

  it('gives commands in the README that exist', () => {
    const text = read('README.md');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script] of text.matchAll(/npm (?:run )?(start|test|check)\b/g)) {
      expect(scripts).toHaveProperty(script ?? '');
    }
    const names = new Set(cliProgram(() => undefined).commands.map((command) => command.name()));
    const used = [...text.matchAll(/npx breakeven (\w+)/g)].map(([, name]) => name ?? '');
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(pages)('links in %s lead somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      ([, link]) => link ?? '',
    );
    const broken = links.filter((link) => !existsSync(join(root, dirname(page), link)));
    expect(broken).toEqual([]);
  });

  it('has every room in the architecture', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const text = read('ARCHITECTURE.md');
    const known = rooms
      .map(({ name }) => name)
      .filter((name) => text.includes(`\`${name}/\``) || text.includes(`\`src/${name}/\``));
    expect(known).toEqual(rooms.map(({ name }) => name));
  });
});
