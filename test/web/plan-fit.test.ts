import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CustomersPage } from '#http/shapes/customers.ts';
import type { PlanFitAnswer } from '#http/shapes/me.ts';
import type { IssuedInvite } from '#http/shapes/session.ts';
import { type Id, uuidOf } from '#base/id.ts';
import type { BrowserLike } from './browser-like.ts';
import { webHouse, type WebHouse } from './house.ts';

type Compared = Extract<PlanFitAnswer, { state: 'compared' }>;

let house: WebHouse;
let owner: BrowserLike;
let fits: Map<string, Compared>;

const get = <T>(path: string): Promise<T> => owner.json<T>('GET', path);
const ask = (id: string): Promise<Compared> =>
  get<Compared>(`/api/console/customers/${id}/plan-fit?book=demo`);

beforeAll(async () => {
  house = await webHouse();
  owner = await house.owner();
  const load = { subscribers: 30, days: 30, calibration: 'heavy', seed: 1 };
  const text = await (await owner.request('POST', '/api/demo', load)).text();
  if (!text.includes('"result"')) throw new Error(text);
  const { rows } = await get<CustomersPage>('/api/console/customers?book=demo&limit=100');
  const chosen = ['free', 'plus', 'pro'].flatMap((plan) =>
    rows.filter((row) => row.plan?.startsWith(`${plan} `)).slice(0, 2),
  );
  fits = new Map(await Promise.all(chosen.map(async ({ id }) => [id, await ask(id)] as const)));
}, 180_000);
afterAll(() => house?.[Symbol.asyncDispose]());

interface Booked {
  readonly requests: number;
  readonly refused: number;
  readonly refused_days: number;
  readonly beyond: number;
  readonly marked_up: number;
}

async function booked(id: string): Promise<Booked> {
  const { rows } = await house.database.pool.query<Booked>(
    `SELECT count(*) AS requests, count(*) FILTER (WHERE d.class_served IS NULL) AS refused,
            count(DISTINCT d.day) FILTER (WHERE d.class_served IS NULL) AS refused_days,
            coalesce(sum(e.paid_bought + e.paid_overage - e.refunded), 0)::bigint AS beyond,
            coalesce(sum(round(e.cost * 1.3)), 0)::bigint AS marked_up
       FROM decision d LEFT JOIN usage_event e ON e.book = d.book AND e.customer = d.customer AND e.id = d.request
      WHERE d.book = 'demo' AND d.customer = $1`,
    [uuidOf(id as Id<'customer'>)],
  );
  return rows[0] ?? { requests: 0, refused: 0, refused_days: 0, beyond: 0, marked_up: 0 };
}

describe("a customer's period on other plans", () => {
  it('is on the own plan as the books have it, and every booked decision comes out again', async () => {
    expect(fits.size).toBe(6);
    for (const [id, fit] of fits) {
      const { requests, refused, refused_days, beyond } = await booked(id);
      expect(fit).toMatchObject({ state: 'compared', compared: requests, reproduced: requests });
      expect(fit.own).toMatchObject({
        requests,
        refused,
        refusedDays: refused_days,
        beyondNanoUsd: beyond,
        differenceNanoUsd: 0,
      });
      expect(fit.others.map(({ plan }) => plan)).not.toContain(fit.own.plan);
    }
  });

  it('names the price of paying by use: what was served at cost and thirty percent, up to the cap', async () => {
    let judged = 0;
    for (const [id, fit] of fits) {
      const payg = fit.others.find(({ plan }) => plan === 'payg');
      const { marked_up: markedUp, requests, refused } = await booked(id);
      if (payg === undefined || refused > 0 || payg.refused > 0) continue;
      // Half a nano-dollar a request may round the other way, and the fare cap of $200 holds.
      const due = Math.min(markedUp, 200_000_000_000);
      expect(Math.abs(Number(payg.beyondNanoUsd) - due)).toBeLessThan(requests);
      judged += 1;
    }
    expect(judged).toBeGreaterThan(0);
  });

  it('never makes a plan with less room stop less', () => {
    const refusedOn = (fit: Compared, plan: string): number =>
      [fit.own, ...fit.others].find((each) => each.plan === plan)?.refused ?? Number.NaN;
    for (const fit of fits.values()) {
      expect(refusedOn(fit, 'free')).toBeGreaterThanOrEqual(refusedOn(fit, 'plus'));
      expect(refusedOn(fit, 'plus')).toBeGreaterThanOrEqual(refusedOn(fit, 'pro'));
    }
  });

  it('is worked out once a day', async () => {
    const [id = '', fit] = [...fits][0] ?? [];
    expect(await ask(id)).toEqual(fit);
  });
});

describe('who may ask', () => {
  it("is an admin for their own account, and nobody for another's", async () => {
    const join = async (inviter: BrowserLike, path: string, body: object, name: string) => {
      const { url } = await inviter.json<IssuedInvite>('POST', path, body);
      const browser = house.browser();
      const invite = new URL(url).searchParams.get('invite');
      const email = `${name}@example.com`;
      const password = 'a long enough password';
      await browser.json('POST', '/api/sign-up', { invite, name, email, password });
      await browser.session();
      return browser;
    };
    const kim = await join(owner, '/api/invites', { kind: 'customer' }, 'kim');
    const max = await join(kim, '/api/me/invites', { role: 'member' }, 'max');
    expect(await kim.json('GET', '/api/me/plan-fit')).toEqual({ state: 'too_early' });
    expect(await max.refused('GET', '/api/me/plan-fit')).toEqual([403, 'forbidden']);
    const [id = ''] = fits.keys();
    const path = `/api/console/customers/${id}/plan-fit?book=demo`;
    expect(await kim.refused('GET', path)).toEqual([403, 'forbidden']);
  });
});
