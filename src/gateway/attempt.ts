import type { DomainError } from '#base/domain-error.ts';
import type { Metering } from '#metering/metering.ts';
import { BodyCollector } from './body-collector.ts';
import { deliveredIn, NOTHING_DELIVERED, type Delivered } from './estimate-consumption.ts';
import { eventEditor, EventTranslator } from './event-rewriter.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { HoldGuard, type HoldGuardStart } from './hold-guard.ts';
import type { KeepAlives } from './keep-alives.ts';
import { readPlainAnswer } from './plain-answer.ts';
import type { AttemptFailure } from './retry-policy.ts';
import { StreamForwarder, type StreamEnd } from './stream-forwarder.ts';
import { UpstreamCall, type AnswerSink } from './upstream-call.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { RequestFacts } from './wire/request-facts.ts';
import { publicModelInBody } from './wire/declared-edits.ts';
import { requireObject } from './wire/json-shape.ts';
import { addUsage, type Usage } from '#metering/usage.ts';
import type { Supplier } from '#suppliers/supplier.ts';
import type { Dispatcher } from 'undici';

/** What came of one call of one route. */
export type AttemptResult =
  /** A success in one piece, ready for the client. */
  | {
      readonly kind: 'plain';
      readonly body: Buffer;
      readonly metering: Metering | undefined;
      readonly delivered: Delivered;
      readonly clientGone: boolean;
    }
  /** A stream of which the client has seen something. */
  | {
      readonly kind: 'streamed';
      readonly end: StreamEnd;
      readonly metering: Metering | undefined;
      readonly delivered: Delivered;
    }
  /** The client has seen nothing: another attempt may be made. */
  | {
      readonly kind: 'failed';
      readonly failure: AttemptFailure;
      readonly error: DomainError | undefined;
      readonly metering: Metering | undefined;
    }
  /** The client left before there was anything to see. `mayBill`: the supplier was at work by then. */
  | { readonly kind: 'abandoned'; readonly mayBill: boolean };

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

/** A supplier's error is read up to here. */
const ERROR_BYTES_MAX = 64 * 1024;

/** Calls one route once. Never throws and always ends; the pool's time-outs see to that. */
export function attempt(input: AttemptInput): Promise<AttemptResult> {
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  const { exchange, facts, upstream, dispatcher } = input;
  const { supplier } = upstream.route;
  let readOn: NodeJS.Timeout | undefined;
  const finish = (result: AttemptResult): void => {
    clearTimeout(readOn);
    exchange.onGone = undefined;
    resolve(result);
  };
  const call = new UpstreamCall({
    dispatcher,
    origin: supplier.origin,
    path: upstream.path,
    headers: upstream.headers,
    body: upstream.body,
    headersTimeoutMs: upstream.route.headersTimeoutMs,
    silenceTimeoutMs: upstream.route.silenceTimeoutMs,
    onAnswer(status, headers) {
      const type = textOf(headers['content-type']) ?? '';
      if (status >= 300) return errorCollector(status, headers, finish);
      if (facts.stream && !type.includes('json') && isPlainEncoding(headers))
        return forwarder(input, call, finish);
      return answerCollector(input, textOf(headers['content-encoding']), finish);
    },
    onFailure(error) {
      if (exchange.isGone)
        finish({ kind: 'abandoned', mayBill: error.code === 'upstream_timeout' });
      else
        finish({
          kind: 'failed',
          failure: { kind: error.code === 'upstream_timeout' ? 'silent' : 'broken' },
          error,
          metering: undefined,
        });
    },
  });
  exchange.onGone = () => {
    if (savesByAbort(supplier, facts.stream)) {
      call.abort();
      finish({ kind: 'abandoned', mayBill: supplier.abortSaving !== 'always' });
      return;
    }
    readOn = setTimeout(() => {
      call.abort();
      finish({ kind: 'abandoned', mayBill: true });
    }, input.limits.readOnMs);
  };
  call.send();
  return promise;
}

function forwarder(
  input: AttemptInput,
  call: UpstreamCall,
  finish: (result: AttemptResult) => void,
): AnswerSink {
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
    headers: input.streamHeaders(),
    readOnMs: savesByAbort(upstream.route.supplier, true) ? undefined : limits.readOnMs,
    pause: () => call.pause(),
    resume: () => call.resume(),
    abort: () => call.abort(),
    done(end) {
      const metering = forwarding.metering();
      if (end.kind === 'unopened') {
        const failure = unopenedFailure(end.error, forwarding);
        finish({ kind: 'failed', failure, error: end.error, metering });
        return;
      }
      const delivered = {
        text: forwarding.watcher.deliveredText(),
        bytes: forwarding.watcher.facts().textBytes,
      };
      finish({ kind: 'streamed', end, metering, delivered });
    },
  });
  return forwarding;
}

function unopenedFailure(error: DomainError, { watcher }: StreamForwarder): AttemptFailure {
  if (watcher.facts().error !== undefined) return { kind: 'error-within' };
  return { kind: error.code === 'upstream_timeout' ? 'silent' : 'broken' };
}

function rewriterOf(
  { facts, upstream, nowMs, requestBody }: AttemptInput,
  metering: () => Metering | undefined,
): EventTranslator | ReturnType<typeof eventEditor> {
  const { translation, publicModel, stripsUsage } = upstream;
  if (translation === undefined)
    return eventEditor({ surface: facts.surface, model: publicModel, stripsUsage });
  return new EventTranslator(
    translation.stream({
      model: publicModel ?? facts.model,
      nowMs: nowMs(),
      includeUsage: facts.includeUsage,
      usage: () => totalUsage(metering()),
      request: requireObject(JSON.parse(requestBody.toString('utf8'))),
    }),
  );
}

function answerCollector(
  input: AttemptInput,
  encoding: string | undefined,
  finish: (result: AttemptResult) => void,
): AnswerSink {
  const { upstream, limits, exchange } = input;
  return new BodyCollector({
    bytesMax: limits.answerBytesMax,
    whenLarger: 'give-up',
    failed: (error) =>
      finish({
        kind: 'failed',
        failure: { kind: error.code === 'upstream_timeout' ? 'silent' : 'broken' },
        error,
        metering: undefined,
      }),
    done(raw) {
      const answer = readPlainAnswer(raw, encoding, {
        dialect: upstream.dialect,
        bytesMax: limits.answerBytesMax,
      });
      if (answer.kind === 'error') {
        finish({
          kind: 'failed',
          failure: { kind: 'error-within' },
          error: answer.error,
          metering: answer.metering,
        });
        return;
      }
      const { json, metering } = answer;
      const delivered = metering === undefined ? deliveredIn(json) : NOTHING_DELIVERED;
      finish({
        kind: 'plain',
        body: clientBody(input, answer.body, json, metering),
        metering,
        delivered,
        clientGone: exchange.isGone,
      });
    },
  });
}

function clientBody(
  { facts, upstream, nowMs, requestBody }: AttemptInput,
  body: Buffer,
  json: object,
  metering: Metering | undefined,
): Buffer {
  const { translation, publicModel } = upstream;
  if (translation === undefined)
    return publicModel === undefined ? body : publicModelInBody(body, publicModel);
  const translated = translation.body(json, {
    model: publicModel ?? facts.model,
    nowMs: nowMs(),
    includeUsage: true,
    usage: () => totalUsage(metering),
    request: requireObject(JSON.parse(requestBody.toString('utf8'))),
  });
  return Buffer.from(JSON.stringify(translated));
}

function errorCollector(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  finish: (result: AttemptResult) => void,
): AnswerSink {
  const refused = (body: string): void => {
    finish({
      kind: 'failed',
      failure: { kind: 'refused', failure: { status, headers, body } },
      error: undefined,
      metering: undefined,
    });
  };
  return new BodyCollector({
    bytesMax: ERROR_BYTES_MAX,
    whenLarger: 'drop',
    done: (body) => refused(body.toString('utf8')),
    failed: () => refused(''),
  });
}

function savesByAbort({ abortSaving }: Supplier, stream: boolean): boolean {
  return abortSaving === 'always' || (abortSaving === 'streams' && stream);
}

function totalUsage(metering: Metering | undefined): Usage | undefined {
  let total: Usage | undefined;
  for (const { usage } of metering?.parts ?? [])
    total = total === undefined ? usage : addUsage(total, usage);
  return total;
}

function isPlainEncoding(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): boolean {
  const encoding = textOf(headers['content-encoding']);
  return encoding === undefined || encoding === 'identity';
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
