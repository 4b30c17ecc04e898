import type { IncomingMessage, ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { Admission } from './admit-request.ts';
import type { Caller } from './caller.ts';
import type { Surface } from './wire/request-facts.ts';
import type { Settled } from '#admission/admission.ts';
import type { Errand } from './errand.ts';

/**
 * A model call from inside the house, such as the chat's: the same path as a client's call over HTTP
 * (quote, hold, supplier, metering, settlement), for a caller whom a session has named already.
 */
export interface InternalCall {
  readonly caller: Caller;
  readonly surface: Surface;
  /** The request as a client would send it. What it may take is bounded by this. */
  readonly body: Buffer;
  /** Work that costs money of its own before the model is asked. */
  readonly errand?: Errand | undefined;
  readonly sink: CallSink;
}

/** Receives an answer as it comes, in order. */
export interface CallSink {
  /** The hold is durable; the supplier is called next. */
  readonly admitted: (admission: Admission) => void;
  /** All of the answer was handed over; it is billed when this resolves. */
  readonly delivered: () => Promise<void>;
  /** Bytes of the answer, as they would go to a client. `take` says that more may come. */
  readonly data: (chunk: Buffer, take: () => void) => void;
}

/** What came of a call. Errors that a client would have got are values here too. */
export interface InternalOutcome {
  /** Of the try that was admitted, where there were two. */
  readonly requestId: Id<'request'>;
  readonly admission: Admission | undefined;
  readonly settled: Settled | undefined;
  /** What stood in the way of an answer; `undefined` where one has begun. */
  readonly error: DomainError | undefined;
}

/** A call that runs. */
export interface RunningCall {
  /** Leaves, as a client that closes its connection: what was generated is still billed. */
  leave(): void;
  readonly done: Promise<InternalOutcome>;
}

/**
 * What stands in the place of a client's connection: the part of `ServerResponse` that an exchange
 * uses. Chunks go to the sink at once and in order, and the sink's pace holds the supplier back.
 *
 * States: open → ended (`end`) or left (`destroy`).
 */
export class InternalResponse extends Writable {
  readonly #sink: CallSink;
  headersSent = false;
  statusCode = 200;
  shouldKeepAlive = true;
  #contentLength: string | undefined;
  /** The body of an answer that is no stream: an error. */
  answerBody = '';

  constructor(sink: CallSink) {
    super({ highWaterMark: 64 * 1024, decodeStrings: true });
    this.#sink = sink;
  }

  writeHead(status: number, headers: readonly string[]): this {
    this.headersSent = true;
    this.statusCode = status;
    for (let at = 0; at + 1 < headers.length; at += 2)
      if (headers[at] === 'content-length') this.#contentLength = headers[at + 1];
    return this;
  }

  getHeader(name: string): string | undefined {
    return name === 'content-length' ? this.#contentLength : undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#contentLength !== undefined) {
      this.answerBody += chunk.toString('utf8');
      done();
    } else this.#sink.data(chunk, done);
  }

  /** As the exchange sees it; it uses nothing else of a response. */
  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

/** What stands in the place of a client's request: it has been read whole. */
export function internalRequest(path: string): IncomingMessage {
  return { headers: {}, url: path, method: 'POST', complete: true } as unknown as IncomingMessage;
}

/** The error of an answer that is one, as its body tells it. */
export function errorOfAnswer(response: InternalResponse): DomainError | undefined {
  if (response.answerBody === '') return undefined;
  let message: unknown;
  try {
    message = (JSON.parse(response.answerBody) as { error?: { message?: unknown } }).error?.message;
  } catch {
    message = undefined;
  }
  return new DomainError(
    'upstream_error',
    typeof message === 'string' ? message : 'The supplier of this model refused.',
    { facts: { status: response.statusCode } },
  );
}
