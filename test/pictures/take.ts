import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { ControlClient } from '#src/cli/control-client.ts';
import { readConfig } from '#src/config.ts';
import type { Session } from '#http/shapes/session.ts';
import { startBreakeven } from '#src/main.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { OWNER } from '../web/house.ts';
import { ANSWER, QUESTION, shownOffer } from './shown-answer.ts';

/**
 * Takes the pictures of `docs/pictures` from a service of its own, with the demo loaded:
 *
 *     npm run pictures
 */
const OUT = fileURLToPath(new URL('../../docs/pictures', import.meta.url));
const DEMO = { subscribers: 500, days: 30, seed: 1 };
/** For a first screen of the desk; more where more is in sight. */
const BYTES_MAX = 200 * 1024;
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

interface Picture {
  readonly name: string;
  readonly path: string;
  /** What is there when the page has come. */
  readonly ready: string;
  readonly isDark?: boolean;
  readonly isPhone?: boolean;
  /** Pixels, where the first screen does not hold what it is about. */
  readonly height?: number;
}

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(temporaryDirectory());
  const model = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = (more: object): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'sea-glass', ...more })}\n\n`;
    const words = { index: 0, delta: { content: ANSWER }, finish_reason: 'stop' };
    const usage = { prompt_tokens: 412, completion_tokens: 318, total_tokens: 730 };
    response.end(`${chunk({ choices: [words] })}${chunk({ choices: [], usage })}data: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => {
    model.listen(0, '127.0.0.1', resolve);
  });
  stack.defer(() => void model.close());
  const running = await startBreakeven(
    readConfig({ PORT: '0', DATA_DIR: directory.path, BREAKEVEN_LOG_LEVEL: 'warn' }),
  );
  stack.defer(() => running.stop());
  const { url, setUp = '' } = running.where;
  await using door = new ControlClient(directory.path);
  const { port } = model.address() as AddressInfo;
  await door.call('POST', '/offer/apply', { document: shownOffer(`http://127.0.0.1:${port}`) });
  const browser = await launchChromium();
  stack.defer(() => browser.close());
  const owner = await browser.newContext();
  const call = caller(owner, url);
  await call('/setup', { token: new URL(setUp).searchParams.get('token'), ...OWNER });
  process.stdout.write('Loading the demo …\n');
  await call('/demo', DEMO);
  const { customer } = await session(owner, url);
  if (!customer) throw new Error('the owner has no account');
  await door.call('POST', `/customers/${customer.id}/plan`, { plan: 'plus' });
  const conversation = await ask(owner, url);
  const state = await owner.storageState();
  const worst = await worstOf(owner, url);
  process.stdout.write('Looking for a change of Pro …\n');
  await call('/lab/recommend', { book: 'demo', plan: 'pro' });
  const fix = await lastResult(owner, url);
  mkdirSync(OUT, { recursive: true });
  const pictures: readonly Picture[] = [
    { name: 'overview', path: '/operator?book=demo', ready: '.alarms' },
    { name: 'overview-dark', path: '/operator?book=demo', ready: '.alarms', isDark: true },
    { name: 'overview-phone', path: '/operator?book=demo', ready: '.alarms', isPhone: true },
    { name: 'plan', path: '/operator/plans/pro?book=demo', ready: '.curve-figure svg' },
    { name: 'customer', path: `/operator/customers/${worst}?book=demo`, ready: '.tab-panel svg' },
    {
      name: 'lab',
      path: `/operator/lab/${fix}?book=demo`,
      ready: '.lab-figures',
      height: 1620,
    },
    { name: 'chat', path: `/c/${conversation}`, ready: '.line span[style]' },
    { name: 'chat-dark', path: `/c/${conversation}`, ready: '.line span[style]', isDark: true },
    { name: 'chat-phone', path: `/c/${conversation}`, ready: '.line span[style]', isPhone: true },
    { name: 'usage', path: '/usage', ready: '.table' },
    { name: 'plans', path: '/plans', ready: 'h2' },
  ];
  for (const picture of pictures) await take(browser, { url, state, picture });
}

async function take(
  browser: Browser,
  shot: {
    readonly url: string;
    readonly state: Awaited<ReturnType<BrowserContext['storageState']>>;
    readonly picture: Picture;
  },
): Promise<void> {
  const { name, path, ready, isDark = false, isPhone = false, height } = shot.picture;
  await using context = await browser.newContext({
    viewport: { ...(isPhone ? PHONE : DESK), ...(height && { height }) },
    colorScheme: isDark ? 'dark' : 'light',
    locale: 'en-US',
    storageState: shot.state,
  });
  const page = await context.newPage();
  await page.goto(shot.url + path);
  await page.locator(ready).first().waitFor();
  await settle(page);
  const picture = await page.screenshot();
  if (picture.length > BYTES_MAX * ((height ?? DESK.height) / DESK.height))
    throw new Error(`${name} has ${picture.length} bytes`);
  writeFileSync(join(OUT, `${name}.png`), picture);
  process.stdout.write(`${name}.png, ${Math.round(picture.length / 1024)} KB\n`);
}

/** Nothing is loading, and fonts have come. */
async function settle(page: Page): Promise<void> {
  // Not a function of the page's: its content security policy lets none be made from a text.
  await page.locator('.loading').first().waitFor({ state: 'detached', timeout: 180_000 });
  await page.evaluate('document.fonts.ready');
  await page.waitForTimeout(600);
}

/** Asks the pictured question in a page, as a person does. @returns the conversation's id */
async function ask(owner: BrowserContext, url: string): Promise<string> {
  const page = await owner.newPage();
  await page.goto(url);
  await page.locator('.picker-button', { hasText: /\w/ }).click();
  await page.getByRole('menuitemradio', { name: 'Sea Glass' }).click();
  await page.fill('#composer', QUESTION);
  await page.keyboard.press('Enter');
  await page.locator('.answer .answer-line span').first().waitFor();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await page.close();
  return id;
}

async function session(owner: BrowserContext, url: string): Promise<Session> {
  return (await owner.request.get(`${url}/api/session`)).json() as Promise<Session>;
}

function caller(owner: BrowserContext, url: string) {
  return async (path: string, data: object): Promise<void> => {
    const csrf = (await session(owner, url)).csrf ?? '';
    const answer = await owner.request.post(`${url}/api${path}`, {
      headers: { 'x-csrf-token': csrf, origin: url },
      data,
      timeout: 600_000,
    });
    if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
  };
}

async function lastResult(owner: BrowserContext, url: string): Promise<string> {
  const heads = await (await owner.request.get(`${url}/api/lab/results?limit=1`)).json();
  return (heads as readonly { readonly id: string }[])[0]?.id ?? '';
}

async function worstOf(owner: BrowserContext, url: string): Promise<string> {
  const path = '/api/console/plans/pro/subscribers?book=demo&sort=margin&limit=1';
  const { rows } = (await (await owner.request.get(url + path)).json()) as {
    rows: readonly { readonly customerId: string }[];
  };
  return rows[0]?.customerId ?? '';
}

await main();
