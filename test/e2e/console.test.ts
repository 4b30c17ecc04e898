import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, webHouse, type WebHouse } from '../web/house.ts';
import { postAs } from './calls.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { seriousFaults } from './serious-faults.ts';

const SUBSCRIBERS = 120;
const DAYS = 6;
/** The form that begins two-factor sign-in: a password, and none that is new. */
const TWO_FACTOR = 'form.inline-form:has([type=password]):not(:has([autocomplete=new-password]))';

/** From the one-time address to one usage event, as an operator clicks through it. */
describe.skipIf(CHROMIUM === undefined)('the console in the browser', () => {
  const stack = new AsyncDisposableStack();
  const faults: string[] = [];
  let house: WebHouse;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({
      locale: 'en-US',
      viewport: { width: 1440, height: 900 },
    });
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it('turns the set-up address into an owner, by four screens of which three can be skipped', async () => {
    await page.goto(house.setUp);
    await page.getByLabel('Name').fill(OWNER.name);
    await page.getByLabel('E-mail').fill(OWNER.email);
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Become the owner' }).click();
    await page.locator('.field-error').waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe(OWNER.email);
    faults.length = 0;
    await page.getByLabel('Password').fill(OWNER.password);
    await page.getByRole('button', { name: 'Become the owner' }).click();
    await page.getByRole('list', { name: 'Step 2 of 4' }).waitFor();
    await page.locator('.skip-step').click();
    await page.getByRole('list', { name: 'Step 3 of 4' }).waitFor();
    await page.locator('.skip-step').click();
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page.waitForURL('**/operator');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(house.setUp);
    await page.getByRole('list', { name: 'Step 2 of 4' }).waitFor();
  }, 60_000);

  it('shows which plan is under water, because of whom, and the event behind it', async () => {
    await loadDemo();
    await page.goto(`${house.url}/operator?book=demo`);
    const block = page.locator('.block-under', { hasText: 'Pro' });
    await block.waitFor();
    expect(await block.textContent()).toContain('−$');
    await page.locator('.page-sentence', { hasText: 'Pro is under water' }).waitFor();

    await block.press('Enter');
    await page.waitForURL('**/operator/plans/pro*');
    expect(await page.locator('.curve-sentence').textContent()).toMatch(
      /% of subscribers are below; they cause [\d.]+% of the whole loss/,
    );
    const worst = await page.locator('tbody tr a').first().textContent();

    // The first place of the curve is the same subscriber as the first row of the table.
    const curve = page.getByRole('slider');
    await curve.focus();
    await curve.press('Home');
    expect(await page.locator('.curve-figure figcaption').textContent()).toContain('−$');
    await curve.press('Enter');
    await page.waitForURL('**/operator/customers/*');
    await page.getByRole('heading', { name: worst ?? '', exact: true }).waitFor();

    await page.getByRole('tab', { name: 'Requests' }).click();
    await page.getByRole('button', { name: 'Admitted' }).click();
    await page.locator('.table tbody tr a').first().click();
    await page.waitForURL('**/operator/events/*');
    await page.getByRole('heading', { name: 'Booked' }).waitFor();
    const story = (await page.locator('.story').textContent()) ?? '';
    for (const chapter of ['Asked', 'Decided', 'Held', 'Sent', 'Settled', 'Owed to'])
      expect(story).toContain(chapter);
    expect(await page.locator('.why-lines').textContent()).toContain('Verdict');
  }, 180_000);

  it('keeps to the days that are picked, and back', async () => {
    await page.goto(`${house.url}/operator/plans?book=demo`);
    await page.getByRole('link', { name: 'Pro', exact: true }).waitFor();
    const whole = await page.locator('tbody').textContent();
    await page.getByLabel('Period').selectOption('today');
    await page.waitForURL(/from=/);
    await expect.poll(() => page.locator('tbody').textContent()).not.toBe(whole);
    await page.getByRole('link', { name: 'Overview' }).click();
    expect(new URL(page.url()).searchParams.get('from')).not.toBeNull();
    await page.goBack();
    await page.goBack();
    await expect.poll(() => page.locator('tbody').textContent()).toBe(whole);
  }, 60_000);

  it('counts in the lab who pays more while the price moves', async () => {
    await page.goto(`${house.url}/operator/lab?book=demo`);
    const sentence = page.locator('.curve-sentence');
    await sentence.waitFor();
    const today = await sentence.textContent();
    expect(today).toContain('At $200.00');
    expect(today).toContain('Nobody pays more.');
    const handle = page.getByRole('slider', { name: 'Price a month' });
    await handle.press('End');
    const dear = await sentence.textContent();
    expect(dear).toContain('At $800.00');
    expect(dear).toMatch(/[1-9]\d* of \d+ pay more, 4\.00 times their bill/);
    await handle.press('Home');
    const free = await sentence.textContent();
    expect(free).toContain('At $0.00');
    expect(free).toContain('Nobody pays more.');
  }, 60_000);

  it('changes what an operator may change, and writes down who did', async () => {
    const { id } = await firstCustomer();
    await page.goto(`${house.url}/operator/customers/${id}?book=demo&tab=account`);
    await page.getByRole('button', { name: 'Grant credits' }).click();
    await page.getByLabel('Amount').fill('not money');
    await page.locator('.sheet .button-main').click();
    await page.locator('.sheet .field-error').waitFor();
    faults.length = 0;
    await page.getByLabel('Amount').fill('5.25');
    await page.locator('.sheet .button-main').click();
    await page.locator('.sheet').waitFor({ state: 'detached' });
    await page.locator('.pairs', { hasText: '$5.25' }).waitFor();
    await page.getByRole('tab', { name: 'Notes' }).click();
    await page.locator('.tab-panel textarea').fill('Asked them about the night jobs.');
    await page.locator('.tab-panel .button-main').click();
    await page.locator('.notes li', { hasText: 'night jobs' }).waitFor();
    await page.goto(`${house.url}/operator/ledger?book=demo&tab=audit`);
    await page.getByRole('button', { name: 'Audit this book' }).click();
    await page.getByRole('status').filter({ hasText: 'The books add up' }).waitFor();
    await page.getByRole('link', { name: 'Actions' }).click();
    const granted = page.locator('tbody tr', { hasText: 'Granted credits' }).first();
    await granted.waitFor();
    expect(await granted.textContent()).toContain(OWNER.name);
  }, 60_000);

  it('has no serious fault that axe finds on any page, in both languages and themes', async () => {
    const customer = await firstCustomer();
    const pages = [
      '/operator?book=demo',
      '/operator?book=live',
      '/operator/plans?book=demo',
      '/operator/plans/pro?book=demo',
      '/operator/lab?book=demo',
      '/operator/customers?book=demo',
      ...['usage', 'requests', 'account', 'ledger', 'people', 'notes'].map(
        (tab) => `/operator/customers/${customer.id}?book=demo&tab=${tab}`,
      ),
      `/operator/events/${customer.request}?book=demo`,
      '/operator/requests?book=demo',
      ...['routes', 'suppliers', 'prices'].map((tab) => `/operator/models?book=demo&tab=${tab}`),
      ...['postings', 'balances', 'incidents', 'audit'].map(
        (tab) => `/operator/ledger?book=demo&tab=${tab}`,
      ),
      '/operator/actions',
      '/operator/settings',
      '/sign-in',
      '/sign-in?forgot',
      '/sign-in?new',
      '/setup',
    ];
    const account = `/operator/customers/${customer.id}?book=demo&tab=account`;
    /** What opens on a page: where, what to click, what is there then. */
    const opened = [
      { path: account, click: '.page-tools .button >> nth=0', seen: 'form.sheet' },
      { path: account, click: '.page-tools .button >> nth=1', seen: 'form.sheet' },
      { path: await chargedEvent(), click: '.page-tools .button', seen: 'form.sheet' },
      {
        path: '/operator/models?book=demo&tab=prices',
        click: '.unfold summary',
        seen: '.unfold .why',
      },
      { path: '/settings', click: `${TWO_FACTOR} .button`, seen: '.once' },
    ];
    const found: string[] = [];
    for (const look of [
      {
        language: 'en',
        locale: 'en-US',
        colorScheme: 'light',
        viewport: { width: 1440, height: 900 },
      },
      {
        language: 'zh-CN',
        locale: 'zh-CN',
        colorScheme: 'dark',
        viewport: { width: 390, height: 844 },
      },
    ] as const) {
      await using looks = await browser.newContext({
        ...look,
        storageState: await context.storageState(),
        bypassCSP: true,
      });
      await looks.addInitScript(`localStorage.setItem('PARAGLIDE_LOCALE', '${look.language}')`);
      const seen = await looks.newPage();
      for (const path of pages) {
        await seen.goto(house.url + path);
        await seen.locator('h1').waitFor();
        await seen.waitForFunction("!document.querySelector('.loading')");
        for (const fault of await seriousFaults(seen))
          found.push(`${path} ${look.locale}: ${fault}`);
        const language = await seen.evaluate<string>('document.documentElement.lang');
        expect(language).toBe(look.language);
        const failure = await seen.locator('.failure').count();
        if (failure > 0) found.push(`${path} ${look.locale}: says a failure`);
        const isWide = await seen.evaluate<boolean>(
          'document.documentElement.scrollWidth > innerWidth',
        );
        if (isWide) found.push(`${path} ${look.locale}: wider than the window`);
      }
      for (const { path, click, seen: what } of opened) {
        await seen.goto(house.url + path);
        await seen.locator(click).waitFor();
        if (path === '/settings') await seen.locator(`${TWO_FACTOR} input`).fill(OWNER.password);
        await seen.locator(click).click();
        await seen.locator(what).waitFor();
        for (const fault of await seriousFaults(seen))
          found.push(`${path} ${what} ${look.locale}: ${fault}`);
      }
    }
    expect(found).toEqual([]);
  }, 480_000);

  it('runs under the policy without a word in the console', () => {
    expect(faults).toEqual([]);
  });

  async function loadDemo(): Promise<void> {
    const demo = { subscribers: SUBSCRIBERS, days: DAYS };
    const answer = await postAs(context, house.url, '/demo', demo);
    expect(answer.status()).toBe(200);
  }

  /** The page of a request that somebody paid for. */
  async function chargedEvent(): Promise<string> {
    const path = '/api/console/decisions?book=demo&plan=payg&verdict=admitted&limit=50';
    const { rows } = await (await context.request.get(house.url + path)).json();
    const paid = rows.find(
      (row: { chargeNanoUsd: number | null }) => Number(row.chargeNanoUsd) > 0,
    );
    return `/operator/events/${paid.requestId}?book=demo`;
  }

  async function firstCustomer(): Promise<{ readonly id: string; readonly request: string }> {
    const get = async (path: string) =>
      (await context.request.get(`${house.url}/api/console${path}`)).json();
    const [row] = (await get('/plans/pro/subscribers?book=demo&sort=margin&limit=1')).rows;
    const { rows } = await get(
      `/customers/${row.customerId}/decisions?book=demo&verdict=admitted&limit=1`,
    );
    return { id: row.customerId, request: rows[0].requestId };
  }
});
