import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, type WebHouse, webHouse } from '../web/house.ts';
import { askOften, postAs } from './calls.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { seriousFaults } from './serious-faults.ts';

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

const LOOKS = [
  { locale: 'en-US', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

/** Every page and dialog of the chat, for those who cannot see it or have no mouse. */
describe.skipIf(CHROMIUM === undefined)('the chat in every look', () => {
  const stack = new AsyncDisposableStack();
  let house: WebHouse;
  let browser: Browser;
  let context: BrowserContext;
  let conversation = '';
  let receipt = '';
  let shared = '';
  /** Of somebody whose day is used up, a conversation without an answer. */
  let full: { readonly conversation: string; readonly state: StorageState };

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    const token = new URL(house.setUp).searchParams.get('token');
    await postAs(context, house.url, '/setup', { token, ...OWNER });
    await page.goto(house.url);
    await page.locator('.picker-button', { hasText: /\w/ }).waitFor();
    await page.fill('#composer', 'How deep is the water?');
    await page.keyboard.press('Enter');
    const line = page.locator('a.answer-line');
    await line.waitFor();
    conversation = new URL(page.url()).pathname;
    receipt = (await line.getAttribute('href')) ?? '';
    shared = await share();
    full = await useUp();
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it.each(LOOKS)(
    'has no serious fault that axe finds, in $locale',
    async (look) => {
      await using seen = await browser.newContext({
        ...look,
        storageState: await context.storageState(),
        bypassCSP: true,
      });
      const page = await seen.newPage();
      const isPhone = look.viewport.width < 760;
      const found: string[] = [];
      const check = async (what: string): Promise<void> => {
        for (const fault of await seriousFaults(page)) found.push(`${what}: ${fault}`);
        const overflow = await page.evaluate<boolean>(
          'document.documentElement.scrollWidth > innerWidth',
        );
        if (overflow) found.push(`${what}: wider than the window`);
      };
      await page.goto(house.url);
      await page.locator('.composer-bar').waitFor();
      await check('a new chat');
      await page.locator('.picker-button').click();
      await check('the models');
      await page.keyboard.press('Escape');
      await page.goto(house.url + conversation);
      await page.locator('.answer .prose').waitFor();
      await check('a conversation');
      if (isPhone) {
        await page.locator('.sidebar-toggle').click();
        await page.locator('.chat-sidebar-open .house-links').waitFor();
        await page.waitForTimeout(300);
        await check('the sidebar');
        await page.locator('.sidebar-shade').click({ position: { x: 380, y: 400 } });
      }
      await page.keyboard.press('Control+/');
      await page.locator('dialog[open]').waitFor();
      await check('the shortcuts');
      await page.keyboard.press('Escape');
      const share = page.getByRole('button', { name: /^(Share|分享)$/ });
      await share.focus();
      await page.keyboard.press('Enter');
      await page.locator('dialog[open] .button-main').click();
      await page.locator('dialog[open] .share-list').waitFor();
      await check('the links of a conversation');
      await page.keyboard.press('Escape');
      expect(
        await page.evaluate<string>('document.activeElement?.getAttribute("aria-label")'),
      ).toMatch(/^(Share|分享)$/);
      await page.goto(house.url);
      await page.locator('.composer-bar').waitFor();
      if (isPhone) await page.locator('.sidebar-toggle').click();
      await page.getByRole('button', { name: /^(Settings|设置)$/ }).click();
      // From now on everything is asked about first.
      await page.locator('dialog[open] input[type=number]').fill('0');
      await check('the settings');
      await page.locator('dialog[open] .button-main').click();
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      if (isPhone) await page.locator('.sidebar-shade').click({ position: { x: 380, y: 400 } });
      await page.fill('#composer', 'How deep is it? '.repeat(300));
      await page.keyboard.press('Enter');
      await page.locator('dialog[open] .quote-shares li').first().waitFor();
      await check('a question before a dear message');
      await page.keyboard.press('Escape');
      await page.goto(house.url + receipt);
      await page.locator('.receipt-facts').first().waitFor();
      await check('a receipt');
      await page.goto(house.url + shared);
      await page.locator('.shared .prose').waitFor();
      await check('a shared conversation');
      expect(found).toEqual([]);
    },
    120_000,
  );

  it.each(LOOKS)('says what is full without such a fault, in $locale', async (look) => {
    await using seen = await browser.newContext({
      ...look,
      storageState: full.state,
      bypassCSP: true,
    });
    const page = await seen.newPage();
    await page.goto(house.url + full.conversation);
    await page.locator('.limit-card .limit-when').waitFor();
    expect(await page.locator('.limit-card .way').count()).toBeGreaterThan(1);
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('leads an operator to the console, and everybody to their usage', async () => {
    const page = await context.newPage();
    await page.goto(house.url);
    await page.locator('.house-links').getByRole('link', { name: 'Console' }).click();
    await page.waitForURL('**/operator');
    await page.goto(house.url);
    await page.locator('.house-links').getByRole('link', { name: 'Usage' }).click();
    const sentence = page.locator('.account-sentence');
    await sentence.waitFor();
    expect(await sentence.textContent()).toContain('1 request since');
    await page.close();
  }, 60_000);

  it('loses no key that is pressed while the application comes', async () => {
    const page = await context.newPage();
    const script = Promise.withResolvers<void>();
    await page.route('**/assets/*.js', async (route) => {
      await script.promise;
      await route.continue();
    });
    await page.goto(house.url, { waitUntil: 'commit' });
    await page.locator('.shell textarea').waitFor();
    await page.keyboard.type('written before');
    script.resolve();
    await page.keyboard.type(' and after', { delay: 60 });
    await page.locator('.composer-bar').waitFor();
    expect(await page.locator('#composer').inputValue()).toBe('written before and after');
    await page.close();
  }, 60_000);

  /** Somebody on the free plan, at the end of their day, who asks once more. */
  async function useUp(): Promise<typeof full> {
    const invited = await postAs(context, house.url, '/invites', { kind: 'customer' });
    const { url } = await invited.json();
    const theirs = await browser.newContext({ locale: 'en-US' });
    const post = async (path: string, data: object) =>
      (await postAs(theirs, house.url, path, data)).json();
    const invite = new URL(url).searchParams.get('invite');
    const person = { name: 'Finn', email: 'finn@example.com', password: 'a long enough password' };
    await post('/sign-up', { invite, ...person });
    const { secret } = await post('/me/keys', { name: 'script' });
    await askOften(house.url, { secret, model: 'sim-fast', times: 40 });
    const { conversation } = await post('/chat/messages', {
      model: 'sim-fast',
      text: 'And now?',
    });
    return { conversation: `/c/${conversation}`, state: await theirs.storageState() };
  }

  /** @returns the path of the link */
  async function share(): Promise<string> {
    const id = conversation.split('/').at(-1);
    const answer = await postAs(context, house.url, `/chat/conversations/${id}/shares`, {});
    const { token } = (await answer.json()) as { token: string };
    return `/share/${token}`;
  }
});
