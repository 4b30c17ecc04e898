/** The part of `fetch` that the search providers use; passed in, so that only wiring reaches out. */
export type Fetch = (
  url: URL,
  options: {
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly redirect: 'error';
  },
) => Promise<{ readonly status: number; json(): Promise<unknown> }>;
