import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labResultShape, recommendationShape, replayResultShape } from '#lab/lab.schema.ts';
import { loadOffer } from '#offer/load-offer.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { eventually, Installation } from './installation.ts';

/** What the lab is for, in order: demo, recommend, try, publish. */

const directory = temporaryDirectory();
const fix = join(directory.path, 'fix.yaml');
let installation: Installation;
let result = '';

beforeAll(async () => {
  installation = await Installation.start({
    dataDir: join(directory.path, 'data'),
    environment: { BREAKEVEN_SIMULATOR: 'on' },
  });
  const demo = [
    'demo',
    '--subscribers',
    '150',
    '--days',
    '6',
    '--calibration',
    'heavy',
    '--seed',
    '2',
  ];
  await installation.ask(...demo);
}, 120_000);
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

test('without anything in it, the lab says what to do', async () => {
  const none = await installation.command('lab', 'results');
  expect(none.stdout).toContain('breakeven lab recommend');
  const empty = await installation.command('lab', 'replay', '--book', 'test');
  expect(empty.code).toBe(1);
  expect(empty.stderr).toContain('breakeven lab seal');
});

test('recommends a fix for the plan that loses, and names the few who cause it', async () => {
  const found = recommendationShape.parse(
    await installation.ask('lab', 'recommend', '--harm-max', '0.2', '--out', fix),
  );
  expect(found).toMatchObject({
    book: 'demo',
    plan: 'pro',
    oracle: { exact: true, uncomparable: 0 },
  });
  expect(BigInt(found.before.margin)).toBeLessThan(0n);
  expect(found.loss.causedBy.length).toBeLessThan(found.subscribers / 2);
  expect(found.loss.causedByShare).toBeGreaterThanOrEqual(0.9);
  expect(found.candidates).toBeGreaterThanOrEqual(200);
  const [first] = found.fixes;
  expect(first?.exact).toBe(true);
  expect(BigInt(first?.margin ?? '0')).toBeGreaterThan(BigInt(found.before.margin));
  expect(first?.fits).toBe(found.reaches);
  expect(first?.misses.length === 0).toBe(found.reaches);
  result = found.id;
});

test('replaying the fix gives what the recommendation promised', async () => {
  const replayed = replayResultShape.parse(await installation.ask('lab', 'replay', fix));
  const promised = recommendationShape.parse(await installation.ask('lab', 'results', result));
  const pro = replayed.plans.find(({ plan }) => plan === 'pro');
  expect(pro?.after).toEqual(promised.result.after);
  expect(pro?.reaction?.margin).toBe(promised.fixes[0]?.margin);
  // Plans that the document does not change come out as they were.
  for (const plan of replayed.plans.filter(({ changed }) => !changed))
    expect(plan.after).toEqual(plan.before);
  const again = replayResultShape.parse(await installation.ask('lab', 'replay', fix));
  expect(again.plans).toEqual(replayed.plans);
});

test('a price that suppliers raise is replayed like a plan', async () => {
  const document = promisedDocument(await installation.ask('lab', 'results', result));
  const offer = loadOffer(document);
  expect(offer.plans.length).toBeGreaterThan(3);
  const dearer = document
    .replace(/input: \$10\n/, 'input: $20\n')
    .replace(/output: \$40\n/, 'output: $80\n');
  expect(dearer).not.toBe(document);
  const { result: replayed } = await followed('/lab/replay', { document: dearer });
  const parsed = replayResultShape.parse(replayed);
  const before = BigInt(parsed.total.before.cost);
  expect(BigInt(parsed.total.after.cost)).not.toBe(before);
});

test('a run ends when it is cancelled', async () => {
  const running = followed('/lab/recommend', { plan: 'plus', seed: 9 });
  const [run] = await eventually('the run', 10_000, async () => {
    const runs = (await installation.call('GET', '/lab/runs')) as { run: number }[];
    return runs.length > 0 ? runs : undefined;
  });
  await installation.call('DELETE', `/lab/runs/${run?.run ?? 0}`);
  await expect(running).rejects.toMatchObject({ code: 'conflict' });
  expect(await installation.call('GET', '/lab/runs')).toEqual([]);
});

test('says which field is wrong', async () => {
  const cases: [string[], string][] = [
    [['--plan', 'gold'], 'gold'],
    [['--harm-max', '7'], 'harmMax'],
    [['--elasticity', '0'], 'behaviour.priceElasticity'],
  ];
  for (const [options, word] of cases) {
    const wrong = await installation.command('lab', 'recommend', ...options);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(word);
  }
});

test('publishes the fix, for new subscribers', async () => {
  const diff = await installation.command('diff', fix);
  expect(diff.stdout).toContain('~ plan pro as version 2');
  const applied = await installation.command('apply', fix);
  expect(applied.code).toBe(0);
  const plans = await installation.command('plans');
  expect(plans.stdout).toContain('pro v2');
  const list = (await installation.call('GET', '/lab/results')) as { id: string }[];
  for (const { id } of list)
    labResultShape.parse(await installation.call('GET', `/lab/results/${id}`));
  expect(existsSync(join(installation.dataDir, 'lake', 'book=demo'))).toBe(true);
});

function promisedDocument(recommendation: unknown): string {
  return recommendationShape.parse(recommendation).document ?? '';
}

/** Calls a route that streams. */
async function followed(path: string, body: object): Promise<{ result: unknown }> {
  const result = await installation.follow(path, body);
  return { result };
}
