import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const SECTION = `## Section {n}

A plan floats while what it earns is more than what it **costs**; the *waterline* is where both are equal. See [the ledger](https://example.com/ledger) and \`settle()\`.

1. Hold the money before the model runs
2. Meter every token of the answer
   - input, cached or not
   - output, seen or not
3. Settle, and show the receipt

| plan | price | cost | margin |
|---|---:|---:|---:|
| Plus | $20.00 | $12.90 | $7.10 |
| Pro | $200.00 | $384.20 | −$184.20 |
| Max | $2,000.00 | $1,204.00 | $796.00 |

\`\`\`ts
export function quote(tokens: number, rate: bigint): bigint {
  const worst = BigInt(tokens) * rate;
  return worst + worst / 4n; // never less than what it may take
}
\`\`\`

> What is not measured is given away, and what is given away is not missed until the bill.

`;

/** Streams markdown with code and tables: so many tokens of four characters, so many a second. */
export class MarkdownSupplier implements AsyncDisposable {
  readonly #server: Server;
  tokens = 16_000;
  tokensPerSecond = 200;
  /** So many come at once, before the rest comes at its pace. */
  burst = 1;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<MarkdownSupplier> {
    const server = createServer();
    const supplier = new MarkdownSupplier(server);
    server.on('request', (request, response) => {
      request.resume();
      request.on('end', () => void supplier.#answer(response));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return supplier;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(response: ServerResponse): Promise<void> {
    const { tokens, tokensPerSecond, burst } = this;
    let text = '';
    for (let n = 1; text.length < tokens * 4; n++) text += SECTION.replace('{n}', String(n));
    const chunk = (choices: object[], more: object = {}): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })}\n\n`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const startedAt = performance.now();
    for (let sent = 0; sent < tokens && !response.destroyed;) {
      const due = Math.min(
        tokens,
        Math.ceil(((performance.now() - startedAt) / 1000) * tokensPerSecond) + burst,
      );
      for (; sent < due; sent++) {
        const content = text.slice(sent * 4, sent * 4 + 4);
        response.write(chunk([{ index: 0, delta: { content }, finish_reason: null }]));
      }
      await sleep(5);
    }
    response.write(chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]));
    const usage = {
      prompt_tokens: 10,
      completion_tokens: tokens,
      total_tokens: tokens + 10,
    };
    response.end(`${chunk([], { usage })}data: [DONE]\n\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
