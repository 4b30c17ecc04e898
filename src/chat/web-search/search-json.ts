import { DomainError } from '#base/domain-error.ts';
import type { Fetch } from './fetch.ts';
import type { SearchResult } from './search-provider.ts';

/** Asks a search engine. @throws DomainError `upstream_error`, `upstream_timeout` */
export async function searchJson(request: {
  readonly fetch: Fetch;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<Readonly<Record<string, unknown>>> {
  const { fetch, url, headers, signal } = request;
  let status: number;
  let body: unknown;
  try {
    const answer = await fetch(url, { headers, signal, redirect: 'error' });
    status = answer.status;
    body = status === 200 ? await answer.json() : undefined;
  } catch (cause) {
    const code = signal.aborted ? 'upstream_timeout' : 'upstream_error';
    throw new DomainError(code, 'The web search did not answer.', { cause });
  }
  if (typeof body !== 'object' || body === null)
    throw new DomainError('upstream_error', `The web search answered with status ${status}.`);
  return body as Readonly<Record<string, unknown>>;
}

/** Reads a list of results; what has no address of the web is left out. */
export function resultsOf(list: unknown, names: { readonly snippet: string }): SearchResult[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return [];
    const result = each as Readonly<Record<string, unknown>>;
    const { url } = result;
    if (typeof url !== 'string' || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return [];
    const title = plain(result['title']);
    return [{ url, title: title || new URL(url).hostname, snippet: plain(result[names.snippet]) }];
  });
}

/** Snippets come with tags around the words that matched. */
function plain(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 500);
}
