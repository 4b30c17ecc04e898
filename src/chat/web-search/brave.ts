import type { Fetch } from './fetch.ts';
import { resultsOf, searchJson } from './search-json.ts';
import type { SearchProvider } from './search-provider.ts';

const URL_DEFAULT = 'https://api.search.brave.com/res/v1/web/search';

/** Brave's web search (api-dashboard.search.brave.com, "Web Search API"). */
export function brave(options: {
  readonly key: string;
  readonly url?: string | undefined;
  readonly fetch: Fetch;
}): SearchProvider {
  return {
    name: 'brave',
    async search(query, { count, signal }) {
      const url = new URL(options.url ?? URL_DEFAULT);
      url.searchParams.set('q', query);
      url.searchParams.set('count', String(count));
      const headers = { accept: 'application/json', 'x-subscription-token': options.key };
      const body = await searchJson({ fetch: options.fetch, url, headers, signal });
      const web = body['web'] as { readonly results?: unknown } | undefined;
      return resultsOf(web?.results, { snippet: 'description' }).slice(0, count);
    },
  };
}
