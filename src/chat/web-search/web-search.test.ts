import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { brave } from './brave.ts';
import { pageText } from './page-text.ts';
import { searxng } from './searxng.ts';
import type { SearchEntry } from '../generator.ts';
import { WebSearch, withFindings } from './web-search.ts';

const reach = (url: URL, options: object): Promise<Response> => fetch(url, options);

async function engine(
  answer: (url: URL, headers: Readonly<Record<string, unknown>>) => object | number,
): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const result = answer(new URL(request.url ?? '', 'http://engine'), request.headers);
    if (typeof result === 'number') response.writeHead(result).end('no');
    else
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

const options = { count: 3, signal: AbortSignal.timeout(5_000) };

describe('a search engine', () => {
  it('is SearXNG, by its JSON', async () => {
    await using searx = await engine((url) => ({
      results: [
        { url: 'https://a.example/1', title: 'One', content: 'first <b>hit</b>' },
        { url: 'javascript:alert(1)', title: 'Bad' },
        { url: 'https://b.example/', title: '', content: String(url.searchParams.get('q')) },
      ],
    }));
    expect(await searxng({ url: searx.url, fetch: reach }).search('why & how', options)).toEqual([
      { url: 'https://a.example/1', title: 'One', snippet: 'first hit' },
      { url: 'https://b.example/', title: 'b.example', snippet: 'why & how' },
    ]);
  });

  it('is Brave, by its key', async () => {
    await using api = await engine((_url, headers) =>
      headers['x-subscription-token'] === 'k'
        ? { web: { results: [{ url: 'https://a.example/', title: 'A', description: 'd' }] } }
        : 401,
    );
    const by = (key: string) => brave({ key, url: api.url, fetch: reach }).search('q', options);
    expect(await by('k')).toEqual([{ url: 'https://a.example/', title: 'A', snippet: 'd' }]);
    await expect(by('x')).rejects.toMatchObject({ code: 'upstream_error' });
  });
});

describe('a search for an answer', () => {
  const search = (results: number | 'fails'): WebSearch =>
    new WebSearch({
      provider: {
        name: 'test',
        search: () =>
          results === 'fails'
            ? Promise.reject(new Error('down'))
            : Promise.resolve(
                Array.from({ length: results }, (_, at) => ({
                  url: `https://example.com/${at}`,
                  title: `Page ${at}`,
                  snippet: 'a snippet',
                })),
              ),
      },
      priceNanoUsd: nanoUsd(5_000_000),
      readPage: (url) =>
        url.endsWith('/1')
          ? Promise.reject(new Error('private'))
          : Promise.resolve({ url, contentType: 'text/html', body: `<p>The text of ${url}</p>` }),
    });
  const bodyWith = (web: WebSearch): Buffer =>
    Buffer.from(
      JSON.stringify({ messages: [{ role: 'system', content: `Hi\n${web.placeholder()}` }] }),
    );

  it('says what it found, costs its price, and puts the findings where room was left', async () => {
    const web = search(2);
    const said: SearchEntry[] = [];
    const body = bodyWith(web);
    const errand = web.errand({ body, query: ' what  is it ', say: (entry) => said.push(entry) });
    const { body: sent, bought } = await errand.run();
    expect(said.map(({ type }) => type)).toEqual(['search', 'source', 'source']);
    expect(said[0]).toMatchObject({ query: 'what is it', results: 2 });
    expect(bought).toMatchObject([{ supplier: 'test', costNanoUsd: 5_000_000 }]);
    const text = (JSON.parse(sent.toString()) as { messages: { content: string }[] }).messages[0]
      ?.content;
    expect(text).toContain('[1] Page 0\nhttps://example.com/0\nThe text of https://example.com/0');
    expect(text).toContain('[2] Page 1\nhttps://example.com/1\na snippet');
    expect(sent.length).toBeLessThanOrEqual(body.length);
    expect(errand.sources()).toBe(2);
  });

  it('that fails costs nothing, and the model is asked all the same', async () => {
    const web = search('fails');
    const errand = web.errand({ body: bodyWith(web), query: 'q', say: () => undefined });
    const { bought, body } = await errand.run();
    expect(bought).toEqual([]);
    expect(body.toString()).toContain('found nothing');
  });

  it('never makes the request longer than was quoted, whatever was found', () => {
    const web = search(0);
    const body = bodyWith(web);
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 1, max: 400 }),
        (text, times) => {
          const sent = withFindings(body, text.repeat(times));
          expect(sent.length).toBeLessThanOrEqual(body.length);
          JSON.parse(sent.toString());
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the text of a page', () => {
  it('is what people read', () => {
    const html =
      '<html><head><style>p{}</style><script>evil("<p>")</script></head><body><nav>Menu</nav><h1>A &amp; B</h1><p>One<br>two&nbsp;&#8212; <b>three</b></p><!-- no --><footer>©</footer></body></html>';
    expect(pageText(html, 1000)).toBe('A & B\nOne\ntwo — three');
  });
});
