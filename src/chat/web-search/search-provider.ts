/** A result as a search engine gives it. */
export interface SearchResult {
  readonly url: string;
  readonly title: string;
  readonly snippet: string;
}

/** Somebody who searches the web for us. */
export interface SearchProvider {
  /** For the ledger and for people. */
  readonly name: string;
  /** @throws DomainError `upstream_error`, `upstream_timeout` */
  search(query: string, options: SearchOptions): Promise<readonly SearchResult[]>;
}

export interface SearchOptions {
  readonly count: number;
  readonly signal: AbortSignal;
}
