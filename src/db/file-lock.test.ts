import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { acquireFileLock } from './file-lock.ts';

test('a lock is held once, names its owner, and is free after release', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'lock');
  const first = acquireFileLock(path);
  if (!first.held) throw new Error('the first must get it');
  const second = acquireFileLock(path);
  expect(second).toMatchObject({ held: false, owner: { pid: process.pid } });
  first.lock.release();
  first.lock.release();
  expect(existsSync(path)).toBe(false);
  const third = acquireFileLock(path);
  expect(third.held).toBe(true);
  expect(readdirSync(directory.path)).toEqual(['lock']);
});

test('a late release does not free the lock of a successor', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'lock');
  const first = acquireFileLock(path);
  if (!first.held) throw new Error('the first must get it');
  writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, started: 'x', token: 'other' }));
  first.lock.release();
  expect(existsSync(path)).toBe(true);
});

test.each([
  ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, started: 'x', token: 't' })],
  ['a process number in use again', JSON.stringify({ pid: process.pid, started: 'x', token: 't' })],
  ['nobody, being damaged', '{"pid":'],
])('a lock left by %s is taken over', (_owner, content) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'lock');
  writeFileSync(path, content);
  const result = acquireFileLock(path);
  expect(result.held).toBe(true);
});

test('of processes that find a stale lock at once, one gets it', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'lock');
  writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, started: 'x', token: 't' }));
  const module = new URL('./file-lock.ts', import.meta.url).href;
  const startMs = Date.now() + 700;
  const code = `import { acquireFileLock } from '${module}';
    while (Date.now() < ${startMs});
    const result = acquireFileLock('${path}');
    console.log(result.held);
    process.stdin.resume();`;
  // Nobody ends before all have answered: a lock whose owner is gone may be taken again.
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code]),
  );
  const held = await Promise.all(
    children.map(async ({ stdout }) => {
      const [line] = (await once(stdout, 'data')) as [Buffer];
      return line.toString().trim();
    }),
  );
  for (const child of children) child.kill();
  expect(held.filter((value) => value === 'true')).toHaveLength(1);
  expect(held.filter((value) => value === 'false')).toHaveLength(5);
});
