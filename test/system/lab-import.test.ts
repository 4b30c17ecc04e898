import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '#base/random.ts';
import { recommendationShape } from '#lab/lab.schema.ts';
import type { ImportRecord } from '#lake/import/import-book.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { Installation } from './installation.ts';

/** The lab for somebody who has a file of usage and nothing else. */

const directory = temporaryDirectory();
let installation: Installation;
let file = '';

beforeAll(async () => {
  const random = seededRandom(4);
  const lines = ['created_at,user_id,model,prompt_tokens,completion_tokens'];
  for (let n = 0; n < 3000; n++) {
    // A third of all is one customer's.
    const who = random.next() < 0.33 ? 'whale' : `user-${random.below(40)}`;
    const at = new Date(Date.UTC(2026, 9, 1) + random.below(30 * 86_400_000)).toISOString();
    lines.push(`${at},${who},sim-reasoning,${who === 'whale' ? 200_000 : 800},900`);
  }
  file = directory.write('usage.csv', lines.join('\n'));
  installation = await Installation.start({ dataDir: join(directory.path, 'data') });
}, 120_000);
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

const ask = (book: string, rest: object = {}): Promise<unknown> =>
  installation.follow('/lab/imports', { book, files: [file], plan: 'plus', ...rest });

test('a file becomes a book that only the lab knows, and a recommendation', async () => {
  expect(await ask('import:usage', { dryRun: true })).toMatchObject({ outcome: 'preview' });
  expect(await installation.call('GET', '/lab/imports')).toEqual([]);
  const imported = await installation.command('lab', 'import', file, '--plan', 'plus');
  expect(imported.stdout).toContain('customer = user_id');
  expect(imported.stdout).toContain('3,000 requests of 41 customers');
  expect(imported.stdout).toContain('breakeven lab recommend --book import:usage');
  const [record] = (await installation.call('GET', '/lab/imports')) as ImportRecord[];
  const found = recommendationShape.parse(
    await installation.follow('/lab/recommend', { book: 'import:usage' }),
  );
  expect(found).toMatchObject({
    book: 'import:usage',
    plan: 'plus',
    subscribers: 41,
    oracle: { exact: false, compared: 0 },
    before: { cost: record?.costNanoUsd },
    loss: { causedBy: [{ customer: 'whale' }] },
  });
  expect(BigInt(found.before.margin)).toBeLessThan(0n);
  expect(found.text).toContain('Plus lost');
}, 300_000);

test('the same file changes nothing, another is refused, and the book can be dropped', async () => {
  expect(await ask('import:usage')).toMatchObject({ outcome: 'unchanged' });
  await expect(ask('import:usage', { plan: 'pro' })).rejects.toMatchObject({ code: 'conflict' });
  const broken = directory.write('broken.csv', 'time,customer,model,input,output\nsoon,a,b,1,1\n');
  await expect(ask('import:broken', { files: [broken] })).rejects.toMatchObject({
    code: 'invalid_request',
    field: 'time',
  });
  await expect(ask('march')).rejects.toMatchObject({ code: 'invalid_request', field: 'book' });
  await installation.call('DELETE', '/lab/imports/usage');
  await expect(
    installation.follow('/lab/recommend', { book: 'import:usage' }),
  ).rejects.toMatchObject({ code: 'not_found' });
}, 300_000);
