import type { IncomingMessage } from 'node:http';
import { DomainError } from '#base/domain-error.ts';

/** Bytes of request bodies that are in memory now, over all requests of the process. */
export class BodyBudget {
  readonly #max: number;
  #used = 0;

  constructor(bytesMax: number) {
    this.#max = bytesMax;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns false where the memory set aside for bodies is used up. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#max) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/**
 * Reads a request's body whole. Its bytes stay counted in `budget` until the caller gives them back.
 * How slowly a body may come is the server's `requestTimeout`.
 * @throws DomainError `body_too_large` (by its announced or its real length), `unsupported_parameter`
 *   (compressed), `no_capacity` (too many large bodies at once), `invalid_request` (cut off)
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  budget: BodyBudget,
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return Promise.reject(
      new DomainError('unsupported_parameter', 'Send the body uncompressed.', {
        field: 'content-encoding',
      }),
    );
  }
  if (announced > bytesMax) return Promise.reject(tooLarge(bytesMax));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (error: DomainError): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      request.pause();
      budget.give(bytes);
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      if (bytes + chunk.length > bytesMax) {
        stop(tooLarge(bytesMax));
      } else if (!budget.take(chunk.length)) {
        stop(
          new DomainError('no_capacity', 'Too many large requests at once.', {
            retryAfterMs: 1_000,
          }),
        );
      } else {
        bytes += chunk.length;
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => {
      request.off('close', onClose).off('error', onClose);
      const [first] = chunks;
      resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks, bytes));
    };
    const onClose = (): void => stop(new DomainError('invalid_request', 'The body broke off.'));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

function tooLarge(bytesMax: number): DomainError {
  const limit =
    bytesMax >= 1024 * 1024 ? `${Math.floor(bytesMax / (1024 * 1024))} MB` : `${bytesMax} bytes`;
  return new DomainError('body_too_large', `A request body may have at most ${limit}.`, {
    field: 'body',
    facts: { bytesMax },
  });
}
