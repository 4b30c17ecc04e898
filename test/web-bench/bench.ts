import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addMember, type TestMember } from '../chat/chat-client.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { Installation } from '../system/installation.ts';
import { testOffer } from '../system/test-offer.ts';
import { median, quantile, traceFrames } from './frame-trace.ts';
import { initialScriptBytes } from './initial-scripts.ts';
import { longConversation } from './long-conversation.ts';
import { MarkdownSupplier } from './markdown-supplier.ts';

/**
 * How fast the chat is in a real browser whose CPU is four times slower; medians of the rounds.
 *
 *     npm run bench:web -- [--rounds 5] [--tokens 16000] [--only bytes|echo|long|stream|along]
 */
const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    tokens: { type: 'string', default: '16000' },
    only: { type: 'string', default: '' },
  },
});
const ROUNDS = Number(flags.rounds);
const TOKENS = Number(flags.tokens);
const SLOW_DOWN = 4;
const LONG = 5_000;
const ALONG_MS = 30_000;

interface Row {
  readonly what: string;
  readonly bar: string;
  readonly values: readonly number[];
  readonly isMet: (value: number) => boolean;
}

const rows: Row[] = [];
const row = (what: string, bar: string, values: readonly number[], most: number): void => {
  rows.push({ what, bar, values, isMet: (value) => value <= most });
  process.stdout.write(
    `${what}: ${median(values).toFixed(1)} (${bar}) of ${values.map((value) => value.toFixed(1)).join(' ')}\n`,
  );
};
const wants = (name: string): boolean => flags.only === '' || flags.only === name;

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(temporaryDirectory());
  const supplier = stack.use(await MarkdownSupplier.start());
  const installation = stack.use(
    await Installation.start({
      dataDir: join(path, 'data'),
      environment: { BREAKEVEN_WEB: 'build' },
    }),
  );
  await installation.call('POST', '/offer/apply', { document: testOffer(supplier.url) });
  const member = await addMember(installation, { budgetUsd: '1000' });
  const browser = await launchChromium();
  stack.defer(() => browser.close());
  const bench: Bench = { browser, installation, member, supplier };
  if (wants('bytes')) initialBytes();
  if (wants('echo')) await composerEcho(bench);
  if (wants('long')) await longThread(bench);
  if (wants('stream')) await stream(bench);
  if (wants('along')) await readAlong(bench);
  report();
}

interface Bench {
  readonly browser: Browser;
  readonly installation: Installation;
  readonly member: TestMember;
  readonly supplier: MarkdownSupplier;
}

function initialBytes(): void {
  const dist = fileURLToPath(new URL('../../web/dist', import.meta.url));
  row(
    'initial JavaScript of the chat route, KB gzip',
    '≤ 220',
    [initialScriptBytes(dist) / 1024],
    220,
  );
}

async function composerEcho(bench: Bench): Promise<void> {
  const values: number[] = [];
  const applications: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { page, context } = await slowPage(bench);
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 150,
      downloadThroughput: 1_600_000 / 8,
      uploadThroughput: 750_000 / 8,
    });
    // Counted in the page itself: what drives the browser from outside waits for scripts, a person does not.
    await page.addInitScript(`addEventListener('input', () => {
      window.echoedAt ??= new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
    }, true)`);
    await page.goto(bench.installation.url, { waitUntil: 'commit' });
    let keys = 0;
    const live = page.locator('.composer-bar').waitFor();
    const isLive = (): Promise<boolean> =>
      Promise.race([live.then(() => true), page.waitForTimeout(100).then(() => false)]);
    do {
      await page.keyboard.press('x');
      keys += 1;
    } while (!(await isLive()));
    applications.push(await page.evaluate<number>('performance.now()'));
    values.push(await page.evaluate<number>('window.echoedAt'));
    // From the first that the page took on, no key is lost when the application takes over.
    const written = await page.locator('#composer').inputValue();
    process.stdout.write(`  ${written.length} of ${keys} keys, pressed from the first byte on\n`);
    await context.close();
  }
  row('composer echoes a key at 1.6 Mbit/s and 150 ms, cold, ms', '≤ 2,500', values, 2_500);
  row('the application has taken over from it, ms', 'none', applications, Infinity);
}

async function longThread(bench: Bench): Promise<void> {
  const { installation, member, supplier } = bench;
  await longConversation(installation.databaseUrl, member, LONG);
  const opens: number[] = [];
  const nodes: number[] = [];
  const inputs: number[] = [];
  supplier.tokens = 1_200;
  for (let round = 0; round < ROUNDS; round++) {
    const { page, context } = await slowPage(bench);
    await page.goto(installation.url);
    const entry = page.locator('.entry', { hasText: 'Five thousand messages' });
    await entry.waitFor();
    await page.waitForTimeout(500);
    opens.push(
      await page.evaluate<number>(`new Promise((resolve) => {
        const startedAt = performance.now();
        const look = () => {
          if (document.querySelector('.answer .prose')) requestAnimationFrame(() => resolve(performance.now() - startedAt));
          else requestAnimationFrame(look);
        };
        [...document.querySelectorAll('.entry')].find((each) => each.textContent.includes('Five thousand')).click();
        look();
      })`),
    );
    await page.waitForTimeout(500);
    nodes.push(await page.evaluate<number>("document.querySelectorAll('*').length"));
    await page.evaluate(`
      window.inputs = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (entry.interactionId) window.inputs.push(entry.duration);
      }).observe({ type: 'event', durationThreshold: 16, buffered: true });
    `);
    await choose(page, 'talker');
    await page.fill('#composer', 'Go on, please.');
    await page.keyboard.press('Enter');
    await page.locator('.answer[data-status="running"] .prose').waitFor();
    for (const key of 'typing while an answer streams in') {
      await page.keyboard.press(key === ' ' ? 'Space' : key);
      await page.waitForTimeout(60);
    }
    await page.waitForTimeout(300);
    const durations = await page.evaluate<number[]>('window.inputs');
    // Interactions faster than 16 ms are not reported; they count as 16.
    const unreported = Math.max(0, 66 - durations.length);
    const all = [...durations, ...Array.from({ length: unreported }, () => 16)];
    inputs.push(
      quantile(
        all.toSorted((a, b) => a - b),
        0.95,
      ),
    );
    await page.keyboard.press('Escape');
    await page.locator('.answer[data-status="running"]').waitFor({ state: 'detached' });
    await context.close();
  }
  row(`a conversation of ${LONG} messages opens, ms`, '≤ 500', opens, 500);
  row('its DOM nodes', '≤ 3,000', nodes, 3_000);
  row('typing while streaming in it, INP p95, ms', '≤ 100', inputs, 100);
}

async function stream(bench: Bench): Promise<void> {
  const frames: number[] = [];
  const tasks: number[] = [];
  const stops: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { page, context, session } = await longAnswer(bench);
    await page.waitForTimeout(1_000);
    const end = await traceFrames(session);
    await page.waitForTimeout((TOKENS / bench.supplier.tokensPerSecond) * 1000 - 6_000);
    const times = await end();
    frames.push(quantile(times.frames, 0.99));
    tasks.push(times.longestTaskMs);
    shares.push(times.busyShare * 100);
    stops.push(await stopTime(page));
    await context.close();
  }
  row(`${TOKENS} tokens at 200/s, script + layout per frame p99, ms`, '≤ 12', frames, 12);
  row('its longest task, ms', '≤ 50', tasks, 50);
  row('the page is busy meanwhile, % of the time', 'none', shares, Infinity);
  row('Stop acts within, ms', '≤ 100', stops, 100);
}

/** A page in which an answer of so many tokens has begun. */
async function longAnswer(bench: Bench) {
  bench.supplier.tokens = TOKENS;
  const { page, context } = await slowPage(bench);
  await page.goto(bench.installation.url);
  await choose(page, 'talker');
  const session = await bench.browser.newBrowserCDPSession();
  await page.fill('#composer', 'Write a long report with code and tables.');
  await page.keyboard.press('Enter');
  await page.locator('.answer[data-status="running"] .prose').waitFor();
  return { page, context, session };
}

/** The same answer with its end always in sight, as somebody sees it who scrolls along. */
async function readAlong(bench: Bench): Promise<void> {
  const frames: number[] = [];
  const tasks: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { page, context, session } = await longAnswer(bench);
    await page.mouse.move(720, 400);
    await page.waitForTimeout(1_000);
    const end = await traceFrames(session);
    const untilMs = performance.now() + ALONG_MS;
    while (performance.now() < untilMs) {
      await page.mouse.wheel(0, 2_000);
      await page.waitForTimeout(250);
    }
    const times = await end();
    frames.push(quantile(times.frames, 0.99));
    tasks.push(times.longestTaskMs);
    await context.close();
  }
  row('the same, scrolled along for 30 s, per frame p99, ms', 'none', frames, Infinity);
  row('its longest task, ms', 'none', tasks, Infinity);
}

/** From the click until the answer has grown for the last time. */
async function stopTime(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const prose = document.querySelector('.answer .prose');
    const startedAt = performance.now();
    let lastAt = startedAt;
    let length = prose.textContent.length;
    const look = () => {
      const now = performance.now();
      if (prose.textContent.length !== length) { length = prose.textContent.length; lastAt = now; }
      if (now - startedAt < 1500) requestAnimationFrame(look);
      else resolve(lastAt - startedAt);
    };
    document.querySelector('.send-button').click();
    look();
  })`);
}

async function slowPage({
  browser,
  member,
}: Bench): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en',
    extraHTTPHeaders: { authorization: `Bearer ${member.key}` },
  });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_DOWN });
  return { page, context };
}

async function choose(page: Page, model: string): Promise<void> {
  await page.locator('.picker-button', { hasText: /\w/ }).click();
  await page.getByRole('menuitemradio', { name: model }).click();
}

function report(): void {
  const lines = [
    `| what | bar | median of ${ROUNDS} | all |`,
    '|---|---|---|---|',
    ...rows.map(({ what, bar, values, isMet }) => {
      const middle = median(values);
      const all = values.map((value) => value.toFixed(1)).join(', ');
      return `| ${what} | ${bar} | ${middle.toFixed(1)}${isMet(middle) ? '' : ' (missed)'} | ${all} |`;
    }),
  ];
  const head = `${new Date(performance.timeOrigin).toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, CPU slowed ${SLOW_DOWN}×`;
  const directory = fileURLToPath(new URL('../../bench/results', import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'web.md'), `${head}\n\n${lines.join('\n')}\n`);
  process.stdout.write(`\n${head}\n\n${lines.join('\n')}\n`);
}

await main();
