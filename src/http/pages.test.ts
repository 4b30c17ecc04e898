import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRandom as random } from '#base/random.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { Pages } from './pages.ts';

const directory = temporaryDirectory();
const script = `export const sea = '${'green '.repeat(400)}';`;
let server: Server;
let url = '';

async function serve(pages: Pages): Promise<Server> {
  const made = createServer((request, response) => {
    if (!pages.handle(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => {
    made.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
  return made;
}

beforeAll(async () => {
  directory.write(
    'dist/index.html',
    '<!doctype html><html><head><script type="module" src="/assets/main-DkZ91abc.js"></script></head><body><div id="root"><!-- shell --><textarea></textarea><!-- /shell --></div></body></html>',
  );
  directory.write('dist/assets/main-DkZ91abc.js', script);
  directory.write(
    'dist/assets/Thread-Ab12cd_e.js',
    'import{a as b}from"./part-Cd34ef_g.js";const c=()=>import("./later-Ef56gh_i.js");export{c}',
  );
  directory.write('dist/assets/part-Cd34ef_g.js', 'import"./main-DkZ91abc.js";export const a=1;');
  directory.write('dist/mark.svg', '<svg/>');
  directory.write('dist/.built-from', 'secret');
  server = await serve(new Pages({ directory: `${directory.path}/dist`, random, isHttps: true }));
});
afterAll(() => {
  server?.close();
  directory[Symbol.dispose]();
});

describe('the pages', () => {
  it('are served at every address of the application, never kept, each under a fresh nonce', async () => {
    const nonces = new Set<string>();
    for (const path of [
      '/',
      '/setup?token=x',
      '/sign-in',
      '/usage',
      '/plans',
      '/settings',
      '/operator/plans/pro',
      '/share/abc',
      '/shared/abc',
      '/receipt/req_1',
      '/c/abc',
    ]) {
      const response = await fetch(url + path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      const [, nonce = ''] = /nonce-([^']+)/.exec(policy) ?? [];
      expect(await response.text()).toContain(`<meta property="csp-nonce" nonce="${nonce}"`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(11);
  });

  it('come with a composer where somebody may write at once', async () => {
    const page = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
      (await fetch(url + path, { headers })).text();
    const cookie = { cookie: 'session=1' };
    expect(await page('/', cookie)).toContain('<textarea>');
    expect(await page('/c/cnv_1', cookie)).toContain('<textarea>');
    expect(await page('/operator', cookie)).toContain('<div id="root"></div>');
    expect(await page('/')).toContain('<div id="root"></div>');
  });

  it('name what a conversation is drawn with before their scripts have run, and nothing else', async () => {
    const link = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(url + path, { headers })).headers.get('link');
    const cookie = { cookie: 'session=1' };
    expect(await link('/c/cnv_1', cookie)).toBe(
      '</assets/Thread-Ab12cd_e.js>; rel=modulepreload, </assets/part-Cd34ef_g.js>; rel=modulepreload',
    );
    expect(await link('/', cookie)).toBeNull();
    expect(await link('/c/cnv_1')).toBeNull();
  });

  it('say that an address is none to people, and leave it to the API for programs', async () => {
    const typed = await fetch(`${url}/nowhere`, { headers: { accept: 'text/html,*/*' } });
    expect(typed.status).toBe(404);
    expect(typed.headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${url}/nowhere`)).status).toBe(418);
    expect((await fetch(`${url}/`, { method: 'POST' })).status).toBe(418);
  });

  it('let assets with a hash in their name be kept for ever, and no others', async () => {
    const hashed = await fetch(`${url}/assets/main-DkZ91abc.js`);
    expect(hashed.headers.get('cache-control')).toContain('immutable');
    expect(hashed.headers.get('content-type')).toContain('text/javascript');
    expect(await hashed.text()).toBe(script);
    const plain = await fetch(`${url}/mark.svg`);
    expect(plain.headers.get('cache-control')).toBe('no-cache');
    const etag = plain.headers.get('etag') ?? '';
    const again = await fetch(`${url}/mark.svg`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it('pack what can be packed', async () => {
    const { request } = await import('undici');
    const answer = await request(`${url}/assets/main-DkZ91abc.js`, {
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(answer.headers['content-encoding']).toBe('br');
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    expect(bytes.length).toBeLessThan(script.length / 2);
    expect(brotliDecompressSync(bytes).toString()).toBe(script);
  });

  it('give out nothing beside the application', async () => {
    for (const path of [
      '/.built-from',
      '/../package.json',
      '/%2e%2e/package.json',
      '/%',
      '/assets/..%2f.built-from',
    ]) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 418]);
    }
  });

  it('carry the headers that keep other sites out', async () => {
    const { headers } = await fetch(`${url}/`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('strict-transport-security')).toContain('max-age');
  });

  it('say how to build them where they are not built', async () => {
    const empty = await serve(new Pages({ directory: '/nowhere', random, isHttps: false }));
    const response = await fetch(`${url}/`);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm run build:web');
    empty.close();
  });
});
