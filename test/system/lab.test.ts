import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scheduleAnswer } from '#http/shapes/notices.ts';
import {
  labResultShape,
  recommendationShape,
  replayResultShape,
  trialShape,
} from '#lab/lab.schema.ts';
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
  expect(empty.stderr).toContain('breakeven demo');
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
}, 120_000);

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
}, 120_000);

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

test('a run that waits for another says so, and ends at once when it is cancelled', async () => {
  const runs = () => installation.call<{ run: number; kind: string }[]>('GET', '/lab/runs');
  const first = followed('/lab/recommend', { plan: 'pro', seed: 11 });
  await eventually('the first', 10_000, async () =>
    (await runs()).length === 1 ? true : undefined,
  );
  // Heard from the first, since it ends as soon as it is cancelled.
  const waiting = followed('/lab/replay', {}).catch((error: unknown) => error);
  const second = await eventually('the second', 10_000, async () =>
    (await runs()).find(({ kind }) => kind === 'replay'),
  );
  await installation.call('DELETE', `/lab/runs/${second.run}`);
  expect(await waiting).toMatchObject({ code: 'conflict' });
  expect((await runs()).map(({ kind }) => kind)).toEqual(['recommend']);
  await first;
}, 120_000);

test('tells the whole of a result, customers by their names', async () => {
  const { stdout } = await installation.command('lab', 'results', result, '--detail');
  expect(stdout).toMatch(/Subscriber \d+ \(cus_\w+\) {2}cost \$/);
  expect(stdout).toMatch(/\nrevenue +\$[\d,.]+ +\$/);
  expect(stdout).toContain('By tenths of the subscribers');
  expect(stdout).toMatch(/Subscriber \d+ \(cus_\w+\) +\$[\d,.]+ +\$[\d,.]+/);
});

test('where nothing needs to change it says so, and writes nothing', async () => {
  const file = join(directory.path, 'none.yaml');
  const least = ['--target-margin', '-10', '--harm-max', '0'];
  const { code, stdout } = await installation.command('lab', 'recommend', ...least, '--out', file);
  expect(code).toBe(0);
  expect(stdout).toContain('Nothing needs to change');
  expect(stdout).toContain(`Nothing was written to ${file}`);
  expect(existsSync(file)).toBe(false);
}, 90_000);

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
}, 120_000);

test('every fix opens as a document, also at another price', async () => {
  const promised = recommendationShape.parse(
    await installation.call('GET', `/lab/results/${result}`),
  );
  expect(promised.fixes.length).toBeGreaterThan(1);
  const documentOf = async (fix: string): Promise<string> => {
    const found = await installation.call<{ document: string }>(
      'GET',
      `/lab/results/${result}/fixes/${fix}`,
    );
    return found.document;
  };
  for (const { rank, changes } of promised.fixes) {
    const offer = loadOffer(await documentOf(String(rank)));
    const pro = offer.plans.find(({ plan }) => plan === 'pro');
    expect([rank, isDeepStrictEqual(pro, promised.terms)]).toEqual([rank, changes.length === 0]);
  }
  expect(await documentOf('0?price=275.50')).toContain('price: $275.50');
  await expect(documentOf('99')).rejects.toThrow('no fix 99');
  const file = join(directory.path, 'second.yaml');
  await installation.ask('lab', 'results', result, '--document', file, '--fix', '2');
  expect(readFileSync(file, 'utf8')).toBe(await documentOf('2'));
}, 90_000);

test('a fix replayed on everybody gives what the recommendation promised', async () => {
  const promised = recommendationShape.parse(await installation.ask('lab', 'results', result));
  const [, second] = promised.fixes;
  const trial = trialShape.parse(
    await installation.follow(`/lab/results/${result}/fixes/2/replay`, {}),
  );
  expect(trial.fix).toEqual(second);
  expect(trial.curve.sides).toEqual([promised.curve.sides[0], promised.curve.sides[2]]);
  const dearer = trialShape.parse(
    await installation.follow(`/lab/results/${result}/fixes/2/replay`, { price: '300' }),
  );
  // A price decides nothing about requests: only the subscription differs.
  expect(dearer.result.after.cost).toBe(trial.result.after.cost);
  expect(Number(dearer.result.after.subscription)).toBeGreaterThan(
    Number(trial.result.after.subscription),
  );
}, 120_000);

test('a fix is scheduled, shown to each, and taken back', async () => {
  const at = ['--at', new Date(Date.now() + 30 * 86_400_000).toISOString()];
  const dry = await installation.command('lab', 'schedule', result, ...at, '--dry-run');
  expect(dry.stdout).toMatch(/\d+ subscribers: \d+ pay more.*their own use/);
  expect(dry.stdout).toContain('dry run');
  expect((await installation.command('lab', 'scheduled')).stdout).toContain('Nothing is scheduled');
  const answer = scheduleAnswer.parse(
    await installation.ask('lab', 'schedule', result, ...at, '--moves', 'at_once'),
  );
  const id = answer.schedule.id ?? '';
  expect(answer.schedule).toMatchObject({ state: 'waiting', moves: 'at_once', noticeDays: 14 });
  expect(answer.notices.length).toBe(answer.schedule.subscribers);
  await installation.ask('lab', 'unschedule', id);
  expect((await installation.command('lab', 'scheduled', id)).stdout).toContain('cancelled');
}, 90_000);

test('a schedule outlives kills: published once, everybody moved once', async () => {
  const before = await planMoves();
  const atMs = Date.now() + 8_000;
  const answer = scheduleAnswer.parse(
    await installation.follow(`/lab/results/${result}/fixes/2/schedule`, {
      at: new Date(atMs).toISOString(),
      moves: 'at_once',
      noticeDays: 0,
    }),
  );
  const { id, subscribers } = answer.schedule;
  await sleep(Math.max(0, atMs - Date.now()));
  // Its first pass begins as soon as it runs.
  for (const afterMs of [0, 30, 120]) {
    await installation.kill();
    await installation.start();
    await sleep(afterMs);
  }
  await installation.kill();
  await installation.start();
  const done = await eventually('everybody is moved', 30_000, async () => {
    const { schedule } = scheduleAnswer.parse(
      await installation.call('GET', `/lab/schedules/${id}`),
    );
    return schedule.state === 'published' && schedule.waiting === 0 ? schedule : undefined;
  });
  expect(done).toMatchObject({ moved: subscribers, left: 0 });
  const after = await planMoves();
  expect(after).toEqual({ offers: before.offers + 1, moves: before.moves + subscribers });
  expect((await installation.command('audit')).code).toBe(0);
}, 180_000);

test('publishes the fix, for new subscribers', async () => {
  const diff = await installation.command('diff', fix);
  expect(diff.stdout).toContain('~ plan pro as version 3');
  const applied = await installation.command('apply', fix);
  expect(applied.code).toBe(0);
  const plans = await installation.command('plans');
  expect(plans.stdout).toContain('pro v3');
  const list = (await installation.call('GET', '/lab/results')) as { id: string }[];
  for (const { id } of list)
    labResultShape.parse(await installation.call('GET', `/lab/results/${id}`));
  expect(existsSync(join(installation.dataDir, 'lake', 'book=demo'))).toBe(true);
});

function promisedDocument(recommendation: unknown): string {
  return recommendationShape.parse(recommendation).document ?? '';
}

/** How many documents were published, and how often anybody of the demo came to another version. */
async function planMoves(): Promise<{ offers: number; moves: number }> {
  const client = new Client({ connectionString: installation.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ offers: number; moves: number }>(
    `SELECT (SELECT count(*)::int FROM offer) AS offers, count(*)::int AS moves
      FROM account_operation WHERE book = 'demo' AND kind = 'change_plan'`,
  );
  await client.end();
  return rows[0] ?? { offers: 0, moves: 0 };
}

/** Calls a route that streams. */
async function followed(path: string, body: object): Promise<{ result: unknown }> {
  const result = await installation.follow(path, body);
  return { result };
}
