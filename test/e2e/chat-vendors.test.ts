import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addMember, ChatClient } from '../chat/chat-client.ts';
import { Installation } from '../system/installation.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';
import { VENDOR_STREAMS } from './vendor-streams.ts';

/** Each vendor's documented stream, through the gateway, into the page. */
describe.skipIf(CHROMIUM === undefined)('the stream of', () => {
  const stack = new AsyncDisposableStack();
  let installation: Installation;
  let client: ChatClient;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { path } = stack.use(temporaryDirectory());
    const server = await serveStreams();
    stack.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    installation = stack.use(
      await Installation.start({
        dataDir: join(path, 'data'),
        environment: { BREAKEVEN_WEB: 'build' },
      }),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await installation.call('POST', '/offer/apply', { document: offer(url) });
    for (const at of VENDOR_STREAMS.keys())
      await installation.call('POST', `/suppliers/v${at}/key`, { key: 'sk-test' });
    const { key } = await addMember(installation);
    client = new ChatClient(() => installation.url, key);
    browser = await launchChromium();
    stack.defer(() => browser.close());
    const context = await browser.newContext({
      baseURL: installation.url,
      locale: 'en',
      extraHTTPHeaders: { authorization: `Bearer ${key}` },
    });
    page = await context.newPage();
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it.each(VENDOR_STREAMS.map((stream, at) => ({ ...stream, at })))(
    '$vendor is drawn whole ($source)',
    async ({ text, reasoning, sources, at }) => {
      const begun = await client.send('Go', { model: `model-${at}` });
      const { entries } = await client.follow(begun.generation);
      expect(entries.at(-1)).toMatchObject({ type: 'end', status: 'complete' });
      await page.goto(`/c/${begun.conversation}`);
      await page.locator('.answer .prose').waitFor();
      expect((await page.locator('.answer .prose').textContent())?.trim()).toBe(text.trim());
      const thoughts = page.locator('.reasoning-text');
      expect(await thoughts.allTextContents()).toEqual(reasoning === undefined ? [] : [reasoning]);
      // Folded until somebody wants to read it.
      const shown = await thoughts.evaluateAll((nodes) =>
        nodes.map((node) => node.checkVisibility()),
      );
      expect(shown).not.toContain(true);
      const links = await page
        .locator('.sources a')
        .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('href')));
      expect(links).toEqual(sources ?? []);
      const marks = page.locator('.prose .cite a');
      expect(await marks.count()).toBe(sources === undefined ? 0 : sources.length);
      if (sources === undefined) return;
      // A number opens its source, and names it while it is focused; its sentence is marked meanwhile.
      expect(await marks.first().getAttribute('href')).toBe(sources[0]);
      await marks.first().focus();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Tab');
      const card = await page.evaluate<string>(
        "getComputedStyle(document.querySelector('.cite a'), '::after').content",
      );
      const marked = await page.evaluate<string>(
        "[...(CSS.highlights.get('cited') ?? [])].map(String).join('')",
      );
      expect(card).toContain('science.nasa.gov');
      expect(marked).toBe('The James Webb telescope ');
    },
  );
});

/** `/3/chat/completions` answers with the third stream, whatever is asked. */
async function serveStreams(): Promise<Server> {
  const server = createServer((request, response) => {
    const at = Number(/^\/(\d+)/.exec(request.url ?? '')?.[1]);
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const { event, data } of VENDOR_STREAMS[at]?.events ?? []) {
      if (event !== undefined) response.write(`event: ${event}\n`);
      response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    }
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function offer(url: string): string {
  const each = <Value>(make: (at: number, protocol: string) => Value): Value[] =>
    VENDOR_STREAMS.map(({ protocol }, at) => make(at, protocol));
  return stringify({
    breakeven: 1,
    suppliers: Object.fromEntries(
      each((at, protocol) => [
        `v${at}`,
        { name: `Vendor ${at}`, protocol, url: `${url}/${at}`, key: true },
      ]),
    ),
    models: Object.fromEntries(
      each((at) => [
        `model-${at}`,
        {
          class: 'standard',
          context: 128_000,
          output: 8_192,
          p99: 200,
          routes: [{ supplier: `v${at}`, model: 'm' }],
        },
      ]),
    ),
    prices: Object.fromEntries(
      each((at) => [
        `v${at}`,
        {
          source: 'made up for the tests',
          effective: '2026-01-01',
          models: { m: { input: '$1', output: '$10' } },
        },
      ]),
    ),
    plans: {
      wallet: {
        price: '$0',
        classes: { standard: 1 },
        billing: 'metered',
        tariff: 'cost',
        gates: [
          {
            id: 'exposure',
            limit: '$1,000,000 of cost',
            window: 'billing period',
            'when full': 'refuse',
          },
        ],
      },
    },
  });
}
