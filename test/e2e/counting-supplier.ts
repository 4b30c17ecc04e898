import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
}

/**
 * A supplier whose every answer is `0001 0002 0003 …`, so that a lost or doubled character shows in the
 * text itself. Asked to continue, it goes on from the very character where the answer before stopped.
 */
export class CountingSupplier implements AsyncDisposable {
  readonly #server: Server;
  readonly #words: number;
  readonly #wordMs: () => number;

  private constructor(server: Server, words: number, wordMs: () => number) {
    this.#server = server;
    this.#words = words;
    this.#wordMs = wordMs;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(options: {
    readonly words: number;
    readonly wordMs: () => number;
  }): Promise<CountingSupplier> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new CountingSupplier(server, options.words, options.wordMs);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a whole answer is. */
  get text(): string {
    return Array.from({ length: this.#words }, (_, at) => String(at + 1).padStart(4, '0')).join(
      ' ',
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { model, messages } = JSON.parse(Buffer.concat(chunks).toString()) as ChatBody;
    const before = messages.at(-2);
    const isContinued =
      messages.length > 2 && String(messages.at(-1)?.content).includes('was interrupted');
    const said = isContinued && before?.role === 'assistant' ? String(before.content).length : 0;
    const rest = this.text.slice(said);
    const event = (choices: object[], more: object = {}): string =>
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, choices, ...more })}\n\n`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let at = 0; at < rest.length && !response.destroyed; at += 5) {
      const content = rest.slice(at, at + 5);
      response.write(event([{ index: 0, delta: { content }, finish_reason: null }]));
      await sleep(this.#wordMs());
    }
    response.write(event([{ index: 0, delta: {}, finish_reason: 'stop' }]));
    const completion = Math.ceil(rest.length / 5);
    const usage = {
      prompt_tokens: 10,
      completion_tokens: completion,
      total_tokens: 10 + completion,
    };
    response.end(`${event([], { usage })}data: [DONE]\n\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
