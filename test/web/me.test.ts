import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '#http/api.ts';
import type {
  MyKey,
  MyMember,
  MyPlans,
  MyReceipt,
  MyReceiptsPage,
  MySettings,
  MyReceiptRow,
  MyUsage,
} from '#http/shapes/me.ts';
import type { PlanRequestRow } from '#http/shapes/plans.ts';
import type { IssuedInvite, Session } from '#http/shapes/session.ts';
import { eventually } from '../system/installation.ts';
import type { BrowserLike } from './browser-like.ts';
import { webHouse, type WebHouse } from './house.ts';

let house: WebHouse;
let owner: BrowserLike;
/** Kim's account with Max, its member; and Noa's, a stranger to both. */
let kim: BrowserLike;
let max: BrowserLike;
let noa: BrowserLike;
let ids: { customer: string; member: string; key: string; request: string };
const password = 'a long enough password';

async function join(inviter: BrowserLike, path: string, body: object, name: string) {
  const { url } = await inviter.json<IssuedInvite>('POST', path, body);
  const browser = house.browser();
  const invite = new URL(url).searchParams.get('invite');
  const email = `${name.toLowerCase()}@example.com`;
  await browser.json('POST', '/api/sign-up', { invite, name, email, password });
  await browser.session();
  return browser;
}

async function ask(secret: string): Promise<string> {
  const answer = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'sim-standard',
      max_tokens: 50,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  });
  expect(answer.status).toBe(200);
  await answer.text();
  return answer.headers.get('x-request-id') ?? '';
}

beforeAll(async () => {
  house = await webHouse();
  owner = await house.owner();
  kim = await join(owner, '/api/invites', { kind: 'customer' }, 'Kim');
  max = await join(kim, '/api/me/invites', { role: 'member' }, 'Max');
  noa = await join(owner, '/api/invites', { kind: 'customer' }, 'Noa');
  const session = await kim.session<Session>();
  const key = await kim.json<{ key: MyKey; secret: string }>('POST', '/api/me/keys', {
    name: 'laptop',
  });
  const request = await ask(key.secret);
  const maxKey = await max.json<{ secret: string }>('POST', '/api/me/keys', { name: 'phone' });
  await ask(maxKey.secret);
  ids = {
    customer: session.customer?.id ?? '',
    member: session.customer?.memberId ?? '',
    key: key.key.id,
    request,
  };
  await eventually('both requests', 5_000, async () => {
    const usage = await kim.json<MyUsage>('GET', '/api/me/usage');
    return usage.totals.requests === 2 || undefined;
  });
}, 60_000);
afterAll(() => house?.[Symbol.asyncDispose]());

describe('use', () => {
  it('is all of the account for an admin, and their own for a member', async () => {
    const all = await kim.json<MyUsage>('GET', '/api/me/usage');
    expect(all.byMember.map(({ name }) => name).toSorted()).toEqual(['Kim', 'Max']);
    expect(all.byKey.map(({ name }) => name).toSorted()).toEqual(['laptop', 'phone']);
    expect(all.byModel).toMatchObject([{ model: 'sim-standard', requests: 2 }]);
    const own = await max.json<MyUsage>('GET', '/api/me/usage');
    expect(own.byMember).toMatchObject([{ name: 'Max', requests: 1 }]);
    const receipts = await max.json<MyReceiptsPage>('GET', '/api/me/receipts');
    expect(receipts.rows).toHaveLength(1);
    const others = `/api/me/receipts/${ids.request}`;
    expect(await max.refused('GET', others)).toEqual([404, 'not_found']);
    expect(await kim.json('GET', others)).toMatchObject({ id: ids.request, plan: 'free v1' });
  });

  it('shows every gate, its fill and its reset', async () => {
    const { meters } = await kim.json<MyUsage>('GET', '/api/me/usage');
    expect(meters.map(({ gate }) => gate)).toContain('daily');
    const daily = meters.find(({ gate }) => gate === 'daily');
    expect(daily).toMatchObject({ used: 2000, limit: 40_000, fill: 0.05, whenFull: 'refuse' });
    expect(daily?.resetsAtMs).toBeGreaterThan(new Date().getTime());
    expect(meters.find(({ unit }) => unit === 'cost')).toMatchObject({ used: null, limit: null });
    expect(meters.map(({ scope }) => scope)).not.toContain('everyone');
  });
});

describe('plans', () => {
  it('stand side by side; a change is previewed, asked for, and approved by an operator', async () => {
    const plans = await kim.json<MyPlans>('GET', '/api/me/plans');
    expect(plans.rows.filter(({ current }) => current).map(({ plan }) => plan)).toEqual(['free']);
    // A handful of requests says nothing of how somebody works.
    expect(plans.typical).toBeNull();
    expect(await kim.json('GET', '/api/me/plans/plus/change')).toMatchObject({
      from: { plan: 'free' },
      to: { plan: 'plus' },
      classesGained: ['reasoning'],
    });
    expect(await max.refused('POST', '/api/me/plan-requests', { plan: 'plus' })).toEqual([
      403,
      'forbidden',
    ]);
    const asked = await kim.json<PlanRequestRow>('POST', '/api/me/plan-requests', { plan: 'plus' });
    expect(await kim.refused('POST', '/api/me/plan-requests', { plan: 'pro' })).toEqual([
      409,
      'conflict',
    ]);
    const open = await owner.json<{ rows: PlanRequestRow[] }>('GET', '/api/console/plan-requests');
    expect(open.rows).toEqual([asked]);
    const path = `/api/console/plan-requests/${asked.id}`;
    const answered = await owner.json<PlanRequestRow>('POST', path, { approve: true });
    expect(answered.state).toBe('approved');
    expect(await owner.refused('POST', path, { approve: true })).toEqual([409, 'conflict']);
    expect((await kim.session<Session>()).customer?.plan?.name).toBe('plus');
  });
});

describe('keys, members and settings', () => {
  it('are their own: a member revokes no key of another, a removed one signs in to nothing', async () => {
    expect(await max.refused('DELETE', `/api/me/keys/${ids.key}`)).toEqual([404, 'not_found']);
    const extra = await join(kim, '/api/me/invites', { role: 'member' }, 'Tea');
    const teaKey = await extra.json<{ key: MyKey; secret: string }>('POST', '/api/me/keys', {
      name: 'x',
    });
    const { rows } = await kim.json<{ rows: MyMember[] }>('GET', '/api/me/members');
    const tea = rows.find(({ name }) => name === 'Tea');
    await kim.json('DELETE', `/api/me/members/${tea?.id}`);
    expect((await extra.session<Session>()).customer).toBeNull();
    expect(await extra.refused('GET', '/api/me/usage')).toEqual([403, 'forbidden']);
    const answer = await eventually('the end of the key', 5_000, async () => {
      const models = await fetch(`${house.url}/v1/models`, {
        headers: { authorization: `Bearer ${teaKey.secret}` },
      });
      return models.status === 401 || undefined;
    });
    expect(answer).toBe(true);
    const self = rows.find(({ me }) => me);
    expect(await kim.refused('DELETE', `/api/me/members/${self?.id}`)).toEqual([409, 'conflict']);
    expect(
      await max.refused('POST', `/api/me/members/${self?.id}/role`, { role: 'member' }),
    ).toEqual([403, 'forbidden']);
  });

  it('keep the cap, the alerts and the language', async () => {
    await kim.json('POST', '/api/me/settings', {
      spendingCapUsd: '25',
      alertAt: [0.5, 0.8],
      customerName: 'Kim & Co',
    });
    await kim.json('POST', '/api/me/profile', { language: 'zh' });
    const settings = await kim.json<MySettings>('GET', '/api/me/settings');
    expect(settings).toMatchObject({
      spendingCapNanoUsd: 25_000_000_000,
      alertAt: [0.5, 0.8],
      customerName: 'Kim & Co',
      language: 'zh',
    });
    await kim.json('POST', '/api/me/settings', { spendingCapUsd: null });
    expect((await kim.json<MySettings>('GET', '/api/me/settings')).spendingCapNanoUsd).toBeNull();
  });
});

describe('what belongs to one customer', () => {
  it('is not found by another, on any route that names something', async () => {
    const tried = [
      ['GET', `/api/me/receipts/${ids.request}`],
      ['DELETE', `/api/me/keys/${ids.key}`],
      ['DELETE', `/api/me/members/${ids.member}`],
      ['POST', `/api/me/members/${ids.member}/role`],
      ['DELETE', '/api/me/invites/inv_01jd0000000000000000000000'],
    ] as const;
    for (const [method, path] of tried) {
      const body = path.endsWith('/role') ? { role: 'member' } : undefined;
      expect([path, ...(await noa.refused(method, path, body))]).toEqual([path, 404, 'not_found']);
    }
    const usage = await noa.json<MyUsage>('GET', '/api/me/usage');
    expect(usage.totals.requests).toBe(0);
    const text = JSON.stringify(await noa.json('GET', '/api/me/export'));
    for (const id of Object.values(ids)) expect(text).not.toContain(id);
    const all = await kim.json<{ receipts: readonly MyReceiptRow[] }>('GET', '/api/me/export');
    expect(all.receipts.map(({ requestId }) => requestId)).toContain(ids.request);
  });

  it('is closed to them as operators', async () => {
    for (const route of API_ROUTES.filter(({ policy }) => policy.for === 'operator')) {
      const path = `/api${route.path}`;
      const status = (
        await kim.request(route.method, path, route.method === 'GET' ? undefined : {})
      ).status;
      expect([path, status]).toEqual([path, 403]);
    }
  });
});

describe('our cost', () => {
  /** Names of fields, anywhere in an answer. */
  function fieldsOf(value: unknown, path = ''): string[] {
    if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, path));
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([name, inner]) => [
      `${path}.${name}`,
      ...fieldsOf(inner, `${path}.${name}`),
    ]);
  }

  it('is in no answer to a customer', async () => {
    const { rows } = await owner.json<{ rows: { costNanoUsd: number }[] }>(
      'GET',
      `/api/console/customers/${ids.customer}/decisions`,
    );
    const costs = rows.map(({ costNanoUsd }) => String(costNanoUsd));
    expect(costs.length).toBe(2);
    expect(costs.every((cost) => Number(cost) > 100)).toBe(true);
    let walked = 0;
    for (const route of API_ROUTES) {
      if (route.method !== 'GET' || route.policy.for === 'operator') continue;
      if (route.path === '/invites/look') continue;
      const path = route.path
        .replace(':request', ids.request)
        .replace(':plan', 'pro')
        .replaceAll(/:\w+/g, 'nothing');
      const response = await kim.request('GET', `/api${path}?q=hello`);
      const isChat = path.startsWith('/chat/') || path.includes('nothing');
      expect([path, response.ok || (isChat && response.status < 500)]).toEqual([path, true]);
      if (!response.ok) continue;
      const answer: unknown = await response.json();
      expect([path, route.output?.safeParse(answer).error]).toEqual([path, undefined]);
      expect([path, fieldsOf(answer).filter((name) => /cost|margin|supplier/i.test(name))]).toEqual(
        [path, []],
      );
      const text = JSON.stringify(answer);
      expect([path, costs.filter((cost) => new RegExp(`\\b${cost}\\b`).test(text))]).toEqual([
        path,
        [],
      ]);
      walked += 1;
    }
    expect(walked).toBeGreaterThan(10);
  });
});

describe('a receipt', () => {
  it('names what answered and what was asked for, as their users know them', async () => {
    const { secret } = await noa.json<{ secret: string }>('POST', '/api/me/keys', { name: 'desk' });
    await Promise.all(Array.from({ length: 10 }, () => ask(secret)));
    const request = await ask(secret);
    const receipt = await eventually('the receipt', 5_000, async () => {
      const answer = await noa.request('GET', `/api/me/receipts/${request}`);
      return answer.ok ? ((await answer.json()) as MyReceipt) : undefined;
    });
    expect(receipt).toMatchObject({
      fallback: 'gate',
      model: 'sim-fast',
      modelName: 'Fast (simulated)',
      modelAsked: 'sim-standard',
      modelAskedName: 'Standard (simulated)',
    });
    const { byModel } = await noa.json<MyUsage>('GET', '/api/me/usage');
    expect(byModel.map(({ model, requests }) => [model, requests])).toEqual(
      expect.arrayContaining([
        ['sim-standard', 10],
        ['sim-fast', 1],
      ]),
    );
  }, 60_000);
});
