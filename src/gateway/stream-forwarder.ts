import type { ServerResponse } from 'node:http';
import { DomainError } from '#base/domain-error.ts';
import { SseFrames } from '#metering/sse-parser.ts';
import { StreamWatcher } from '#metering/stream-watcher.ts';
import type { Metering, UsageDialect } from '#metering/metering.ts';
import { EventTranslator, type EventRewriter } from './event-rewriter.ts';
import type { Exchange } from './exchange.ts';
import type { HoldGuard } from './hold-guard.ts';
import type { KeepAlives, QuietStream } from './keep-alives.ts';
import type { AnswerSink } from './upstream-call.ts';
import { StreamBody, type StreamPace } from './stream-body.ts';
import { WholeEvents } from './whole-events.ts';
import type { Surface } from './wire/request-facts.ts';
import { streamEnding, type StreamEnding } from './wire/stream-ending.ts';

/** How a stream ended. `unopened`: the client has seen nothing of it, so another attempt may be made. */
export type StreamEnd =
  | { readonly kind: 'completed' }
  | { readonly kind: 'unopened'; readonly error: DomainError }
  | { readonly kind: 'broken'; readonly error: DomainError }
  | { readonly kind: 'cut-by-limit' }
  /** `isWhole`: the supplier was read to its end, so that its usage is that of the whole answer. */
  | { readonly kind: 'client-gone'; readonly isWhole: boolean };

export interface StreamForwarderStart {
  readonly exchange: Exchange;
  readonly surface: Surface;
  readonly dialect: UsageDialect;
  readonly choices: number;
  readonly rewriter: EventRewriter | EventTranslator | undefined;
  readonly guard: HoldGuard;
  readonly keepAlives: KeepAlives;
  readonly clientStallMs: number;
  /** Headers of the answer beside its content type. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** After the client has left: milliseconds to read on for the usage; `undefined` cuts the supplier off. */
  readonly readOnMs: number | undefined;
  /** Of the call that feeds this stream. */
  pause(): void;
  resume(): void;
  abort(): void;
  readonly done: (end: StreamEnd) => void;
}

const KEEP_ALIVE = ': keep-alive\n\n';
const NOTICE = 'The allowance or balance does not cover more of this answer, so it ends here.';
const BROKE_OFF = 'The supplier of this model broke off in the middle of the answer.';

/**
 * Passes a supplier's stream to the client, event by event as it came, and watches it for usage. Whoever
 * started it ends the client's answer, once what it used cannot be lost any more.
 *
 * States: unopened → open → over. While open it may be held back, by a client that reads slowly or by
 * a hold that is being raised; then the supplier is paused, and what it still sends is queued. A client
 * that leaves ends it at once, or, where the supplier bills on, when the usage has been read.
 */
export class StreamForwarder implements AnswerSink, QuietStream, StreamPace {
  readonly watcher: StreamWatcher;
  /** Among the streams that are kept alive. */
  place = -1;
  readonly #start: StreamForwarderStart;
  readonly #response: ServerResponse;
  readonly #body: StreamBody;
  readonly #events = new WholeEvents();
  readonly #ending: StreamEnding | undefined;
  readonly #shown: SseFrames | undefined;
  /** What waits while the hold is raised. */
  #queue: Buffer[] | undefined;
  #supplierEnd: { readonly error: DomainError | undefined } | undefined;
  #isOpen = false;
  #isOver = false;
  #isStalled = false;
  /** Whether what came last was passed on as it came. Then so is a chunk that only repeats it with another text. */
  #isUnchanged = false;
  #quietTicks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(start: StreamForwarderStart) {
    this.#start = start;
    this.#response = start.exchange.response;
    this.#body = new StreamBody(this.#response, this);
    this.watcher = new StreamWatcher(start.dialect);
    if (!(start.rewriter instanceof EventTranslator)) {
      this.#ending = streamEnding(start.surface, start.choices);
      this.#shown = new SseFrames((name, bytes, from, end) =>
        this.#ending?.sent(name, isKeptEvent(name) ? textOf(bytes, from, end) : ''),
      );
    }
    start.exchange.onGone = () => this.#clientLeft();
    start.keepAlives.add(this);
  }

  /** What the supplier has reported so far. */
  metering(): Metering | undefined {
    return this.watcher.finish();
  }

  data(chunk: Buffer): void {
    const isRepeat = this.watcher.push(chunk);
    if (this.#isOver || this.#start.exchange.isGone) return;
    if (isRepeat && this.#passRepeat(chunk)) return;
    this.#isUnchanged = false;
    const events = this.#events.push(chunk);
    if (events === undefined) return;
    if (this.#queue) this.#queue.push(events);
    else this.#offer(events);
    this.#isUnchanged &&= events === chunk;
  }

  /** The short way of nearly all chunks. @returns false where this one has to go the long way. */
  #passRepeat(chunk: Buffer): boolean {
    if (!this.#isUnchanged || this.#queue !== undefined) return false;
    if (!this.#start.guard.covers(this.watcher.textBytes)) return false;
    // The ending of a Responses stream counts its events.
    if (this.#start.surface === 'openai-responses') this.#shown?.push(chunk);
    this.#write(chunk);
    return true;
  }

  end(): void {
    this.#supplierEnded(undefined);
  }

  failed(error: DomainError): void {
    this.#supplierEnded(error);
  }

  keepAliveTick(): void {
    this.#quietTicks += 1;
    if (this.#quietTicks <= 2 || this.#isOver || this.#isStalled || this.#start.exchange.isGone)
      return;
    this.#open();
    this.#write(KEEP_ALIVE);
  }

  #offer(events: Buffer): void {
    const { textBytes, error } = this.watcher;
    if (!this.#isOpen && error !== undefined && textBytes === 0) {
      this.#start.abort();
      this.#finish({
        kind: 'unopened',
        error: new DomainError('upstream_error', messageOf(error)),
      });
      return;
    }
    if (this.#start.guard.covers(textBytes)) {
      this.#pass(events);
      return;
    }
    this.#queue = [events];
    this.#start.pause();
    void this.#raiseHold();
  }

  async #raiseHold(): Promise<void> {
    let refusal: DomainError | 'limit' | undefined;
    try {
      if (!(await this.#start.guard.extend(this.watcher.facts().textBytes))) refusal = 'limit';
    } catch (error) {
      refusal =
        error instanceof DomainError
          ? error
          : new DomainError('internal', 'raising the hold failed', { cause: error });
    }
    if (this.#isOver || this.#start.exchange.isGone) return;
    if (refusal !== undefined) {
      this.#cut(refusal);
      return;
    }
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    for (let i = 0; i < queue.length; i++) {
      const events = queue[i];
      if (events) this.#offer(events);
      if (this.#queue) {
        (this.#queue as Buffer[]).push(...queue.slice(i + 1));
        return;
      }
    }
    if (this.#supplierEnd) this.#concludeSupplier(this.#supplierEnd.error);
    else if (!this.#isStalled) this.#start.resume();
  }

  /** Ends the client's stream because no more money covers it. */
  #cut(refusal: DomainError | 'limit'): void {
    this.#start.abort();
    this.#open();
    const { rewriter } = this.#start;
    const by = rewriter instanceof EventTranslator ? rewriter : this.#ending;
    this.#write((refusal === 'limit' ? by?.length(NOTICE) : by?.error(refusal)) ?? '');
    this.#finish(
      refusal === 'limit' ? { kind: 'cut-by-limit' } : { kind: 'broken', error: refusal },
    );
  }

  #pass(events: Buffer): void {
    // A chat stream's ending repeats its first event only; the other formats' need all that is open.
    if (!this.#isOpen || this.#start.surface !== 'openai-chat') this.#shown?.push(events);
    const { rewriter } = this.#start;
    const out = rewriter === undefined ? events : rewriter.push(events);
    this.#isUnchanged = out === events;
    if (out.length === 0) return;
    this.#open();
    this.#write(out);
  }

  #supplierEnded(error: DomainError | undefined): void {
    this.watcher.end();
    if (this.#isOver) return;
    if (this.#start.exchange.isGone) {
      this.#finish({ kind: 'client-gone', isWhole: error === undefined && this.#isComplete() });
      return;
    }
    this.#supplierEnd = { error };
    if (this.#queue === undefined) this.#concludeSupplier(error);
  }

  #concludeSupplier(cause: DomainError | undefined): void {
    const { rewriter } = this.#start;
    const { error: sent } = this.watcher.facts();
    const isComplete = this.#isComplete();
    const isTold = sent !== undefined;
    if (isComplete && cause === undefined) this.#passRest();
    if (rewriter instanceof EventTranslator && !isTold) {
      const last = isComplete ? rewriter.end() : undefined;
      if (last !== undefined && last !== '') {
        this.#open();
        this.#write(last);
      }
    }
    if (isComplete && !isTold) {
      this.#finish({ kind: 'completed' });
      return;
    }
    const error = isTold
      ? new DomainError('upstream_error', messageOf(sent))
      : (cause ?? new DomainError('upstream_error', BROKE_OFF));
    if (!this.#isOpen) {
      this.#finish({ kind: 'unopened', error });
      return;
    }
    if (!isTold)
      this.#write(
        (rewriter instanceof EventTranslator ? rewriter : this.#ending)?.error(error) ?? '',
      );
    this.#finish({ kind: 'broken', error });
  }

  /** Some vendors leave out the closing event; then the finish reason says that the answer is whole. */
  #isComplete(): boolean {
    const { isDone, finishReason } = this.watcher.facts();
    return isDone || finishReason !== undefined;
  }

  /** The last event of a complete answer, which some vendors do not close with a blank line. */
  #passRest(): void {
    const rest = this.#events.rest();
    if (rest.length > 0) this.#pass(rest);
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const { exchange } = this.#start;
    const headers = this.#start.headers();
    const list = [
      'content-type',
      'text/event-stream; charset=utf-8',
      'cache-control',
      'no-cache',
      'x-request-id',
      exchange.requestId,
    ];
    if (exchange.format === 'anthropic') list.push('request-id', exchange.requestId);
    for (const name in headers) list.push(name, headers[name] ?? '');
    this.#response.writeHead(200, list);
  }

  #write(out: Buffer | string): void {
    if (out.length === 0) return;
    this.#quietTicks = 0;
    this.#body.write(out);
  }

  full(): void {
    if (this.#isStalled || this.#isOver || this.#start.exchange.isGone) return;
    this.#isStalled = true;
    this.#start.pause();
    this.#timer = setTimeout(() => this.#response.destroy(), this.#start.clientStallMs);
  }

  drained(): void {
    if (!this.#isStalled) return;
    this.#isStalled = false;
    clearTimeout(this.#timer);
    if (!this.#isOver && this.#queue === undefined) this.#start.resume();
  }

  #clientLeft(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#queue = undefined;
    const { readOnMs } = this.#start;
    if (readOnMs === undefined || this.#supplierEnd) {
      this.#start.abort();
      this.watcher.end();
      this.#finish({ kind: 'client-gone', isWhole: false });
      return;
    }
    // A paused supplier would never come to its usage, and its connection would be lost to the pool.
    this.#start.resume();
    this.#timer = setTimeout(() => {
      this.#start.abort();
      this.watcher.end();
      this.#finish({ kind: 'client-gone', isWhole: false });
    }, readOnMs);
  }

  #finish(end: StreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    const { exchange, keepAlives, done } = this.#start;
    exchange.onGone = undefined;
    keepAlives.remove(this);
    // Whoever started it ends the response, which writes past what is still framed here.
    this.#body.flush();
    done(end);
  }
}

const KEPT_EVENTS = new Set([
  'content_block_start',
  'response.created',
  'response.output_item.done',
]);

/** What a client's ending may have to repeat; nothing else is decoded. Chat events have no name. */
function isKeptEvent(name: string | undefined): boolean {
  return name === undefined || KEPT_EVENTS.has(name);
}

function textOf(bytes: Uint8Array, from: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('utf8');
}

function messageOf(error: unknown): string {
  if (
    typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string'
  ) {
    return error.message.slice(0, 1_000);
  }
  return 'The supplier of this model reported an error.';
}
