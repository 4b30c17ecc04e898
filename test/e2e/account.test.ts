import type { Browser, BrowserContext, Page } from 'playwright-core';
import { decodeQR } from 'qr/decode.js';
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
    await page.getByText(/^1 request since/).waitFor();
    await page.locator('a[href^="/receipt/req_"]').first().click();
    await page.waitForURL('**/receipt/req_*');
    const facts = page.locator('main.receipt');
    await facts.getByText('Counted in').waitFor();
    const text = (await facts.textContent()) ?? '';
    expect(text).toMatch(
      /Free, version 1.*Price bookIn force since .*prv_\w+.*Tokens read.*Tokens written/,
    );
    expect(text).toMatch(/Counted in.*messages/);
    // The link alone leads to it, for whoever may see it.
    await page.reload();
    await facts.getByText('Counted in').waitFor();
    await using stranger = await browser.newContext();
    const outside = await stranger.newPage();
    await outside.goto(page.url());
    await outside.getByRole('alert').waitFor();
    expect(await outside.locator('.receipt-facts').count()).toBe(0);
  }, 60_000);

  it('hand over their receipts as a file', async () => {
    const file = await context.request.get(`${house.url}/api/me/receipts?format=csv`);
    expect(file.headers()['content-type']).toContain('text/csv');
    const [head = '', ...rows] = (await file.text()).trim().split('\r\n');
    expect(head.split(',')).toEqual(
      expect.arrayContaining(['requestId', 'model', 'tokensIn', 'chargeNanoUsd']),
    );
    expect(head).not.toMatch(/cost|supplier/i);
    expect(rows).toHaveLength(1);
  });

  it('set up a second factor by a code that is drawn in the page', async () => {
    await page.goto(`${house.url}/settings`);
    const form = page.locator('form', { has: page.getByRole('button', { name: 'Begin' }) });
    await form.getByLabel('Your password').fill(OWNER.password);
    await form.getByRole('button', { name: 'Begin' }).click();
    const code = page.getByRole('img', { name: 'QR code for your authenticator' });
    await code.waitFor();
    const path = (await code.locator('path').getAttribute('d')) ?? '';
    const side = Number((await code.getAttribute('viewBox'))?.split(' ')[2]);
    const uri = decodeQR(pictureOf(path, side));
    expect(uri).toBe(await page.locator('.once details code').textContent());
    expect(uri).toMatch(/^otpauth:\/\/totp\//);
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
    await page.getByText(/^You asked for Plus on/).waitFor();
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

/** The dark squares of a path as a picture, each four pixels wide. */
function pictureOf(path: string, side: number) {
  const scale = 4;
  const width = side * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)/g))
    for (let row = 0; row < scale; row++)
      for (let column = 0; column < scale; column++) {
        const at = ((Number(y) * scale + row) * width + Number(x) * scale + column) * 4;
        data.fill(0, at, at + 3);
      }
  return { width, height: width, data };
}
