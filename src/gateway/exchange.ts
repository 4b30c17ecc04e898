import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settled } from '#admission/admission.ts';
import type { Id } from '#base/id.ts';
import type { Admission } from './admit-request.ts';
import { presentError, type ErrorFormat, type WireError } from './wire/wire-error.ts';

/** What an exchange knows from its start. */
export interface ExchangeStart {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly format: ErrorFormat;
  readonly requestId: Id<'request'>;
  readonly startedAtMs: number;
  readonly observer?: CallObserver | undefined;
}

/** Hears how far a call came; only calls from inside the house have one. */
export interface CallObserver {
  /** The hold is durable, and the call goes upstream now. */
  readonly admitted: (admission: Admission) => void;
  /** The supplier has ended, the answer not yet; the hold is settled when this resolves. */
  readonly delivered: () => Promise<void>;
  /** The hold has ended; `undefined` where nothing was booked, or not yet. */
  readonly finished: (settled: Settled | undefined) => void;
}

/**
 * One client's request and the answer to it.
 *
 * States: open → answered (the last byte was handed to the socket) or gone (the client left first).
 * After every wait whoever spends money asks {@link isGone}.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly format: ErrorFormat;
  readonly startedAtMs: number;
  readonly observer: CallObserver | undefined;
  /** Replaced where a request is admitted in a second try under an id of its own. */
  requestId: Id<'request'>;
  #isGone = false;
  #onGone: (() => void) | undefined;

  constructor({ request, response, format, requestId, startedAtMs, observer }: ExchangeStart) {
    this.request = request;
    this.response = response;
    this.format = format;
    this.requestId = requestId;
    this.startedAtMs = startedAtMs;
    this.observer = observer;
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#isGone = true;
      this.#onGone?.();
    });
    // Writing to a socket that the peer has reset; `close` follows and is what counts.
    response.on('error', ignore);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The one listener for the client's leaving, from now on; `undefined` removes it. */
  set onGone(listener: (() => void) | undefined) {
    this.#onGone = listener;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Answers in one piece. Does nothing where an answer has begun or the client has gone. */
  answer(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    const { response, request } = this;
    if (response.headersSent || this.#isGone) return;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const list = ['content-length', String(length), 'x-request-id', this.requestId];
    if (this.format === 'anthropic') list.push('request-id', this.requestId);
    // Bytes of a body that nobody will read would be taken for the next request's.
    if (!request.complete) list.push('connection', 'close');
    for (const name in headers) list.push(name, headers[name] ?? '');
    response.writeHead(status, list);
    // Characters of one byte each are the same in both; these need no translation.
    response.end(body, typeof body === 'string' && length === body.length ? 'latin1' : 'utf8');
  }

  /** Ends an answer that was streamed. Does nothing where it has ended or the client has gone. */
  end(): void {
    if (!this.#isGone && !this.response.writableEnded) this.response.end();
  }

  answerJson(status: number, headers: Readonly<Record<string, string>>, body: object): void {
    this.answer(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));
  }

  answerError(error: unknown): void {
    this.answerWire(presentError(error, this.format, this.requestId));
  }

  answerWire({ status, headers, body }: WireError): void {
    this.answerJson(status, headers, body);
  }
}

function ignore(): void {}
