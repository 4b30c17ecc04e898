import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { DomainError } from '#base/domain-error.ts';
import { isPublicAddress } from './public-address.ts';

export interface PageFetcherOptions {
  /** The system's resolver unless a test says otherwise. */
  readonly lookup?: LookupFunction | undefined;
  /** Addresses that may be reached although they are not public; for tests. */
  readonly isAllowed?: ((address: string, port: number) => boolean) | undefined;
  readonly bytesMax?: number;
  readonly timeoutMs?: number;
}

/** A page as it was read. */
export interface Page {
  /** After all redirects. */
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}

const BYTES_MAX = 1024 * 1024;
const PICTURE_BYTES_MAX = 5 * 1024 * 1024;
const TIMEOUT_MS = 5_000;
const REDIRECTS_MAX = 4;
const PORTS = new Set(['', '80', '443']);

/**
 * Reads pages of the public web and nothing else. The address is checked inside the connection's own
 * look-up, so that what was checked is what is connected to, for each redirect anew; a host that is
 * written as an address (in whatever notation: the URL parser makes one of it) is checked likewise.
 */
export class PageFetcher {
  readonly #agent: Agent;
  readonly #options: Required<Pick<PageFetcherOptions, 'bytesMax' | 'timeoutMs'>>;
  readonly #isAllowed: (address: string, port: number) => boolean;

  constructor(options: PageFetcherOptions = {}) {
    const lookup = options.lookup ?? systemLookup;
    this.#isAllowed = options.isAllowed ?? (() => false);
    this.#options = {
      bytesMax: options.bytesMax ?? BYTES_MAX,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    };
    this.#agent = new Agent({
      connections: 8,
      connect: {
        timeout: this.#options.timeoutMs,
        lookup: (hostname, lookupOptions, done) => {
          lookup(hostname, { ...lookupOptions, all: true }, (error, found) => {
            if (error) {
              done(error, []);
              return;
            }
            const addresses = Array.isArray(found)
              ? found
              : [{ address: found, family: isIP(found) }];
            // One that is not public condemns the name: a resolver that mixes them is an attack.
            const bad = addresses.find(({ address }) => !this.#mayReach(address));
            if (bad || addresses.length === 0) done(forbidden(), []);
            else done(null, addresses);
          });
        },
      },
    });
  }

  /**
   * Reads a page; the beginning of a long one is worth more than none of it.
   * @throws DomainError `forbidden` (an address that is not public), `upstream_error` (no page, no
   *   text, too many redirects), `upstream_timeout`
   */
  async read(address: string): Promise<Page> {
    const { url, contentType, body } = await this.#fetch(address, {
      accept: 'text/html,text/plain;q=0.9,*/*;q=0.1',
      types: /^(text\/|application\/(xhtml|json))/,
      bytesMax: this.#options.bytesMax,
    });
    return { url, contentType, body: decoded(body, contentType) };
  }

  /**
   * Reads a picture whole, for a reader who does not want its server to know of them.
   * @throws DomainError as `read`, and `body_too_large`
   */
  async readPicture(address: string): Promise<Buffer> {
    const bytesMax = PICTURE_BYTES_MAX;
    const { body } = await this.#fetch(address, { accept: 'image/*', types: /^image\//, bytesMax });
    if (body.length >= bytesMax)
      throw new DomainError('body_too_large', 'The picture is too large.', { facts: { bytesMax } });
    return body;
  }

  async #fetch(
    address: string,
    how: { readonly accept: string; readonly types: RegExp; readonly bytesMax: number },
  ): Promise<{ readonly url: string; readonly contentType: string; readonly body: Buffer }> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    let url = address;
    try {
      for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
        const target = this.#target(url);
        const answer = await request(target, {
          dispatcher: this.#agent,
          signal,
          headers: {
            accept: how.accept,
            'accept-encoding': 'identity',
            'user-agent': 'Breakeven/1 (+web search)',
          },
        });
        const { statusCode, headers } = answer;
        const location = single(headers['location']);
        if (statusCode >= 300 && statusCode < 400 && location !== undefined) {
          await answer.body.dump({ limit: 16 * 1024, signal });
          if (!URL.canParse(location, target.href)) throw broken('It leads nowhere.');
          url = new URL(location, target).href;
          continue;
        }
        const contentType = single(headers['content-type']) ?? '';
        if (statusCode !== 200 || !how.types.test(contentType)) {
          // Without a listener the abort of an unread body would end the process.
          answer.body.on('error', () => undefined).destroy();
          throw broken(`It answered ${statusCode} with ${contentType.slice(0, 60) || 'no type'}.`);
        }
        return { url: target.href, contentType, body: await readUpTo(answer.body, how.bytesMax) };
      }
    } catch (error) {
      throw asDomainError(error, signal);
    }
    throw broken('It redirects too often.');
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #target(text: string): URL {
    if (!URL.canParse(text)) throw broken('It is no address.');
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw forbidden();
    if (url.username !== '' || url.password !== '') throw forbidden();
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    // A connection to a written address makes no look-up.
    if (isIP(host) !== 0 && !isPublicAddress(host) && !this.#isAllowed(host, port))
      throw forbidden();
    if (!PORTS.has(url.port) && !this.#isAllowed(host, port)) throw forbidden();
    return url;
  }

  #mayReach(address: string): boolean {
    return isPublicAddress(address) || this.#isAllowed(address, 0);
  }
}

async function readUpTo(body: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, bytesMax);
}

function decoded(body: Buffer, contentType: string): string {
  const charset = /charset=["']?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString('utf8');
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function forbidden(): DomainError {
  return new DomainError('forbidden', 'Only pages of the public web are read.', { field: 'url' });
}

function broken(why: string): DomainError {
  return new DomainError('upstream_error', `The page could not be read. ${why}`);
}

function asDomainError(error: unknown, signal: AbortSignal): DomainError {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof DomainError) return at;
  if (signal.aborted)
    return new DomainError('upstream_timeout', 'The page did not answer in time.', {
      cause: error,
    });
  return new DomainError('upstream_error', 'The page could not be read.', { cause: error });
}
