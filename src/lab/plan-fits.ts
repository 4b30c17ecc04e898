import { Worker } from 'node:worker_threads';
import { DomainError } from '#base/domain-error.ts';
import { utcDay } from '#base/utc-day.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import type { PlanFitQuestion } from './own-plan-fit.ts';
import type { NoPlanFit, PlanFit } from './plan-fit.ts';

type Answer = PlanFit | NoPlanFit;

const KEPT_MAX = 500;
const TIMEOUT_MS = 60_000;
const WAITING_MAX = 20;

/**
 * Answers which plan would have fitted a customer: each question in a worker thread, one at a time, and
 * no question twice on one day. Forgets the oldest answers; nothing is kept on disk.
 */
export class PlanFits implements AsyncDisposable {
  readonly #address: DatabaseAddress;
  readonly #answers = new Map<string, Promise<Answer>>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #running: Worker | undefined;
  #isClosed = false;

  constructor(address: DatabaseAddress) {
    this.#address = address;
  }

  /**
   * @param terms what an answer depends on beside the customer and the day: their plan, the plans on offer
   * @throws DomainError `rate_limited` where too many wait, `internal` where it fails or takes a minute
   */
  ask(question: PlanFitQuestion, terms: string): Promise<Answer> {
    const { book, customer, nowMs } = question;
    const key = [book, customer, utcDay(nowMs), terms].join(' ');
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    if (this.#waiting >= WAITING_MAX)
      throw new DomainError('rate_limited', 'Others are being answered; try again in a moment.', {
        retryAfterMs: 5_000,
      });
    this.#waiting++;
    const answer = this.#last.then(() => this.#run(question)).finally(() => this.#waiting--);
    this.#last = answer.catch(() => undefined);
    this.#answers.set(key, answer);
    answer.catch(() => this.#answers.delete(key));
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > KEPT_MAX && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }

  async #run(question: PlanFitQuestion): Promise<Answer> {
    if (this.#isClosed) throw stopping();
    const worker = new Worker(new URL('./plan-fit-worker.ts', import.meta.url), {
      workerData: { address: this.#address, question },
    });
    this.#running = worker;
    const timer = setTimeout(() => void worker.terminate(), TIMEOUT_MS);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', () =>
          reject(
            this.#isClosed
              ? stopping()
              : new DomainError('internal', 'Comparing the plans was given up.'),
          ),
        );
      });
    } finally {
      clearTimeout(timer);
      this.#running = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#running?.terminate();
    await this.#last;
  }
}

function stopping(): DomainError {
  return new DomainError('shutting_down', 'The server is stopping.');
}
