import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '#http/api.ts';
import type {
  CustomerDetail,
  CustomersPage,
  DecisionsPage,
  PostingsPage,
} from '#http/shapes/customers.ts';
import type { EventDetail } from '#http/shapes/events.ts';
import type { Overview } from '#http/shapes/overview.ts';
import type { ClaimRow } from '#http/shapes/suppliers.ts';
import type { Page } from '#http/shapes/wire.ts';
import type { PlanDetail, SubscribersPage } from '#http/shapes/plans.ts';
import { eventually } from '../system/installation.ts';
import type { BrowserLike } from './browser-like.ts';
import { webHouse, type WebHouse } from './house.ts';

let house: WebHouse;
let owner: BrowserLike;
const DEMO = 'book=demo';

beforeAll(async () => {
  house = await webHouse();
  owner = await house.owner();
  const load = { subscribers: 60, days: 4, calibration: 'heavy', seed: 1 };
  const text = await (await owner.request('POST', '/api/demo', load)).text();
  if (!text.includes('"result"')) throw new Error(text);
}, 120_000);
afterAll(() => house?.[Symbol.asyncDispose]());

const get = <T>(path: string): Promise<T> => owner.json<T>('GET', path);

describe('the overview', () => {
  it('adds up: plans to totals, days to totals, and to the report', async () => {
    const overview = await get<Overview>(`/api/console/overview?${DEMO}`);
    const sum = (values: readonly (number | string)[]): number =>
      values.reduce<number>((total, value) => total + Number(value), 0);
    const { totals, plans, days } = overview;
    expect(Number(totals.costNanoUsd.now)).toBeGreaterThan(0);
    expect(sum(plans.map((plan) => plan.costNanoUsd.now))).toBe(Number(totals.costNanoUsd.now));
    expect(sum(plans.map((plan) => plan.revenueNanoUsd.now))).toBe(
      Number(totals.revenueNanoUsd.now),
    );
    expect(sum(days.map((day) => day.costNanoUsd))).toBe(Number(totals.costNanoUsd.now));
    expect(sum(days.map((day) => day.revenueNanoUsd))).toBe(Number(totals.revenueNanoUsd.now));
    expect(days).toHaveLength(30);
    const report = await get<{
      total: { cost: string; revenue: string; margin: string; losses: { loss: string } };
    }>(`/api/reports/pnl?${DEMO}`);
    expect(String(totals.costNanoUsd.now)).toBe(report.total.cost);
    expect(String(totals.marginNanoUsd.now)).toBe(report.total.margin);
    expect(String(totals.runningLossNanoUsd.now)).toBe(report.total.losses.loss);
    const under = plans.filter(
      (plan) => Number(plan.marginNanoUsd.now) < 0 && Number(plan.priceNanoUsd) > 0,
    );
    const alarmed = overview.alarms.filter(({ kind }) => kind === 'under_water');
    expect(alarmed.map((alarm) => ('plan' in alarm ? alarm.plan : '')).toSorted()).toEqual(
      under.map(({ plan }) => plan).toSorted(),
    );
  });

  it('raises an alarm where a supplier says that it charged something else', async () => {
    const today = new Date().toISOString().slice(0, 10);
    await house.database.pool.query(
      `INSERT INTO supplier_claim (book, day, supplier, model, answers, apart, claimed, booked)
       VALUES ('demo', $1, 'router', 'deep-1', 10, 4, 1020000001, 1000000000),
              ('demo', $1, 'router', 'deep-2', 10, 1, 1009000000, 1000000000),
              ('demo', $1, 'router', 'cheap', 10, 10, 20000000, 10000000)`,
      [today],
    );
    const { alarms } = await get<Overview>(`/api/console/overview?${DEMO}`);
    expect(alarms.filter(({ kind }) => kind === 'supplier_disagrees')).toEqual([
      {
        kind: 'supplier_disagrees',
        supplier: 'router',
        model: 'deep-1',
        claimedNanoUsd: 1_020_000_001,
        bookedNanoUsd: 1_000_000_000,
      },
    ]);
    const { rows } = await get<Page<ClaimRow>>(`/api/console/supplier-claims?${DEMO}`);
    expect(rows.map(({ model, apart }) => [model, apart])).toEqual([
      ['cheap', 10],
      ['deep-1', 4],
      ['deep-2', 1],
    ]);
  });

  it('compares with as many days before', async () => {
    const { period } = await get<Overview>(
      `/api/console/overview?${DEMO}&from=2026-11-11&to=2026-11-21`,
    );
    expect(period).toEqual({
      fromDay: '2026-11-11',
      toDay: '2026-11-21',
      beforeFromDay: '2026-11-01',
      beforeToDay: '2026-11-11',
    });
    const empty = `/api/console/overview?${DEMO}&from=2026-11-11&to=2026-11-11`;
    expect(await owner.refused('GET', empty)).toEqual([400, 'invalid_request']);
  });
});

describe('from the waterline down to one event', () => {
  it('each figure opens what it is made of', async () => {
    const { plans } = await get<Overview>(`/api/console/overview?${DEMO}`);
    const worst = plans.toSorted(
      (a, b) => Number(a.marginNanoUsd.now) - Number(b.marginNanoUsd.now),
    )[0];
    const plan = await get<PlanDetail>(`/api/console/plans/${worst?.plan}?${DEMO}`);
    expect(plan.line).toEqual(worst);
    const { marginNanoUsd, belowCount } = plan.curve;
    expect(marginNanoUsd).toEqual(marginNanoUsd.toSorted((a, b) => a - b));
    expect(marginNanoUsd.filter((margin) => margin < 0)).toHaveLength(belowCount);
    expect(marginNanoUsd.reduce((sum, margin) => sum + margin, 0)).toBe(
      Number(worst?.marginNanoUsd.now),
    );

    const path = `/api/console/plans/${worst?.plan}/subscribers?${DEMO}&limit=2`;
    const first = await get<SubscribersPage>(path);
    expect(first.rows.map((row) => Number(row.marginNanoUsd))).toEqual(marginNanoUsd.slice(0, 2));
    const second = await get<SubscribersPage>(`${path}&after=${first.next}`);
    expect(second.rows.map((row) => Number(row.marginNanoUsd))).toEqual(marginNanoUsd.slice(2, 4));

    const [subscriber] = first.rows;
    const customer = await get<CustomerDetail>(
      `/api/console/customers/${subscriber?.customerId}?${DEMO}`,
    );
    expect(customer.totals.marginNanoUsd.now).toBe(subscriber?.marginNanoUsd);
    expect(customer.meters.length).toBeGreaterThan(0);

    const decisions = `/api/console/customers/${subscriber?.customerId}/decisions?${DEMO}`;
    const page = await get<DecisionsPage>(`${decisions}&verdict=admitted&limit=3`);
    expect(page.rows).toHaveLength(3);
    const next = await get<DecisionsPage>(
      `${decisions}&verdict=admitted&limit=3&after=${page.next}`,
    );
    expect(next.rows[0]?.atMs).toBeLessThanOrEqual(page.rows[2]?.atMs ?? 0);
    expect(next.rows.map(({ requestId }) => requestId)).not.toContain(page.rows[2]?.requestId);

    let cost = 0;
    for (let after = ''; ;) {
      const part = await get<DecisionsPage>(`${decisions}&verdict=admitted&limit=1000${after}`);
      cost += part.rows.reduce((total, row) => total + Number(row.costNanoUsd), 0);
      if (part.next === null) break;
      after = `&after=${part.next}`;
    }
    expect(cost).toBe(Number(customer.totals.costNanoUsd.now));

    const id = page.rows[0]?.requestId;
    const event = await get<EventDetail>(`/api/console/events/${id}`);
    expect(event.attempts.reduce((total, each) => total + Number(each.costNanoUsd), 0)).toBe(
      Number(page.rows[0]?.costNanoUsd),
    );
    expect(event.why).toContain(id);
    expect(event.postings.length).toBeGreaterThan(0);
  });

  it('lists refusals by gate, over all customers too', async () => {
    const refused = await get<DecisionsPage>(
      `/api/console/decisions?${DEMO}&verdict=refused&limit=1000`,
    );
    expect(refused.rows.every(({ classServed }) => classServed === null)).toBe(true);
    const gates = new Set(refused.rows.flatMap(({ gate }) => gate ?? []));
    for (const gate of gates) {
      const some = await get<DecisionsPage>(
        `/api/console/decisions?${DEMO}&verdict=refused&gate=${encodeURIComponent(gate)}&limit=1000`,
      );
      expect(some.rows).toEqual(refused.rows.filter((row) => row.gate === gate));
    }
  });

  it('tells what has a time from either end, by pages too', async () => {
    interface Row {
      readonly [field: string]: unknown;
    }
    const walk = async (path: string, order: string, limit: number): Promise<readonly string[]> => {
      const walked: string[] = [];
      let after = '';
      do {
        const page = await get<Page<Row>>(`${path}&order=${order}&limit=${limit}${after}`);
        walked.push(...page.rows.map((row) => JSON.stringify(row)));
        after = page.next === null ? '' : `&after=${page.next}`;
      } while (after !== '');
      return walked;
    };
    const { rows } = await get<{ rows: readonly { readonly id: string }[] }>(
      `/api/console/customers?${DEMO}&limit=1`,
    );
    const customer = `/api/console/customers/${rows[0]?.id}`;
    const tables = [
      `/api/console/decisions?${DEMO}&verdict=refused`,
      `${customer}/decisions?${DEMO}`,
      `${customer}/operations?${DEMO}`,
      '/api/console/actions?format=json',
    ];
    for (const path of tables) {
      const newest = await walk(path, 'desc', 1000);
      expect(await walk(path, 'asc', Math.ceil(newest.length / 3))).toEqual(newest.toReversed());
    }
    // The lines of one transfer keep their own order.
    const journal = `/api/console/ledger/postings?${DEMO}&kind=accrual`;
    const newest = await walk(journal, 'desc', 1000);
    const oldest = await walk(journal, 'asc', 7);
    expect(oldest.toSorted()).toEqual(newest.toSorted());
    const times = oldest.map((row) => Number((JSON.parse(row) as Row)['atMs']));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('walks the whole journal by pages, each line once', async () => {
    const path = `/api/console/ledger/postings?${DEMO}&kind=accrual`;
    const whole = await get<PostingsPage>(`${path}&limit=1000`);
    const walked: PostingsPage['rows'][number][] = [];
    let after = '';
    do {
      const page: PostingsPage = await get<PostingsPage>(`${path}&limit=7${after}`);
      walked.push(...page.rows);
      after = page.next === null ? '' : `&after=${page.next}`;
    } while (after !== '');
    expect(walked.length).toBeGreaterThan(7);
    expect(walked.slice(0, 1000)).toEqual(whole.rows);
    expect(new Set(walked.map((row) => `${row.customerId} ${row.seq} ${row.line}`)).size).toBe(
      walked.length,
    );
  });
});

describe('the tables', () => {
  it('sort, search and page customers', async () => {
    const byCost = await get<CustomersPage>(`/api/console/customers?${DEMO}&sort=cost&limit=60`);
    const costs = byCost.rows.map((row) => Number(row.costNanoUsd));
    expect(costs).toEqual(costs.toSorted((a, b) => b - a));
    expect(byCost.total).toBe(60);
    const found = await get<CustomersPage>(
      `/api/console/customers?${DEMO}&q=subscriber%207&sort=name`,
    );
    expect(found.rows[0]?.name).toBe('Subscriber 7');
    const none = await get<CustomersPage>(`/api/console/customers?${DEMO}&q=100%25`);
    expect(none.rows).toEqual([]);
    expect(await owner.refused('GET', `/api/console/customers?${DEMO}&sort=shoe`)).toEqual([
      400,
      'invalid_request',
    ]);
  });

  it('come as files, in which no spreadsheet finds a formula', async () => {
    const { rows } = await get<CustomersPage>(`/api/console/customers?${DEMO}&limit=1`);
    const id = rows[0]?.id;
    await owner.json('POST', `/api/console/customers/${id}/notes`, {
      book: 'demo',
      text: '=1+1, "x"',
    });
    const notes = await (
      await owner.request('GET', `/api/console/customers/${id}/notes?${DEMO}&format=csv`)
    ).text();
    expect(notes.split('\r\n')[1]).toContain(`"'=1+1, ""x"""`);
    const file = await owner.request('GET', `/api/console/customers?${DEMO}&format=csv`);
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="customers.csv"');
    expect((await file.text()).trim().split('\r\n')).toHaveLength(61);
  });

  it('come as files to their last row, or with as many rows as were asked for', async () => {
    const rows = 120_000;
    await house.database.pool.query(
      `INSERT INTO operator_action (actor, action, subject)
       SELECT 'Ada', 'POST /audit', 'made ' || n FROM generate_series(1, $1) AS n`,
      [rows],
    );
    const read = async (query: string): Promise<readonly string[]> => {
      const path = `/api/console/actions?q=made&format=csv${query}`;
      const lines = (await (await owner.request('GET', path)).text()).split('\r\n');
      expect(lines[0]).toBe('id,atMs,actor,action,subject');
      expect(lines.at(-1)).toBe('');
      return lines.slice(1, -1).map((line) => line.split(',').at(-1) ?? '');
    };
    const all = await read('&order=asc');
    expect(all).toEqual(Array.from({ length: rows }, (_, at) => `made ${at + 1}`));
    expect(await read('&order=asc&limit=7001')).toEqual(all.slice(0, 7001));
  }, 60_000);

  it('sort the customers of one plan as those of all', async () => {
    const path = `/api/console/customers?${DEMO}&plan=pro`;
    const { rows } = await get<CustomersPage>(`${path}&sort=name&order=desc`);
    const names = rows.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(1);
    const other = await get<CustomersPage>(`${path}&sort=name&order=asc`);
    expect(other.rows.map(({ name }) => name)).toEqual(names.toReversed());
  });
});

describe('an operator', () => {
  it('grants, refunds after a yes, and all of it is written down', async () => {
    const customer = (await owner.session<{ customer: { id: string } }>()).customer.id;
    await owner.json('POST', `/api/customers/${customer}/plan`, { plan: 'payg' });
    await owner.json('POST', `/api/customers/${customer}/credits`, {
      kind: 'bought',
      amountUsd: '10',
      reference: 'pay-1',
    });
    const key = await owner.json<{ secret: string }>('POST', '/api/me/keys', { name: 'laptop' });
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sim-standard',
        max_tokens: 60,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });
    expect(answer.status).toBe(200);
    const requestId = answer.headers.get('x-request-id') ?? '';
    const path = `/api/console/customers/${customer}/refunds`;
    const preview = await owner.json<{ refundedNanoUsd: number }>('POST', path, { requestId });
    expect(preview).toMatchObject({ confirmed: false });
    expect(preview.refundedNanoUsd).toBeGreaterThan(0);
    const again = await owner.json('POST', path, { requestId });
    expect(again).toEqual(preview);
    const done = await owner.json('POST', path, { requestId, confirm: true });
    expect(done).toMatchObject({ confirmed: true, refundedNanoUsd: preview.refundedNanoUsd });
    expect(await owner.refused('POST', path, { requestId, confirm: true })).toEqual([
      400,
      'invalid_request',
    ]);
    const actions = await get<{ rows: { action: string; actor: string }[] }>(
      '/api/console/actions',
    );
    expect(actions.rows[0]?.action).toBe('POST /console/customers/:customer/refunds');
    expect(actions.rows[0]?.actor).toMatch(/^Ada \(per_/);
    const audit = await owner.json<{ ok: boolean }>('POST', '/api/audit', {});
    expect(audit.ok).toBe(true);
  });

  it('sees a live request in every figure within five seconds', async () => {
    const customer = (await owner.session<{ customer: { id: string } }>()).customer.id;
    const before = await get<Overview>('/api/console/overview');
    const key = await owner.json<{ secret: string }>('POST', '/api/me/keys', { name: 'live' });
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sim-standard',
        max_tokens: 60,
        messages: [{ role: 'user', content: 'Hello again' }],
      }),
    });
    const id = answer.headers.get('x-request-id') ?? '';
    await answer.text();
    const seenAll = await eventually('the request in every figure', 5_000, async () => {
      const overview = await get<Overview>('/api/console/overview');
      const detail = await get<CustomerDetail>(`/api/console/customers/${customer}`);
      const { rows } = await get<DecisionsPage>('/api/console/decisions?limit=5');
      const plan = await get<PlanDetail>('/api/console/plans/payg');
      const now = overview.totals.requests.now === before.totals.requests.now + 1;
      const seen = rows.some((row) => row.requestId === id && row.outcome !== null);
      const line = plan.line.requests.now > 0 && detail.totals.requests.now > 0;
      return (now && seen && line) || undefined;
    });
    expect(seenAll).toBe(true);
  });

  it('previews a change of plan, and the change does what it said', async () => {
    const customer = (await owner.session<{ customer: { id: string } }>()).customer.id;
    const path = `/api/console/customers/${customer}/plan-change?plan=plus`;
    const preview = await get<
      Record<string, number> & { from: { plan: string }; to: { plan: string } }
    >(path);
    expect([preview.from.plan, preview.to.plan]).toEqual(['payg', 'plus']);
    expect(preview['dueNowNanoUsd']).toBeGreaterThan(19_000_000_000);
    await owner.json('POST', `/api/customers/${customer}/plan`, { plan: 'plus' });
    const after = await get<Record<string, number>>(path);
    expect(after['dueNowNanoUsd']).toBe(0);
    // A moment has passed, in which some of it was earned.
    expect((preview['restOfPeriodNanoUsd'] ?? 0) - (after['unearnedNanoUsd'] ?? 0)).toBeLessThan(
      1_000_000,
    );
  });
});

describe('every console route', () => {
  it('answers in its shape', async () => {
    const { rows } = await get<CustomersPage>(`/api/console/customers?${DEMO}&sort=cost&limit=1`);
    const customer = rows[0]?.id ?? '';
    const { rows: decisions } = await get<DecisionsPage>(
      `/api/console/decisions?${DEMO}&verdict=admitted&limit=1`,
    );
    const request = decisions[0]?.requestId ?? '';
    let parsed = 0;
    for (const route of API_ROUTES) {
      if (route.method !== 'GET' || !route.output || route.policy.for !== 'operator') continue;
      // Nothing is scheduled here: plan-notices.test.ts holds that shape.
      if (route.path.includes(':schedule')) continue;
      const path = route.path
        .replace(':customer', customer)
        .replace(':request', request)
        .replace(':plan', 'pro');
      const query = route.path.endsWith('/plan-change') ? '&plan=plus' : '';
      const answer = await get<unknown>(`/api${path}?${DEMO}${query}`);
      const result = route.output.safeParse(answer);
      expect([route.path, result.error?.issues ?? []]).toEqual([route.path, []]);
      parsed += 1;
    }
    expect(parsed).toBeGreaterThan(15);
  });
});
