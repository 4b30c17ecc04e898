import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, type WebHouse, webHouse } from '../web/house.ts';
import { askOften, postAs } from './calls.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';

/** So many messages to standard models a free plan has before fast ones answer. */
const STANDARD_MESSAGES = 10;

/** What the composer sends and when, and which model it says has answered. */
describe.skipIf(CHROMIUM === undefined)('a message in the browser', () => {
  const stack = new AsyncDisposableStack();
  let house: WebHouse;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({ locale: 'en-US' });
    await post('/setup', { token: new URL(house.setUp).searchParams.get('token'), ...OWNER });
    page = await context.newPage();
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it('that Enter sends while a file is on its way leaves when the file is there', async () => {
    const upload = await heldUpload();
    await compose('What does it say?');
    await page.keyboard.press('Enter');
    await page.locator('.composer-queued').waitFor();
    expect(await page.locator('.question').count()).toBe(0);
    upload.resolve(undefined);
    await page.locator('.question .file-chip', { hasText: 'notes.md' }).waitFor();
    expect(await page.locator('.question-text').textContent()).toBe('What does it say?');
    expect(await page.locator('.question').count()).toBe(1);
    await page.locator('.answer[data-status="complete"]').waitFor();
  }, 60_000);

  it('waits for its writer who writes on, and is not sent without a file that failed', async () => {
    const upload = await heldUpload();
    await compose('First thought');
    await page.keyboard.press('Enter');
    await page.locator('.composer-queued').waitFor();
    await page.keyboard.type(', and a second');
    await page.locator('.composer-queued').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.locator('.composer-queued').waitFor();
    upload.reject(new Error('the wire is cut'));
    await page.locator('.composer-error').waitFor();
    expect(await page.locator('#composer').inputValue()).toBe('First thought, and a second');
    expect(await page.locator('.question').count()).toBe(0);
  }, 60_000);

  it('says, and goes on saying, why another model answered than was asked for', async () => {
    const { secret } = await post('/me/keys', { name: 'script' });
    await askOften(house.url, { secret, model: 'sim-standard', times: STANDARD_MESSAGES });
    await page.goto(house.url);
    await page.locator('.picker-button', { hasText: 'Standard' }).waitFor();
    await page.fill('#composer', 'And now?');
    await page.keyboard.press('Enter');
    const note = page.locator('.answer .note');
    const said =
      /^\s*Answered by Fast \(simulated\), because “Standard messages in 5 h” was full\.$/;
    await page.locator('.answer[data-status="complete"] .answer-line span').first().waitFor();
    expect(await note.textContent()).toMatch(said);
    await page.reload();
    await note.waitFor();
    expect(await note.textContent()).toMatch(said);
    expect(await page.locator('.answer-line').textContent()).toContain('Fast (simulated)');
  }, 60_000);

  async function compose(text: string): Promise<void> {
    await page.goto(house.url);
    await page.locator('.picker-button', { hasText: /\w/ }).waitFor();
    await page.setInputFiles('.composer input[type=file]', {
      name: 'notes.md',
      mimeType: 'text/markdown',
      buffer: Buffer.from('# Notes'),
    });
    await page.locator('.file-chip[aria-busy="true"]').waitFor();
    await page.fill('#composer', text);
    await page.focus('#composer');
  }

  /** The next file travels until this is resolved, or is lost where it is rejected. */
  async function heldUpload(): Promise<PromiseWithResolvers<unknown>> {
    const upload = Promise.withResolvers<unknown>();
    await page.unrouteAll();
    await page.route('**/api/chat/attachments?*', (route) =>
      upload.promise.then(
        () => route.continue(),
        () => route.abort(),
      ),
    );
    return upload;
  }

  const post = async (path: string, data: object) =>
    (await postAs(context, house.url, path, data)).json();
});
