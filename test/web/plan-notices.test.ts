import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MyKey } from '#http/shapes/me.ts';
import {
  myNotices,
  type MyNotice,
  type ScheduleAnswer,
  scheduleAnswer,
} from '#http/shapes/notices.ts';
import type { IssuedInvite, Session } from '#http/shapes/session.ts';
import { recommendationShape } from '#lab/lab.schema.ts';
import { eventually } from '../system/installation.ts';
import type { BrowserLike } from './browser-like.ts';
import { webHouse, type WebHouse } from './house.ts';

/** From what the lab found to the notice that a customer reads, and back. */

const DAY_MS = 86_400_000;
let house: WebHouse;
let owner: BrowserLike;
/** Kim's account on Pro with Max, its member; and Noa's, who is on another plan. */
let kim: BrowserLike;
let max: BrowserLike;
let noa: BrowserLike;
let kimsId: string;
let result: string;

async function join(inviter: BrowserLike, path: string, body: object, name: string) {
  const { url } = await inviter.json<IssuedInvite>('POST', path, body);
  const browser = house.browser();
  await browser.json('POST', '/api/sign-up', {
    invite: new URL(url).searchParams.get('invite'),
    name,
    email: `${name.toLowerCase()}@example.com`,
    password: 'a long enough password',
  });
  await browser.session();
  return browser;
}

/** Calls a route that streams, and returns its result. */
async function follow(browser: BrowserLike, path: string, body: object): Promise<unknown> {
  const response = await browser.request('POST', `/api${path}`, body);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  const last = JSON.parse(lines.at(-1) ?? '{}') as { result?: unknown; error?: unknown };
  if (last.result === undefined) throw new Error(`POST ${path}: ${lines.at(-1) ?? 'no answer'}`);
  return last.result;
}

const schedule = async ({
  dryRun = false,
  fix = 0,
  ...more
}: {
  dryRun?: boolean;
  fix?: number;
  at?: string;
  noticeDays?: number;
  price?: string;
}): Promise<ScheduleAnswer> =>
  scheduleAnswer.parse(
    await follow(owner, `/lab/results/${result}/fixes/${fix}/schedule${dryRun ? '/dry-run' : ''}`, {
      price: '250',
      at: new Date(Date.now() + 20 * DAY_MS).toISOString(),
      moves: 'at_once',
      ...more,
    }),
  );

const noticesOf = async (browser: BrowserLike): Promise<readonly MyNotice[]> =>
  myNotices.parse(await browser.json('GET', '/api/me/notices')).rows;

beforeAll(async () => {
  house = await webHouse();
  owner = await house.owner();
  kim = await join(owner, '/api/invites', { kind: 'customer' }, 'Kim');
  max = await join(kim, '/api/me/invites', { role: 'member' }, 'Max');
  noa = await join(owner, '/api/invites', { kind: 'customer' }, 'Noa');
  kimsId = (await kim.session<Session>()).customer?.id ?? '';
  await owner.json('POST', `/api/customers/${kimsId}/plan`, { plan: 'pro' });
  const { secret } = await kim.json<{ key: MyKey; secret: string }>('POST', '/api/me/keys', {
    name: 'laptop',
  });
  for (let request = 0; request < 4; request++) {
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sim-standard',
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });
    if (answer.status !== 200) throw new Error(`the gateway answers ${answer.status}`);
    await answer.text();
  }
  await eventually('the requests', 5_000, async () => {
    const { rows } = await house.database.pool.query<{ count: number }>(
      'SELECT count(*)::int FROM usage_event',
    );
    return rows[0]?.count === 4 ? true : undefined;
  });
  // Earned for a while, so that there is a bill to compare.
  await owner.json('GET', '/api/reports/pnl?by=plan');
  const found = recommendationShape.parse(await follow(owner, '/lab/recommend', { plan: 'pro' }));
  if (!found.oracle.exact) throw new Error('the replay differs from the books');
  result = found.id;
}, 120_000);
afterAll(() => house[Symbol.asyncDispose]());

describe('a scheduled plan', () => {
  it('is shown before anything is written, to the letter as each will read it', async () => {
    const { schedule: row, notices, text } = await schedule({ dryRun: true });
    expect(row).toMatchObject({ id: null, plan: 'pro', subscribers: 1, dearer: 1, cheaper: 0 });
    expect(text).toContain('the price is $250 a month');
    expect(text).toContain('dry run');
    expect(notices).toMatchObject([{ customerId: kimsId, state: 'waiting' }]);
    const { bill } = notices[0]?.notice ?? {};
    const { rows } = await house.database.pool.query<{ total: string }>(
      'SELECT sum(subscription)::text AS total FROM revenue_rollup r JOIN plan_version v ON v.id = r.plan_version WHERE v.plan = $1',
      ['pro'],
    );
    // What the books earned of them, and a quarter more: $250 for $200.
    expect(Number(bill?.beforeNanoUsd)).toBe(Number(rows[0]?.total));
    expect(Number(bill?.afterNanoUsd) / Number(bill?.beforeNanoUsd)).toBeCloseTo(1.25, 4);
    expect(bill).toMatchObject({ requests: 4, newlyRefused: 0, newlyFellBack: 0 });
    expect(await noticesOf(kim)).toEqual([]);
  }, 60_000);

  it('tells its subscribers, and nobody else; each member may put it out of sight', async () => {
    const answer = await schedule({});
    const id = answer.schedule.id ?? '';
    const [mine] = await noticesOf(kim);
    expect(mine).toEqual(answer.notices[0]?.notice);
    expect(mine).toMatchObject({ priceNanoUsd: { from: 200e9, to: 250e9 }, dismissed: false });
    expect(JSON.stringify(mine)).not.toMatch(/cost|margin/i);
    expect(await noticesOf(noa)).toEqual([]);
    expect(await noa.refused('POST', `/api/me/notices/${id}/dismiss`, {})).toEqual([
      404,
      'not_found',
    ]);
    await max.json('POST', `/api/me/notices/${id}/dismiss`, {});
    expect((await noticesOf(max))[0]?.dismissed).toBe(true);
    const all = await max.json<{ notices: readonly MyNotice[] }>('GET', '/api/me/export');
    expect(all.notices).toEqual(await noticesOf(max));
    expect((await noticesOf(kim))[0]?.dismissed).toBe(false);
    const named = await owner.json<ScheduleAnswer>('GET', `/api/lab/schedules/${id}?q=kim`);
    expect(named.notices[0]?.notice).toEqual(mine);
    expect(scheduleAnswer.safeParse(named).error).toBeUndefined();
    const others = await owner.json<ScheduleAnswer>('GET', `/api/lab/schedules/${id}?q=zzz`);
    expect(others.notices).toEqual([]);
    await expect(schedule({})).rejects.toThrow('scheduled already');

    await owner.json('DELETE', `/api/lab/schedules/${id}`);
    expect(await noticesOf(kim)).toEqual([]);
    expect(await owner.refused('DELETE', `/api/lab/schedules/${id}`)).toEqual([409, 'conflict']);
  }, 60_000);

  it('leaves the days of notice that it promises, and knows its plan', async () => {
    const soon = new Date(Date.now() + DAY_MS).toISOString();
    await expect(schedule({ at: soon, noticeDays: 14 })).rejects.toThrow('days of notice');
    await expect(schedule({ fix: 99 })).rejects.toThrow('no fix 99');
    await expect(schedule({ price: '200' })).rejects.toThrow('nothing would change');
  });
});
