import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock as clock } from '#base/clock.ts';
import { type Id, newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { systemRandom as random } from '#base/random.ts';
import type { IssuedInvite, Session } from '#http/shapes/session.ts';
import { tellSubscribers } from '#offer/plan-notices.store.ts';
import type { SubscriberBill } from '#offer/scheduled-plan.ts';
import { insertScheduledPlan } from '#offer/scheduled-plans.store.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import { readPlanVersions } from '#subscriptions/plans.store.ts';
import { webHouse, type WebHouse } from '../web/house.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';

const DAY_MS = 86_400_000;
const USD = 1_000_000_000;

/** A change to come, as the customer finds it in the chat and puts it away. */
describe.skipIf(CHROMIUM === undefined)('the notice of a change in the browser', () => {
  const stack = new AsyncDisposableStack();
  let house: WebHouse;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];
  const card = () => page.locator('.plan-notice');

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    const owner = await house.owner();
    const { url } = await owner.json<IssuedInvite>('POST', '/api/invites', { kind: 'customer' });
    browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
    await context.request.post(`${house.url}/api/sign-up`, {
      headers: { origin: house.url },
      data: {
        invite: new URL(url).searchParams.get('invite'),
        name: 'Kim',
        email: 'kim@example.com',
        password: 'a long enough password',
      },
    });
    const session = (await (
      await context.request.get(`${house.url}/api/session`)
    ).json()) as Session;
    const customerId = session.customer?.id as Id<'customer'>;
    await owner.json('POST', `/api/customers/${customerId}/plan`, { plan: 'pro' });
    await schedule(customerId);
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it('is one line in the chat, opens to two bills, and stops nobody from writing', async () => {
    await page.goto(house.url);
    await card().getByText('Pro changes for you on').waitFor();
    expect(await card().getByText('$250.00').isVisible()).toBe(false);
    await page.getByRole('textbox').first().fill('Hello');
    await card().getByText('Pro changes for you on').click();
    const text = (await card().textContent()) ?? '';
    for (const part of ['$200.00', '$251.00', '12 of your 340 requests', 'from $200.00 to $250.00'])
      expect(text).toContain(part);
    expect(text).not.toMatch(/cost|margin/i);
    expect(await page.getByRole('textbox').first().inputValue()).toBe('Hello');
  }, 60_000);

  it('is put away for good, and stays a fact on the page of plans', async () => {
    await page.goto(`${house.url}/usage`);
    await card().waitFor();
    await card().getByRole('button', { name: 'Understood' }).click();
    await card().waitFor({ state: 'detached' });
    await page.goto(house.url);
    await page.getByRole('textbox').first().waitFor();
    await page.waitForLoadState('networkidle');
    expect(await card().count()).toBe(0);
    await page.goto(`${house.url}/plans`);
    await card().waitFor();
    expect(await card().getByRole('button').count()).toBe(0);
  }, 60_000);

  it('has no serious fault that axe finds', async () => {
    await using looks = await browser.newContext({
      storageState: await context.storageState(),
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
      bypassCSP: true,
    });
    await looks.addInitScript("localStorage.setItem('PARAGLIDE_LOCALE', 'zh-CN')");
    const seen = await looks.newPage();
    await seen.goto(`${house.url}/plans`);
    await seen.locator('.plan-notice').waitFor();
    await seen.evaluate(axe.source);
    const violations = await seen.evaluate<readonly { id: string; impact: string }[]>(
      'axe.run().then((result) => result.violations)',
    );
    expect(violations.filter(({ impact }) => /serious|critical/.test(impact))).toEqual([]);
    expect(faults).toEqual([]);
  }, 60_000);

  async function schedule(customerId: Id<'customer'>): Promise<void> {
    const { pool } = house.database;
    const pro = (await readPlanVersions(pool)).find(({ plan }) => plan === 'pro');
    const { id: fromVersion, version: _version, ...terms } = parsePlanVersion(pro?.body);
    const nowMs = clock.nowMs();
    const scheduled = {
      id: newId('scheduledPlan', clock, random),
      book: 'live',
      plan: 'pro',
      terms: { ...terms, priceNanoUsd: nanoUsd(250 * USD) },
      changes: ['the price is $250 a month'],
      fromVersion,
      result: 'lab_test',
      fix: 1,
      fromDay: '2026-10-01',
      toDay: '2026-10-30',
      moves: 'renewal',
      noticeDays: 14,
      notify: true,
      effectiveAtMs: nowMs + 20 * DAY_MS,
      scheduledAtMs: nowMs,
      scheduledBy: 'Ada',
    } as const;
    await insertScheduledPlan(pool, scheduled);
    await tellSubscribers(pool, scheduled, nowMs, [billOf(customerId)]);
  }
});

function billOf(customerId: Id<'customer'>): SubscriberBill {
  return {
    customerId,
    before: nanoUsd(200 * USD),
    after: nanoUsd(251 * USD),
    requests: 340,
    newlyRefused: 0,
    newlyFellBack: 12,
    newlySlowed: 0,
    freed: 0,
  };
}
