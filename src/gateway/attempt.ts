import type { Dispatcher } from 'undici';
import type { Metering } from '#metering/metering.ts';
import { addUsage, type Usage } from '#metering/usage.ts';
import type { Supplier } from '#suppliers/supplier.ts';
import { noAnswer, type AttemptResult } from './attempt-result.ts';
import { BodyCollector } from './body-collector.ts';
import { deliveredIn, NOTHING_DELIVERED } from './estimate-consumption.ts';
import { eventEditor, EventTranslator } from './event-rewriter.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { HoldGuard, type HoldGuardStart } from './hold-guard.ts';
import type { KeepAlives } from './keep-alives.ts';
import { readPlainAnswer } from './plain-answer.ts';
import { StreamForwarder } from './stream-forwarder.ts';
import { UpstreamCall, type AnswerHeaders, type AnswerSink } from './upstream-call.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import { publicModelInBody } from './wire/declared-edits.ts';
import { requireObject } from './wire/json-shape.ts';
import type { RequestFacts } from './wire/request-facts.ts';
import type { AnswerContext } from './wire/translate/answer-translation.ts';

export interface AttemptInput {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  readonly upstream: UpstreamRequest;
  readonly dispatcher: Dispatcher;
  readonly limits: GatewayLimits;
  readonly keepAlives: KeepAlives;
  readonly guard: HoldGuardStart;
  readonly requestBody: Buffer;
  readonly nowMs: () => number;
  /** Headers of a stream's answer. */
  readonly streamHeaders: () => Readonly<Record<string, string>>;
}

type Finish = (result: AttemptResult) => void;

/** A supplier's error is read up to here. */
const ERROR_BYTES_MAX = 64 * 1024;

/** Calls one route once. Never rejects and always ends; the pool's time-outs see to that. */
export function attempt(input: AttemptInput): Promise<AttemptResult> {
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  const { exchange, facts, upstream, dispatcher } = input;
  const { route } = upstream;
  const finish: Finish = (result) => {
    exchange.onGone = undefined;
    resolve(result);
  };
  const call = new UpstreamCall({
    dispatcher,
    origin: route.supplier.origin,
    path: upstream.path,
    headers: upstream.headers,
    body: upstream.body,
    headersTimeoutMs: route.headersTimeoutMs,
    silenceTimeoutMs: route.silenceTimeoutMs,
    onSending: () => input.guard.admission.sending(input.guard.hold),
    onAnswer(status, headers) {
      if (status >= 300) return errorCollector(status, headers, finish);
      const isStream = facts.stream && !(textOf(headers['content-type']) ?? '').includes('json');
      if (isStream && isPlainEncoding(headers)) return forwarder(input, call, finish);
      return answerCollector(input, textOf(headers['content-encoding']), finish);
    },
    onFailure(error) {
      const failed = noAnswer(error, false);
      finish(exchange.isGone ? { kind: 'abandoned', mayBill: failed.mayBill } : failed);
    },
  });
  exchange.onGone = givingUp({
    call,
    finish,
    readOnMs: savesByAbort(route.supplier, facts.stream) ? 0 : input.limits.readOnMs,
    mayBillAborted: route.supplier.abortSaving !== 'always',
  });
  call.send();
  return promise;
}

/**
 * What is done when the client leaves: the call is cut where that saves money, and read on for a while
 * where the supplier bills it anyway.
 *
 * Made outside {@link attempt}: a listener that shared its variables would let the collector of young
 * garbage keep the whole request, with its bodies, until the next full collection (measured: a third
 * of all CPU time of a call).
 */
function givingUp(how: {
  readonly call: UpstreamCall;
  readonly finish: Finish;
  /** 0 = cut at once. */
  readonly readOnMs: number;
  /** Whether a call that was cut at once may be billed all the same. */
  readonly mayBillAborted: boolean;
}): () => void {
  const { call, finish, readOnMs, mayBillAborted } = how;
  return () => {
    if (readOnMs === 0) {
      call.abort();
      finish({ kind: 'abandoned', mayBill: mayBillAborted });
      return;
    }
    // Unneeded once the answer is there: a call that is over is not aborted, an end that was told stays.
    setTimeout(() => {
      call.abort();
      finish({ kind: 'abandoned', mayBill: true });
    }, readOnMs).unref();
  };
}

function forwarder(input: AttemptInput, call: UpstreamCall, finish: Finish): AnswerSink {
  const { exchange, facts, upstream, limits } = input;
  const forwarding: StreamForwarder = new StreamForwarder({
    exchange,
    surface: facts.surface,
    dialect: upstream.dialect,
    choices: facts.n,
    rewriter: rewriterOf(input, () => forwarding.metering()),
    guard: new HoldGuard(input.guard),
    keepAlives: input.keepAlives,
    clientStallMs: limits.clientStallMs,
    headers: input.streamHeaders,
    readOnMs: savesByAbort(upstream.route.supplier, true) ? undefined : limits.readOnMs,
    pause: () => call.pause(),
    resume: () => call.resume(),
    abort: () => call.abort(),
    done(end) {
      const metering = forwarding.metering();
      const { error, textBytes } = forwarding.watcher.facts();
      if (end.kind !== 'unopened') {
        const delivered = { text: forwarding.watcher.deliveredText(), bytes: textBytes };
        finish({ kind: 'streamed', end, metering, delivered });
      } else if (error === undefined) {
        finish({ ...noAnswer(end.error, true), metering });
      } else {
        finish({
          kind: 'failed',
          failure: { kind: 'error-within' },
          error: end.error,
          metering,
          mayBill: false,
        });
      }
    },
  });
  return forwarding;
}

function answerCollector(
  input: AttemptInput,
  encoding: string | undefined,
  finish: Finish,
): AnswerSink {
  const { upstream, limits, exchange } = input;
  return new BodyCollector({
    bytesMax: limits.answerBytesMax,
    whenLarger: 'give-up',
    failed: (error) => finish(noAnswer(error, true)),
    done(raw) {
      const from = { dialect: upstream.dialect, bytesMax: limits.answerBytesMax };
      const answer = readPlainAnswer(raw, encoding, from);
      const { metering } = answer;
      switch (answer.kind) {
        case 'answer':
          finish({
            kind: 'plain',
            body: clientBody(input, answer.body, answer.json, metering),
            metering,
            delivered: metering === undefined ? deliveredIn(answer.json) : NOTHING_DELIVERED,
            clientGone: exchange.isGone,
          });
          break;
        case 'error':
          finish({
            kind: 'failed',
            failure: { kind: 'error-within' },
            error: answer.error,
            metering,
            mayBill: false,
          });
          break;
        case 'unreadable':
          finish(noAnswer(answer.error, true));
      }
    },
  });
}

function errorCollector(status: number, headers: AnswerHeaders, finish: Finish): AnswerSink {
  const refused = (body: string): void => {
    finish({
      kind: 'failed',
      failure: { kind: 'refused', failure: { status, headers, body } },
      error: undefined,
      metering: undefined,
      mayBill: false,
    });
  };
  return new BodyCollector({
    bytesMax: ERROR_BYTES_MAX,
    whenLarger: 'drop',
    done: (body) => refused(body.toString('utf8')),
    failed: () => refused(''),
  });
}

function rewriterOf(
  input: AttemptInput,
  metering: () => Metering | undefined,
): EventTranslator | ReturnType<typeof eventEditor> {
  const { facts, upstream } = input;
  const { translation, publicModel, stripsUsage } = upstream;
  if (translation === undefined) {
    return eventEditor({ surface: facts.surface, model: publicModel, stripsUsage });
  }
  return new EventTranslator(translation.stream(answerContext(input, metering)));
}

function clientBody(
  input: AttemptInput,
  body: Buffer | string,
  json: object,
  metering: Metering | undefined,
): Buffer | string {
  const { translation, publicModel } = input.upstream;
  if (translation === undefined) {
    if (publicModel === undefined) return body;
    return publicModelInBody(typeof body === 'string' ? Buffer.from(body) : body, publicModel);
  }
  const context = answerContext(input, () => metering);
  return JSON.stringify(translation.body(json, context));
}

function answerContext(
  { facts, upstream, nowMs, requestBody }: AttemptInput,
  metering: () => Metering | undefined,
): AnswerContext {
  return {
    model: upstream.publicModel ?? facts.model,
    nowMs: nowMs(),
    includeUsage: facts.includeUsage,
    usage: () => totalUsage(metering()),
    request: requireObject(JSON.parse(requestBody.toString('utf8'))),
  };
}

function savesByAbort({ abortSaving }: Supplier, stream: boolean): boolean {
  return abortSaving === 'always' || (abortSaving === 'streams' && stream);
}

function totalUsage(metering: Metering | undefined): Usage | undefined {
  let total: Usage | undefined;
  for (const { usage } of metering?.parts ?? []) {
    total = total === undefined ? usage : addUsage(total, usage);
  }
  return total;
}

function isPlainEncoding(headers: AnswerHeaders): boolean {
  const encoding = textOf(headers['content-encoding']);
  return encoding === undefined || encoding === 'identity';
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
