import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { OWNER, webHouse, type WebHouse } from '../web/house.ts';
import { postAs } from './calls.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { seriousFaults } from './serious-faults.ts';

/** From the demo to a plan version with a date and a notice, as an operator clicks through it. */
describe.skipIf(CHROMIUM === undefined)('the price lab in the browser', () => {
  const stack = new AsyncDisposableStack();
  const faults: string[] = [];
  let house: WebHouse;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  const sentence = () => page.locator('.page-sentence');
  const runs = async (): Promise<number> =>
    (await (await context.request.get(`${house.url}/api/lab/runs`)).json()).length;
  /** The page shows the run at once; a load before the server has heard of it would end it. */
  const isRunning = async (): Promise<void> => {
    await page.locator('.lab-progress').waitFor();
    await expect.poll(runs, { timeout: 20_000 }).toBe(1);
  };
  const lab = (path = '') => `${house.url}/operator/lab${path}?book=demo`;

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    const token = new URL(house.setUp).searchParams.get('token');
    await postAs(context, house.url, '/setup', { token, ...OWNER });
    const demo = { subscribers: 120, days: 6, calibration: 'heavy', seed: 2 };
    await postAs(context, house.url, '/demo', demo);
  }, 300_000);
  afterAll(() => stack.disposeAsync());

  it('names the demo where nobody has paid for anything yet', async () => {
    await page.goto(`${house.url}/operator/lab?book=live`);
    await page.getByRole('button', { name: 'Ask the demo' }).click();
    await page.waitForURL(/book=demo/);
    await page.getByRole('button', { name: 'Look for a change' }).waitFor();
    expect(await page.getByLabel('Plan', { exact: true }).inputValue()).toBe('pro');
  }, 60_000);

  it('goes on showing a run when the page is loaded again, and cancels it from there', async () => {
    await page.goto(lab());
    await page.getByRole('button', { name: 'Look for a change' }).click();
    await isRunning();
    await page.reload();
    await page.locator('.lab-progress').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('.lab-progress').waitFor({ state: 'detached', timeout: 60_000 });
    expect(await page.locator('.failure').count()).toBe(0);
    expect(await runs()).toBe(0);
  }, 120_000);

  it('finds a change, also over a reload in the midst of it', async () => {
    await page.goto(lab());
    await page.getByLabel('May notice at most').fill('20');
    await page.getByRole('button', { name: 'Look for a change' }).click();
    await isRunning();
    await page.reload();
    await page.waitForURL(/\/lab\/lab_/, { timeout: 180_000 });
    await sentence().filter({ hasText: 'Pro lost' }).waitFor();
    expect(await page.locator('.lab-trust .badge').textContent()).toBe('Exact');
  }, 240_000);

  it('opens every fix as a scenario, and replays another price exactly', async () => {
    const ways = page.locator('section', { has: page.getByRole('heading', { name: 'Ways out' }) });
    const rows = ways.locator('tbody tr');
    const second = rows.nth(1).getByRole('link');
    // Changes that come to nearly the same stand folded, which hangs on when the demo was made: not always the second.
    const number = /fix=(\d+)/.exec((await second.getAttribute('href')) ?? '')?.[1] ?? '';
    expect(Number(number)).toBeGreaterThan(1);
    await second.click();
    await page.waitForURL(new RegExp(`fix=${number}$`));
    await page.getByText(`Change ${number}, against today`).waitFor();
    const live = page.locator('.curve-sentence');
    expect(await live.textContent()).toContain('At $200.00');
    await page.locator('.lab-figures').waitFor();
    const handle = page.getByRole('slider', { name: 'Price a month' });
    await handle.press('ArrowRight');
    expect(await live.textContent()).toMatch(/At \$210\.00.*pay more, 1\.05 times/);
    await page.locator('.lab-figures', { hasText: '×1.05' }).waitFor({ timeout: 60_000 });
    await handle.press('ArrowLeft');
    await page.locator('.lab-publish a').waitFor();
    const href = await page.locator('.lab-publish a').getAttribute('href');
    expect(decodeURIComponent(href ?? '')).toContain('plans:');
  }, 120_000);

  it('shows whom a fix touches and how, and replays a document that is edited', async () => {
    const found = page.url();
    await page.goto(found.replace(/fix=\d+/, 'fix=1'));
    const noticed = page.locator('section', { hasText: 'Who notices it, and how' });
    await noticed
      .getByRole('link', { name: /^Subscriber \d+$/ })
      .first()
      .waitFor();
    await page.getByRole('cell', { name: 'Requests served' }).waitFor();
    await page.getByText('What it changes in breakeven.yaml').click();
    await page.locator('.lab-changes ins').first().waitFor();
    const document = page.locator('textarea.lab-document');
    await document.fill((await document.inputValue()).replace('price: $200', 'price: $230'));
    await page.locator('.lab-changes ins', { hasText: 'price: $230' }).waitFor();
    await page.getByRole('button', { name: 'Replay this document' }).click();
    await sentence().filter({ hasText: 'takes the margin of all plans from' }).waitFor();
    await page.getByRole('heading', { name: 'What it does to pro v1' }).waitFor();
    await page.getByRole('link', { name: 'Price lab' }).click();
    await page.locator('.lab-results li', { hasText: 'A change of your own' }).waitFor();
    expect(await page.locator('.lab-results li').count()).toBe(2);
    await page.goto(found);
  }, 120_000);

  it('schedules it, seen as a named customer will read it, and takes it back', async () => {
    await page.getByRole('button', { name: 'Schedule it' }).click();
    await page.getByRole('button', { name: 'See what each is told' }).click();
    const preview = page.locator('.lab-schedule .plan-notice');
    await preview.waitFor({ timeout: 90_000 });
    expect(await preview.textContent()).toContain('Pro changes for you on');
    const someone = page.getByLabel('As it is read by');
    const names = await someone.locator('option').allTextContents();
    expect(names.length).toBeGreaterThan(1);
    await someone.selectOption({ index: names.length - 1 });
    expect(await preview.textContent()).toMatch(/requests in these days|no bill to show/);
    await page.getByRole('button', { name: /Schedule and tell them/ }).click();
    const waiting = page.locator('.lab-schedules li', { hasText: 'scheduled' });
    await waiting.waitFor({ timeout: 90_000 });
    await waiting.getByRole('button', { name: 'Take it back' }).click();
    await waiting.getByRole('button', { name: 'Take it back' }).click();
    await page.locator('.lab-schedules li', { hasText: 'taken back' }).waitFor();
  }, 240_000);

  it('shows what a changed assumption changes', async () => {
    await page.locator('.lab-assumed summary').click();
    await page.getByLabel('Price elasticity').fill('nothing');
    expect(await page.getByRole('button', { name: 'Look for a change' }).isDisabled()).toBe(true);
    await page.getByLabel('Price elasticity').fill('2.5');
    const before = page.url();
    await page.getByRole('button', { name: 'Look for a change' }).click();
    await page.waitForURL((url) => url.href !== before && /\/lab_/.test(url.href), {
      timeout: 180_000,
    });
    await page.locator('.lab-difference', { hasText: 'Price elasticity 1 → 2.5' }).waitFor();
    await page.locator('.lab-assumed-line', { hasText: '(default 1)' }).waitFor();
  }, 240_000);

  it('has no serious fault that axe finds, in both languages and themes', async () => {
    const here = new URL(page.url());
    const found: string[] = [];
    for (const [language, colorScheme, width] of [
      ['en', 'light', 1440],
      ['zh-CN', 'dark', 390],
    ] as const) {
      await using looks = await browser.newContext({
        colorScheme,
        viewport: { width, height: 900 },
        storageState: await context.storageState(),
        bypassCSP: true,
      });
      await looks.addInitScript(`localStorage.setItem('PARAGLIDE_LOCALE', '${language}')`);
      const seen = await looks.newPage();
      await seen.goto(here.href);
      await seen.locator('.lab-publish').first().waitFor();
      await seen.locator('.lab-assumed summary').click();
      const look = async (): Promise<void> => {
        for (const fault of await seriousFaults(seen)) found.push(`${language}: ${fault}`);
      };
      await look();
      await seen.locator('.lab-publish .button >> nth=1').click();
      await look();
      await seen.locator('.lab-publish .button >> nth=1').click();
      await seen.locator('.lab-publish .button-main').click();
      await seen.locator('.lab-schedule .button-main').click();
      await seen.locator('.lab-schedule .plan-notice').waitFor({ timeout: 90_000 });
      await look();
      if (await seen.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'))
        found.push(`${language}: wider than the window`);
    }
    expect(found).toEqual([]);
  }, 300_000);

  it('publishes it after a yes', async () => {
    await page.getByRole('button', { name: 'Publish it' }).click();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('Published: new subscribers of Pro get it.').waitFor();
    expect(faults).toEqual([]);
  }, 60_000);

  it('says of an import that the address names whether it is there, and asks the lab about it', async () => {
    const named = (book: string) => `${house.url}/operator/lab?book=live&of=${book}`;
    await page.goto(named('import:lost'));
    await page.getByText('There is no import import:lost, and no other either.').waitFor();
    using directory = temporaryDirectory();
    const lines = Array.from({ length: 200 }, (_, n) => {
      const at = new Date(Date.UTC(2026, 9, 1) + n * 3_600_000).toISOString();
      return `${at},user-${n % 7},sim-reasoning,${n % 7 === 0 ? 200_000 : 900},800`;
    });
    const head = 'created_at,user_id,model,prompt_tokens,completion_tokens';
    const file = directory.write('usage.csv', [head, ...lines].join('\n'));
    const body = { book: 'import:october', files: [file], plan: 'plus' };
    await postAs(context, house.url, '/lab/imports', body);
    await page.reload();
    await page.getByText('There is no import import:lost. There are:').waitFor();
    await page.getByRole('link', { name: 'import:october' }).click();
    const unasked = page.locator('.nothing', {
      hasText: 'has not been asked about import:october',
    });
    await page.locator('.book-strip', { hasText: 'import:october' }).waitFor();
    await unasked.getByRole('button', { name: 'Look for a change' }).click();
    await page.waitForURL(/\/lab\/lab_/, { timeout: 120_000 });
    await page.goto(named('import:october'));
    await page.getByText('The lab was asked about import:october before').waitFor();
    expect(await page.getByText('Nobody on a paid plan').count()).toBe(0);
    expect(faults).toEqual([]);
  }, 200_000);
});
