import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Installation } from './installation.ts';
import type { TestCustomer } from './customer.ts';

/** How a request ended, as its client saw it. */
export interface SeenAnswer {
  /** `undefined`: no answer, or one that broke off. */
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly ms: number;
  /** By which its receipt is asked for; `undefined` where there was no answer. */
  readonly requestId: string | undefined;
}

const WAIT_AFTER_TROUBLE_MS = 50;
const GIVE_UP_MS = 60_000;

/** Clients that ask one request after the other, streamed and not, until they are told to stop. */
export class Load implements AsyncDisposable {
  readonly answers: SeenAnswer[] = [];
  readonly #agent = new Agent({
    connections: null,
    pipelining: 1,
    bodyTimeout: GIVE_UP_MS,
    headersTimeout: GIVE_UP_MS,
  });
  readonly #installation: Installation;
  readonly #customers: readonly TestCustomer[];
  readonly #workers: readonly Promise<void>[];
  #inFlight = 0;
  #isOver = false;

  constructor(installation: Installation, customers: readonly TestCustomer[], clients: number) {
    this.#installation = installation;
    this.#customers = customers;
    this.#workers = Array.from({ length: clients }, (_, index) => this.#work(index));
  }

  /** Requests that clients wait for. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Successes so far. */
  get succeeded(): number {
    return this.answers.filter(({ status }) => status === 200).length;
  }

  /** Lets every client finish its request. */
  async stop(): Promise<readonly SeenAnswer[]> {
    this.#isOver = true;
    await Promise.all(this.#workers);
    return this.answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#agent.destroy();
  }

  async #work(index: number): Promise<void> {
    const customer = this.#customers[index % this.#customers.length];
    if (customer === undefined) throw new Error('load needs customers');
    for (let turn = index; !this.#isOver; turn++) {
      this.#inFlight += 1;
      const answer = await this.#ask(customer, turn % 2 === 0);
      this.#inFlight -= 1;
      this.answers.push(answer);
      if (answer.status !== 200) await sleep(WAIT_AFTER_TROUBLE_MS);
    }
  }

  async #ask(customer: TestCustomer, stream: boolean): Promise<SeenAnswer> {
    const beganMs = performance.now();
    const seen = (
      status?: number,
      { retryAfter, requestId }: { retryAfter?: unknown; requestId?: unknown } = {},
    ): SeenAnswer => ({
      status,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      ms: performance.now() - beganMs,
      requestId: typeof requestId === 'string' ? requestId : undefined,
    });
    try {
      const { statusCode, headers, body } = await request(
        `${this.#installation.url}/v1/chat/completions`,
        {
          method: 'POST',
          dispatcher: this.#agent,
          headers: {
            authorization: `Bearer ${customer.key}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({
            model: 'talker',
            stream,
            max_tokens: 60,
            messages: [{ role: 'user', content: 'Where is the waterline?' }],
          }),
        },
      );
      const text = await body.text();
      const isWhole = statusCode !== 200 || !stream || text.includes('[DONE]');
      const said = { retryAfter: headers['retry-after'], requestId: headers['x-request-id'] };
      return seen(isWhole ? statusCode : undefined, said);
    } catch {
      return seen();
    }
  }
}

/** How many answers of each status there were; `broken` for none. */
export function statusCounts(answers: readonly SeenAnswer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) {
    const name = status === undefined ? 'broken' : String(status);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
