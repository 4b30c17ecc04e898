import type { Dispatcher } from 'undici';
import { DomainError } from '#base/domain-error.ts';

/** Headers of an answer, in lower case. */
export type AnswerHeaders = Parameters<
  NonNullable<Dispatcher.DispatchHandler['onResponseStart']>
>[2];

/** Receives the body of an answer. Exactly one of `end` and `failed` comes last, unless the call is aborted. */
export interface AnswerSink {
  data(chunk: Buffer): void;
  end(): void;
  failed(error: DomainError): void;
}

export interface UpstreamCallStart {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer;
  /** Over the pool's own, where the route has one. */
  readonly headersTimeoutMs?: number | undefined;
  readonly silenceTimeoutMs?: number | undefined;
  /** The first byte is about to go out, on a connection that stands. Where it throws, nothing is sent. */
  onSending(): void;
  /** Chooses what receives the body. Called once, when the answer's headers are there. */
  onAnswer(status: number, headers: AnswerHeaders): AnswerSink;
  /** There will be no answer. */
  onFailure(error: DomainError): void;
}

/**
 * One call of a supplier on a bare dispatcher. Redirects are not followed.
 *
 * States: sent → answering → over. {@link abort} leads from anywhere to over, after which nothing is
 * called any more; a call that still waits for a connection is aborted as soon as it gets one.
 */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly #start: UpstreamCallStart;
  #controller: Dispatcher.DispatchController | undefined;
  #sink: AnswerSink | undefined;
  #isOver = false;

  constructor(start: UpstreamCallStart) {
    this.#start = start;
  }

  send(): void {
    const {
      dispatcher,
      origin,
      path,
      headers,
      body,
      headersTimeoutMs = null,
      silenceTimeoutMs = null,
    } = this.#start;
    try {
      const timeouts = { headersTimeout: headersTimeoutMs, bodyTimeout: silenceTimeoutMs };
      dispatcher.dispatch({ origin, path, method: 'POST', headers, body, ...timeouts }, this);
    } catch (error) {
      this.#fail(error);
    }
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  /** Cuts the connection. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.abort(new Error('aborted by the gateway'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('aborted by the gateway'));
    else this.#start.onSending();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
  ): void {
    // Views of what was read: they would keep its memory, with all chunks in it, for as long as a stream.
    controller.rawHeaders = null;
    if (this.#isOver || status < 200) return;
    this.#sink = this.#start.onAnswer(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#sink?.data(chunk);
    } catch (error) {
      this.#controller?.abort(new Error('aborted by a fault'));
      this.#fault(error);
    }
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#sink?.end();
    } catch (error) {
      this.#fault(error);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const domain = callError(error);
    if (this.#sink === undefined) {
      this.#start.onFailure(domain);
      return;
    }
    try {
      this.#sink.failed(domain);
    } catch (cause) {
      this.#fault(cause);
    }
  }

  /** A fault of ours must not leave a request waiting for ever. */
  #fault(cause: unknown): void {
    this.#isOver = true;
    this.#start.onFailure(
      new DomainError('internal', 'handling the answer of a supplier failed', { cause }),
    );
  }
}

const SILENCE_CODES = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** What a broken connection means to the client; the cause's own text stays inside. */
function callError(cause: unknown): DomainError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (SILENCE_CODES.has(code)) {
    return new DomainError('upstream_timeout', 'The supplier of this model fell silent.', {
      cause,
    });
  }
  return new DomainError('upstream_error', 'The connection to the supplier of this model broke.', {
    cause,
  });
}
