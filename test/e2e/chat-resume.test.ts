import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#base/random.ts';
import type { Message } from '#chat/conversation.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addMember, ChatClient, type TestMember } from '../chat/chat-client.ts';
import { Installation } from '../system/installation.ts';
import { testOffer } from '../system/test-offer.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { CountingSupplier } from './counting-supplier.ts';
import { CuttingProxy } from './cutting-proxy.ts';

/**
 * Answers that are torn at: reloads, closed tabs, cut wires, and kills of the server, in a real browser.
 * The long run: `BREAKEVEN_E2E_CUTS=300 BREAKEVEN_E2E_KILLS=30 npx vitest run test/e2e/chat-resume.test.ts`
 */
const CUTS = Number(process.env['BREAKEVEN_E2E_CUTS'] ?? 8);
const KILLS = Number(process.env['BREAKEVEN_E2E_KILLS'] ?? 1);
const SEED = Number(process.env['BREAKEVEN_E2E_SEED'] ?? 7);
const GRANTED_USD = 1000;

describe.skipIf(CHROMIUM === undefined)(`an answer in the browser, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  const stack = new AsyncDisposableStack();
  let installation: Installation;
  let supplier: CountingSupplier;
  let proxy: CuttingProxy;
  let browser: Browser;
  let member: TestMember;
  let client: ChatClient;

  beforeAll(async () => {
    const { path } = stack.use(temporaryDirectory());
    supplier = stack.use(
      await CountingSupplier.start({ words: 300, wordMs: () => 2 + random.below(6) }),
    );
    installation = stack.use(
      await Installation.start({
        dataDir: join(path, 'data'),
        environment: { BREAKEVEN_WEB: 'build' },
      }),
    );
    await installation.call('POST', '/offer/apply', { document: testOffer(supplier.url) });
    proxy = stack.use(await CuttingProxy.start(() => Number(new URL(installation.url).port)));
    browser = await launchChromium();
    stack.defer(() => browser.close());
    member = await addMember(installation, { budgetUsd: String(GRANTED_USD) });
    client = new ChatClient(() => installation.url, member.key);
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it(
    `is whole after ${CUTS} reloads, closed tabs and cut wires`,
    async () => {
      let cuts = 0;
      const tally = { reload: 0, tab: 0, wire: 0 };
      const context = await newContext();
      while (cuts < CUTS) {
        let page = await ask(context);
        const address = page.url();
        while (cuts < CUTS && !(await isOver(page))) {
          await sleep(20 + random.below(250));
          cuts += 1;
          const how = (['reload', 'tab', 'wire'] as const)[random.below(3)] ?? 'wire';
          tally[how] += 1;
          if (how === 'reload') await page.reload();
          else if (how === 'tab') {
            await page.close();
            await sleep(random.below(300));
            page = await context.newPage();
            await page.goto(address);
          } else {
            proxy.cut();
            await sleep(random.below(400));
            proxy.mend();
          }
        }
        await page.waitForSelector('.answer[data-status="complete"]', { timeout: 60_000 });
        expect(await shownText(page)).toBe(supplier.text);
        const answer = await recorded(address);
        expect(textOf(answer)).toBe(supplier.text);
        expect(answer.takings.map(({ outputTokens }) => outputTokens)).toEqual([300]);
        await page.close();
      }
      expect(tally.reload + tally.tab + tally.wire).toBe(CUTS);
      await expectBilledAsRecorded();
    },
    60_000 + CUTS * 4_000,
  );

  it(
    `keeps what came through ${KILLS} kills of the server, and goes on from there`,
    async () => {
      const context = await newContext();
      let kills = 0;
      let interrupted = 0;
      while (kills < KILLS) {
        const page = await ask(context);
        const address = page.url();
        while (kills < KILLS) {
          await sleep(100 + random.below(900));
          if (await isOver(page)) break;
          const before = await shownText(page);
          kills += 1;
          await installation.kill();
          await installation.start();
          await page.waitForSelector('.answer:not([data-status="running"])', { timeout: 60_000 });
          const text = await shownText(page);
          expect(supplier.text.startsWith(text)).toBe(true);
          expect(text.startsWith(before)).toBe(true);
          const answer = await recorded(address);
          // A space at the end shows as nothing, and is kept.
          expect(textOf(answer).trimEnd()).toBe(text);
          // The last word may have come just before the kill.
          if (answer.status === 'complete') break;
          interrupted += 1;
          expect(answer.status).toBe('interrupted');
          await page.click('.unfinished button');
          await page.waitForSelector('.answer[data-status="running"]');
        }
        await page.waitForSelector('.answer[data-status="complete"]', { timeout: 60_000 });
        expect(await shownText(page)).toBe(supplier.text);
        expect(textOf(await recorded(address))).toBe(supplier.text);
        await page.close();
      }
      expect(interrupted).toBeGreaterThan(KILLS / 2);
      await expectBilledAsRecorded();
    },
    120_000 + KILLS * 20_000,
  );

  function newContext(): Promise<BrowserContext> {
    return browser.newContext({
      baseURL: proxy.url,
      locale: 'en',
      extraHTTPHeaders: { authorization: `Bearer ${member.key}` },
    });
  }

  /** Asks a question as a person does. @returns the page, once its conversation has an address */
  async function ask(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();

    await page.goto('/');
    await page.locator('.picker-button', { hasText: /\w/ }).waitFor();
    await page.locator('.picker-button').click();
    await page.getByRole('menuitemradio', { name: 'talker' }).click();
    await page.fill('#composer', 'Count, please.');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/c\//);
    await page.locator('.prose', { hasText: /0001/ }).waitFor();
    return page;
  }

  async function isOver(page: Page): Promise<boolean> {
    return (await page.locator('.answer[data-status="complete"]').count()) > 0;
  }

  async function shownText(page: Page): Promise<string> {
    return (await page.locator('.answer .prose').last().textContent())?.trim() ?? '';
  }

  async function recorded(address: string): Promise<Message> {
    const { messages } = await client.open(new URL(address).pathname.slice(3));
    const answer = messages.find(({ role }) => role === 'assistant');
    if (!answer) throw new Error('the answer is not recorded');
    return answer;
  }

  /** All charges that stand below answers, and the credits that are gone: the same to the nano-dollar. */
  async function expectBilledAsRecorded(): Promise<void> {
    const { conversations } = await client.call<{ conversations: { id: string }[] }>(
      'GET',
      '/chat/conversations?limit=200',
    );
    let charged = 0;
    for (const { id } of conversations) {
      const { messages } = await client.open(id);
      for (const { takings } of messages)
        for (const { chargeNanoUsd } of takings) charged += chargeNanoUsd;
    }
    const { remainingNanoUsd } = await client.call<{ remainingNanoUsd: number }>(
      'GET',
      '/chat/limits',
    );
    expect(GRANTED_USD * 1_000_000_000 - remainingNanoUsd).toBe(charged);
    expect(charged).toBeGreaterThan(0);
  }
});

function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
