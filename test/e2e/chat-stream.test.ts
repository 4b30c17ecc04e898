import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addMember } from '../chat/chat-client.ts';
import { Installation } from '../system/installation.ts';
import { testOffer } from '../system/test-offer.ts';
import { MarkdownSupplier } from '../web-bench/markdown-supplier.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';

const BURST = 2_000;
const TOKENS = 4_000;
const COLOURED = '.code-block .line > span[style]';

describe.skipIf(CHROMIUM === undefined)('a long answer that comes fast', () => {
  const stack = new AsyncDisposableStack();
  let page: Page;

  beforeAll(async () => {
    const { path } = stack.use(temporaryDirectory());
    const supplier = stack.use(await MarkdownSupplier.start());
    Object.assign(supplier, { tokens: TOKENS, burst: BURST });
    const installation = stack.use(
      await Installation.start({
        dataDir: join(path, 'data'),
        environment: { BREAKEVEN_WEB: 'build' },
      }),
    );
    await installation.call('POST', '/offer/apply', { document: testOffer(supplier.url) });
    const { key } = await addMember(installation, { budgetUsd: '1000' });
    const browser = await launchChromium();
    stack.defer(() => browser.close());
    const context = await browser.newContext({
      locale: 'en',
      extraHTTPHeaders: { authorization: `Bearer ${key}` },
    });
    page = await context.newPage();
    await page.goto(installation.url);
    await page.locator('.picker-button', { hasText: /\w/ }).click();
    await page.getByRole('menuitemradio', { name: 'talker' }).click();
    await page.fill('#composer', 'Write a long report with code and tables.');
    await page.keyboard.press('Enter');
    await page.locator('.prose-section').nth(2).waitFor({ state: 'attached' });
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  it('changes nothing but its end, and leaves alone what the reader has selected', async () => {
    const seen = await page.evaluate<{ readonly selected: string; readonly elsewhere: string[] }>(
      `new Promise((resolve) => {
        const answer = document.querySelector('.answer');
        getSelection().selectAllChildren(answer.querySelector('.prose p'));
        const elsewhere = [];
        const isColour = (target) => target.parentElement?.closest('.code-block') ?? false;
        const sections = () => [...answer.querySelectorAll('.prose-section')];
        let whole = sections().slice(0, -1);
        new MutationObserver((changes) => {
          for (const { target } of changes)
            if (!answer.querySelector('.prose').contains(target) ||
                (whole.some((each) => each.contains(target)) && !isColour(target)))
              elsewhere.push(target.parentElement?.className + ' > ' + target.nodeName);
          whole = sections().slice(0, -1);
        }).observe(answer, { subtree: true, childList: true, characterData: true, attributes: true });
        setTimeout(() => resolve({ selected: getSelection().toString(), elsewhere }), 1500);
      })`,
    );
    expect(await page.locator('.answer').getAttribute('data-status')).toBe('running');
    expect(seen.selected).toContain('A plan floats while what it earns');
    expect(seen.elsewhere).toEqual([]);
  });

  it('colours code where it is seen', async () => {
    await page.locator('.answer[data-status="complete"]').waitFor({ timeout: 30_000 });
    await page.locator(COLOURED).first().waitFor({ state: 'attached' });
    // The very last may have no end, where the answer has none.
    const late = page.locator('.code-block').nth(-2);
    expect(await late.locator('.line').count()).toBe(0);
    await page.evaluate("[...document.querySelectorAll('.code-block')].at(-2).scrollIntoView()");
    await late.locator('.line > span[style]').first().waitFor();
    expect(await late.locator('code').textContent()).toMatch(/export function quote\(/);
  }, 60_000);

  it('is drawn whole, each word once', async () => {
    const numbers = await page.locator('.prose h2').allTextContents();
    expect(numbers.map((text) => Number(text.replace('Section ', '')))).toEqual(
      numbers.map((_, at) => at + 1),
    );
    const length = await page.evaluate<number>(
      "document.querySelector('.answer .prose').textContent.length",
    );
    // What is not drawn of the markdown is its signs: a quarter of this text.
    expect(length / (TOKENS * 4)).toBeGreaterThan(0.7);
    expect(length).toBeLessThan(TOKENS * 4);
  });

  it('opens by parts at its end, where the reader stays until something is looked for', async () => {
    // Code that is coloured has its lines as elements.
    const words = async () =>
      (await page.locator('.answer .prose').textContent())?.replaceAll(/\s+/g, '');
    const whole = await words();
    await page.reload();
    await page
      .locator('.answer .prose:not([aria-busy]) .prose-section')
      .nth(2)
      .waitFor({ state: 'attached' });
    expect(await words()).toBe(whole);
    const below = () =>
      page.evaluate<number>(
        `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)
          (document.querySelector('.thread'))`,
      );
    await expect.poll(below).toBeLessThan(40);
    // Nothing comes any more that the view would have to follow.
    await page.waitForTimeout(1_000);
    const heading = page.locator('.prose h2', { hasText: /^Section 2$/ });
    const isLaidOut = () =>
      heading.evaluate((node) => node.checkVisibility({ contentVisibilityAuto: true }));
    expect(await isLaidOut()).toBe(false);
    // The browser's own search finds it all the same; without a window it selects, and does not scroll.
    const isFound = await page.evaluate<boolean>(
      `document.activeElement.blur(), getSelection().removeAllRanges(), find('Section 2', true)`,
    );
    expect(isFound).toBe(true);
    await expect.poll(isLaidOut).toBe(true);
    await page.evaluate('getSelection().anchorNode.parentElement.scrollIntoView()');
    const topOf = () => heading.evaluate((node) => node.getBoundingClientRect().top);
    await expect.poll(topOf).toBeGreaterThan(0);
    await page.waitForTimeout(1_000);
    expect(await topOf()).toBeGreaterThan(0);
    expect(await below()).toBeGreaterThan(1_000);
  }, 60_000);
});
