import { createServer, type RequestListener, type Server } from 'node:http';
import { isIP, type AddressInfo, type LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PageFetcher } from './page-fetcher.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(handler: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, resolve);
  });
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A resolver of made-up names; each look-up takes the next of a name's addresses. */
function resolver(names: Readonly<Record<string, readonly string[]>>): LookupFunction {
  const asked = new Map<string, number>();
  return (hostname, _options, done) => {
    const addresses = names[hostname] ?? [];
    const at = asked.get(hostname) ?? 0;
    asked.set(hostname, at + 1);
    const address = addresses[Math.min(at, addresses.length - 1)];
    if (address === undefined) done(new Error('no such name'), []);
    else done(null, [{ address, family: isIP(address) }]);
  };
}

function fetcher(options: ConstructorParameters<typeof PageFetcher>[0]): PageFetcher {
  const made = new PageFetcher({ timeoutMs: 1_000, ...options });
  open.push(() => made.close());
  return made;
}

const PAGE: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<p>héllo</p>');
};

describe('a page of an allowed address', () => {
  it('is read, through redirects', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(301, { location: '/new' }).end();
      else PAGE(request, response);
    });
    const pages = fetcher({
      lookup: resolver({ 'site.test': ['127.0.0.1'] }),
      isAllowed: (address) => address === '127.0.0.1' || address === 'site.test',
    });
    const page = await pages.read(`http://site.test:${port}/old`);
    expect(page).toMatchObject({ url: `http://site.test:${port}/new`, body: '<p>héllo</p>' });
  });

  it('is cut where it is too long, and given up where it is too slow or no text', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/long')
        response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(10_000));
      else if (request.url === '/slow')
        response.writeHead(200, { 'content-type': 'text/plain' }).write('x');
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.writeHead(200, { 'content-type': 'image/png' }).end('png');
    });
    const pages = fetcher({ isAllowed: () => true, bytesMax: 100, timeoutMs: 400 });
    const base = `http://127.0.0.1:${port}`;
    expect((await pages.read(`${base}/long`)).body).toHaveLength(100);
    await expect(pages.read(`${base}/slow`)).rejects.toMatchObject({ code: 'upstream_timeout' });
    await expect(pages.read(`${base}/loop`)).rejects.toMatchObject({ code: 'upstream_error' });
    await expect(pages.read(`${base}/png`)).rejects.toMatchObject({ code: 'upstream_error' });
  });
});

describe('a page of any other address', () => {
  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
    'http://example.com:22/',
    'http://user:pass@example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'javascript:alert(1)',
  ])('is not read: %s', async (url) => {
    let hits = 0;
    await serve(() => (hits += 1));
    await expect(fetcher({}).read(url)).rejects.toMatchObject({ code: 'forbidden' });
    expect(hits).toBe(0);
  });

  it('is not read where a name leads there', async () => {
    const pages = fetcher({
      lookup: resolver({ 'evil.test': ['127.0.0.1'], 'meta.test': ['169.254.169.254'] }),
    });
    await expect(pages.read('http://evil.test/')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(pages.read('http://meta.test/')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('is not read where one of a name’s addresses is private', async () => {
    const pages = fetcher({
      lookup: (_hostname, _options, done) =>
        done(null, [
          { address: '8.8.8.8', family: 4 },
          { address: '10.0.0.1', family: 4 },
        ]),
    });
    await expect(pages.read('http://mixed.test/')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('is not read where a redirect leads there, whatever its form', async () => {
    for (const location of [
      'http://127.0.0.1:1/',
      'http://inner.test/',
      'http://[::1]/',
      'file:///etc/passwd',
      '//169.254.169.254/',
    ]) {
      const { port } = await serve((_request, response) => {
        response.writeHead(302, { location }).end();
      });
      const pages = fetcher({
        lookup: resolver({ 'outer.test': ['127.0.0.2'], 'inner.test': ['127.0.0.1'] }),
        isAllowed: (address) => address === '127.0.0.2' || address === 'outer.test',
      });
      // The test's own outer page is reached by a name whose address is allowed.
      const target = `http://outer.test:${port}/`;
      await expect(pages.read(target)).rejects.toMatchObject({
        code: expect.stringMatching(/^(forbidden|upstream_error)$/) as string,
      });
    }
  });

  it('is not read where a name changes its address between two looks', async () => {
    let hits = 0;
    const { port } = await serve((request, response) => {
      hits += 1;
      if (request.url === '/first') response.writeHead(302, { location: '/second' }).end();
      else PAGE(request, response);
      request.socket.end();
    });
    const pages = fetcher({
      lookup: resolver({ 'rebind.test': ['127.0.0.1', '127.0.0.3'] }),
      isAllowed: (address) => address === '127.0.0.1' || address === 'rebind.test',
    });
    const read = pages.read(`http://rebind.test:${port}/first`);
    // Either the first connection served both, or the second look-up was refused: never the other address.
    const code = await read.then(
      () => 'read',
      (error: unknown) => (error as { code: string }).code,
    );
    expect(['read', 'forbidden']).toContain(code);
    expect(hits).toBeLessThanOrEqual(2);
  });
});
