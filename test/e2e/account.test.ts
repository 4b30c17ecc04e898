import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, type WebHouse, webHouse } from '../web/house.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { seriousFaults } from './serious-faults.ts';

/** What belongs to a customer, as its admin clicks through it: plans, keys, and a request that shows in usage. */
describe.skipIf(CHROMIUM === undefined)("a customer's pages in the browser", () => {
  const stack = new AsyncDisposableStack();
  const errors: string[] = [];
  let house: WebHouse;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    // A content security policy tells there what it stopped.
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(house.setUp);
    await page.getByLabel('Name').fill(OWNER.name);
    await page.getByLabel('E-mail').fill(OWNER.email);
    await page.getByLabel('Password').fill(OWNER.password);
    await page.getByRole('button', { name: 'Become the owner' }).click();
    await page.getByRole('list', { name: 'Step 2 of 4' }).waitFor();
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it('make a key that is shown once, and tell of the request made with it', async () => {
    await page.goto(`${house.url}/settings`);
    await page.getByLabel('What it is for').fill('laptop');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const secret = (await page.locator('.once code').textContent()) ?? '';
    await page.reload();
    await page.getByRole('cell', { name: 'laptop' }).waitFor();
    expect(await page.locator('body').textContent()).not.toContain(secret);

    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sim-fast',
        messages: [{ role: 'user', content: 'How deep is the water?' }],
      }),
    });
    expect(answer.status).toBe(200);
    await page.goto(`${house.url}/usage`);
    await page.getByText(/^1 requests since/).waitFor();
    await page.locator('a[href^="/receipt/req_"]').first().click();
    await page.waitForURL('**/receipt/req_*');
  }, 60_000);

  it('show what a change of plan does before anything is asked for', async () => {
    await page.goto(`${house.url}/plans`);
    await page
      .getByRole('region', { name: 'Plus' })
      .getByRole('button', { name: 'See the change' })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Due now').waitFor();
    expect(await dialog.textContent()).toContain('$20.00');
    await dialog.getByRole('button', { name: 'Ask for Plus' }).click();
    await page.getByText(/^You asked for plus on/).waitFor();
    await page.getByText('Your plan').waitFor();
  }, 60_000);

  it('refuse a wrong password in words, and change nothing', async () => {
    await page.goto(`${house.url}/settings`);
    const form = page.locator('form', { has: page.getByLabel('New password') });
    await form.getByLabel('Your password').fill('not the password');
    await form.getByLabel('New password').fill('another long password');
    const known = errors.length;
    await form.getByRole('button', { name: 'Change it' }).click();
    expect(await form.locator('.field-error').textContent()).not.toBe('');
    // The browser itself reports the refusal.
    errors.length = known;
  }, 60_000);

  it.each(['/usage', '/plans', '/settings'])(
    '%s has no serious fault of accessibility in any look, and fits the window',
    async (path) => {
      for (const look of [
        { locale: 'en-US', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
        { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
      ] as const) {
        await using looks = await browser.newContext({
          ...look,
          storageState: await context.storageState(),
          bypassCSP: true,
        });
        const seen = await looks.newPage();
        await seen.goto(`${house.url}${path}`);
        await seen.locator('main .account-sentence').waitFor();
        await seen.waitForLoadState('networkidle');
        expect(await seriousFaults(seen), `${path} ${look.locale}`).toEqual([]);
        const overflow = await seen.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(overflow, `${path} is wider than the window`).toBe(0);
      }
    },
    60_000,
  );

  it('throw nothing and need nothing that the content security policy forbids', () => {
    expect(errors).toEqual([]);
  });
});
