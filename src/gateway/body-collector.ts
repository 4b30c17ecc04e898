import { DomainError } from '#base/domain-error.ts';
import type { AnswerSink } from './upstream-call.ts';

export interface CollectorStart {
  readonly bytesMax: number;
  /** What happens past `bytesMax`: the rest is dropped, or the answer is given up. */
  readonly whenLarger: 'drop' | 'give-up';
  done(body: Buffer): void;
  failed(error: DomainError): void;
}

/** Collects an answer that comes in one piece. */
export class BodyCollector implements AnswerSink {
  readonly #start: CollectorStart;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isGivenUp = false;

  constructor(start: CollectorStart) {
    this.#start = start;
  }

  data(chunk: Buffer): void {
    const room = this.#start.bytesMax - this.#bytes;
    if (chunk.length <= room) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    } else if (this.#start.whenLarger === 'give-up') {
      this.#isGivenUp = true;
    }
  }

  end(): void {
    if (this.#isGivenUp) {
      this.failed(
        new DomainError('upstream_error', 'The answer of the supplier of this model is too large.'),
      );
      return;
    }
    const [first] = this.#chunks;
    this.#start.done(
      this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#bytes),
    );
  }

  failed(error: DomainError): void {
    this.#start.failed(error);
  }
}
