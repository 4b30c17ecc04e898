import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Random } from '#base/random.ts';
import { preloadHeader } from './preloads.ts';

/** Addresses that the application shows a page at; the browser's own router does the rest. */
const PAGES =
  /^\/(?:$|setup$|sign-in$|usage(?:\/|$)|plans(?:\/|$)|settings(?:\/|$)|operator(?:\/|$)|share\/|shared\/|receipt\/|c\/)/;
/** Where the page comes with a composer that takes keys before the application runs. */
const CHAT = /^\/(?:$|c\/)/;
const CONVERSATION = /^\/c\//;
/** What draws a conversation; the page asks for it once its own scripts have run. */
const DRAWING = /^\/assets\/Thread-[\w-]+\.js$/;
const SHELL = /\s*<!-- shell[\s\S]*?<!-- \/shell -->\s*/;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
};
const PACKED = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.wasm']);
const PACK_BYTES_MIN = 1024;
/** The builder puts a hash of the content into these names: another content has another name. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/;
const YEAR = 'public, max-age=31536000, immutable';
const NONCE_BYTES = 18;

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  readonly isPacked: boolean;
  readonly cacheControl: string;
  /** By `br` and `gzip`, made when they are first asked for. */
  readonly packed: Map<string, Promise<Buffer>>;
}

export interface PagesOptions {
  /** Of the built application; where it is missing, pages say how to build it. */
  readonly directory: string;
  readonly random: Random;
  /** Tells browsers to come over https alone from now on. */
  readonly isHttps: boolean;
}

/**
 * Serves the built web application from memory: assets for ever, the page itself never kept, under a
 * content security policy that runs no script but our own files.
 */
export class Pages {
  readonly #assets = new Map<string, Asset>();
  readonly #index: string | undefined;
  /** The page without the chat's first composer. */
  readonly #bare: string | undefined;
  /** The `Link` header of a conversation's page. */
  readonly #preloads: string | undefined;
  readonly #random: Random;
  readonly #isHttps: boolean;

  constructor({ directory, random, isHttps }: PagesOptions) {
    this.#random = random;
    this.#isHttps = isHttps;
    if (existsSync(join(directory, 'index.html'))) {
      for (const path of filesBelow(directory)) {
        const name = `/${path.split('\\').join('/')}`;
        if (!name.startsWith('/.')) this.#assets.set(name, assetOf(name, join(directory, path)));
      }
    }
    this.#index = this.#assets.get('/index.html')?.body.toString('utf8');
    this.#bare = this.#index?.replace(SHELL, '');
    this.#assets.delete('/index.html');
    const drawing = [...this.#assets.keys()].find((name) => DRAWING.test(name));
    this.#preloads =
      drawing &&
      preloadHeader(
        drawing,
        (path) => this.#assets.get(path)?.body.toString('utf8'),
        (path) => this.#index?.includes(`"${path}"`) ?? false,
      );
    // What every page begins with is packed before anybody waits for it.
    for (const [, name = ''] of this.#index?.matchAll(/(?:src|href)="([^"]+)"/g) ?? []) {
      const asset = this.#assets.get(name);
      if (asset?.isPacked) void packed(asset, 'br');
    }
  }

  /** @returns false where the request is not for a page or asset of the application. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const path = pathOf(request.url ?? '/');
    const asset = path === undefined ? undefined : this.#assets.get(path);
    if (asset) {
      void this.#sendAsset(asset, request, response).catch(() => response.destroy());
      return true;
    }
    const isPage = path !== undefined && PAGES.test(path);
    // Whoever types an address that is none gets a page that says so, with the right status.
    if (!isPage && !/\btext\/html\b/.test(request.headers.accept ?? '')) return false;
    // Who has nothing to show is asked to sign in, and has nothing to write into.
    const { authorization, cookie } = request.headers;
    const isChat = CHAT.test(path ?? '') && (authorization ?? cookie) !== undefined;
    this.#sendPage(request, response, {
      status: isPage ? 200 : 404,
      page: isChat ? this.#index : this.#bare,
      preloads: isChat && CONVERSATION.test(path ?? '') ? this.#preloads : undefined,
    });
    return true;
  }

  async #sendAsset(
    asset: Asset,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const headers: Record<string, string> = {
      ...this.#common(),
      'content-type': asset.type,
      'cache-control': asset.cacheControl,
      etag: asset.etag,
      vary: 'accept-encoding',
    };
    if (request.headers['if-none-match'] === asset.etag) {
      response.writeHead(304, headers).end();
      return;
    }
    const encoding = asset.isPacked ? encodingOf(request.headers['accept-encoding']) : undefined;
    const body = encoding === undefined ? asset.body : await packed(asset, encoding);
    if (encoding !== undefined) headers['content-encoding'] = encoding;
    headers['content-length'] = String(body.length);
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body);
  }

  #sendPage(
    request: IncomingMessage,
    response: ServerResponse,
    {
      status,
      page,
      preloads,
    }: {
      readonly status: number;
      readonly page: string | undefined;
      readonly preloads: string | undefined;
    },
  ): void {
    const nonce = Buffer.from(this.#random.bytes(NONCE_BYTES)).toString('base64');
    const html = page?.replace('<head>', `<head><meta property="csp-nonce" nonce="${nonce}" />`);
    const body = Buffer.from(html ?? UNBUILT);
    response
      .writeHead(html === undefined ? 503 : status, {
        ...this.#common(),
        'content-type': 'text/html; charset=utf-8',
        'content-length': String(body.length),
        'cache-control': 'no-store',
        'content-security-policy': policy(nonce),
        ...(preloads && { link: preloads }),
      })
      .end(request.method === 'HEAD' ? undefined : body);
  }

  #common(): Record<string, string> {
    return {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
      ...(this.#isHttps && { 'strict-transport-security': 'max-age=31536000' }),
    };
  }
}

/**
 * No script but our own files, whatever a model wrote; no picture but our own, one that the person chose,
 * or one that came with an answer. Styles may be set on elements, since highlighted code and formulas
 * are; sheets are ours.
 */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const UNBUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><title>Breakeven</title></head>
<body><h1>The pages are not built</h1>
<p>The API answers. To build the pages, run <code>npm run build:web</code> and start again.</p></body></html>
`;

function* filesBelow(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      yield join(entry.parentPath, entry.name)
        .slice(directory.length)
        .replace(/^[/\\]+/, '');
  }
}

function assetOf(name: string, path: string): Asset {
  const body = readFileSync(path);
  const extension = extname(name);
  return {
    body,
    type: TYPES[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    isPacked: PACKED.has(extension) && body.length >= PACK_BYTES_MIN,
    cacheControl: HASHED.test(name) ? YEAR : 'no-cache',
    packed: new Map(),
  };
}

/** A path as the map keeps it; `undefined` where it is no well-formed one. */
function pathOf(url: string): string | undefined {
  const [path = '/'] = url.split('?', 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

type Encoding = 'br' | 'gzip';

function encodingOf(accepted: string | string[] | undefined): Encoding | undefined {
  const text = String(accepted ?? '');
  if (/\bbr\b/.test(text)) return 'br';
  return /\bgzip\b/.test(text) ? 'gzip' : undefined;
}

const brotli = promisify(brotliCompress);
const gzipped = promisify<Buffer, object, Buffer>(gzip);

/** Packed once, off the event loop, and kept. */
function packed(asset: Asset, encoding: Encoding): Promise<Buffer> {
  const known = asset.packed.get(encoding);
  if (known !== undefined) return known;
  const fresh =
    encoding === 'br'
      ? brotli(asset.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
      : gzipped(asset.body, { level: 9 });
  asset.packed.set(encoding, fresh);
  return fresh;
}
