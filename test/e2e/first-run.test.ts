import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebHouse, webHouse } from '../web/house.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DEMO_MS_MAX = 240_000;
const PASSWORD = 'a long enough password';

/** What axe says of a page, as far as this test asks. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

describe.skipIf(CHROMIUM === undefined)('first run, in a real browser', () => {
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
    // A content security policy tells what it stopped there.
    page.on('console', (message) => {
      if (message.type() === 'error' && message.text().includes('Content Security Policy'))
        errors.push(message.text());
    });
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it('leads from the printed address to the owner, the demo, and the plan under water', async () => {
    await page.goto(house.setUp);
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Become the owner' }).click();
    await page.getByRole('button', { name: 'Go on with the simulator' }).click();
    await page.getByRole('button', { name: 'Load the demo' }).click();
    await page
      .getByRole('button', { name: 'See where the demo loses money' })
      .click({ timeout: DEMO_MS_MAX });
    await page.getByRole('link', { name: 'Pro is under water.' }).waitFor();
    expect(await page.locator('.block-under').getAttribute('aria-label')).toMatch(/^Pro: −\$/);
  }, 300_000);

  it('opens a figure down to one request', async () => {
    await page.getByRole('link', { name: 'Pro is under water.' }).click();
    await page.getByText(/of subscribers are below; they cause .* of the loss/).waitFor();
    await page.locator('table a[href*="/operator/customers/"]').first().click();
    await page.getByRole('heading', { level: 1, name: /^Subscriber \d+$/ }).waitFor();
    await page.getByRole('tab', { name: 'Requests' }).click();
    await page.locator('table a[href*="/operator/events/"]').first().click();
    await page.locator('pre').first().waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/operator\/events\/req_/);
  }, 60_000);

  it.each([
    '/operator?book=demo',
    '/operator/plans?book=demo',
    '/operator/plans/pro?book=demo',
    '/operator/customers?book=demo',
    '/operator/requests?book=demo',
    '/operator/models?book=demo',
    '/operator/ledger?book=demo',
    '/operator/actions',
    '/operator/settings',
    '/usage',
    '/plans',
    '/settings',
    '/setup',
    '/sign-in',
  ])(
    '%s has no serious fault of accessibility, wide or narrow',
    async (path) => {
      for (const viewport of [
        { width: 1440, height: 900 },
        { width: 390, height: 844 },
      ]) {
        await page.setViewportSize(viewport);
        await page.goto(`${house.url}${path}`);
        await page.waitForLoadState('networkidle').catch(() => undefined);
        const faults = await faultsOf(page);
        expect(faults, `${path} at ${viewport.width}`).toEqual([]);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(overflow, `${path} at ${viewport.width} is wider than the window`).toBe(0);
      }
    },
    60_000,
  );

  it('throws nothing and needs nothing that the content security policy forbids', () => {
    expect(errors).toEqual([]);
  });
});

/** Serious and critical faults, by rule and place. */
async function faultsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
