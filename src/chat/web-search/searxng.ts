import type { Fetch } from './fetch.ts';
import { resultsOf, searchJson } from './search-json.ts';
import type { SearchProvider } from './search-provider.ts';

/** SearXNG's JSON interface (docs.searxng.org, "Search API"); `json` must be among its formats. */
export function searxng(options: { readonly url: string; readonly fetch: Fetch }): SearchProvider {
  return {
    name: 'searxng',
    async search(query, { count, signal }) {
      const url = new URL('search', options.url.endsWith('/') ? options.url : `${options.url}/`);
      url.searchParams.set('q', query);
      url.searchParams.set('format', 'json');
      const body = await searchJson({ fetch: options.fetch, url, headers: {}, signal });
      return resultsOf(body['results'], { snippet: 'content' }).slice(0, count);
    },
  };
}
