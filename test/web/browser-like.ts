/** A client that keeps cookies and sends what a browser on our own pages sends. */
export class BrowserLike {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  csrf = '';

  constructor(url: string) {
    this.#url = url;
  }

  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Everything that was set, with its attributes. */
  readonly setCookies: string[] = [];

  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.cookies && { cookie: this.cookies }),
        ...(method !== 'GET' && { origin: this.#url, 'x-csrf-token': this.csrf }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      this.setCookies.push(cookie);
      const [pair = ''] = cookie.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      if (value === '' || /max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** @throws Error with the answer where it is none of 2xx */
  async json<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Status and stable code of a refusal. */
  async refused(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly [number, string]> {
    const response = await this.request(method, path, body, headers);
    const answer = (await response.json()) as { error?: { code?: string } };
    return [response.status, answer.error?.code ?? ''];
  }

  /** Reads the session and keeps its token for writes. */
  async session<T = Record<string, unknown>>(): Promise<T> {
    const session = await this.json<T & { csrf: string | null }>('GET', '/api/session');
    this.csrf = session.csrf ?? '';
    return session;
  }
}
