import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#base/clock.ts';
import type { Random } from '#base/random.ts';
import { deliver, type SimulatedLatency } from './delivery.ts';
import { planDelivery } from './delivery-plan.ts';
import { misbehaveInContent } from './event-misbehaviour.ts';
import { numberArgument, parseMisbehaviour, type Misbehaviour } from './misbehaviour.ts';
import type { PromptCache, PromptCounts } from './prompt-cache.ts';
import { refusalAnswer, scriptedRefusal, type RefusalAnswer } from './refusal-answer.ts';
import type { ResponseMemory } from './response-memory.ts';
import { readCall } from './read-call.ts';
import { promptTokensOf, type SimulatedWire } from './rendered-answer.ts';
import { responseIdOf } from './responses-wire.ts';
import { answerCall, type SimulatedAnswer, type SimulatedUsage } from './simulated-answer.ts';
import { SimulatedRefusal, type SimulatedCall, type SimulatedSurface } from './simulated-call.ts';
import {
  ATTEMPT_ID_HEADER,
  REQUEST_ID_HEADER,
  type ServedEnd,
  type SimulatorLog,
} from './simulator-log.ts';
import type { ScriptRunner } from './simulator-script.ts';

/** What all exchanges of one simulator share. */
export interface SimulatorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly seed: number;
  readonly cache: PromptCache;
  readonly memory: ResponseMemory;
  readonly log: SimulatorLog;
  readonly script: () => ScriptRunner;
  readonly latency: () => SimulatedLatency;
  readonly models: readonly string[] | undefined;
  readonly apiKey: string | undefined;
}

const OVER_LIMIT_FACTOR = 2;
/** Where an over-limit answer has no limit to go over. */
const OVER_LIMIT_TOKENS = 8192;

/** One request and its answer. */
export class SimulatedExchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #surface: SimulatedSurface;
  readonly #wire: SimulatedWire;
  readonly #parts: SimulatorParts;
  readonly #serial: string;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    surface: SimulatedSurface,
    wire: SimulatedWire,
    parts: SimulatorParts,
  ) {
    this.#request = request;
    this.#response = response;
    this.#surface = surface;
    this.#wire = wire;
    this.#parts = parts;
    this.#serial = Buffer.from(parts.random.bytes(12)).toString('hex');
  }

  /** @throws SimulatedRefusal (401) */
  authenticate(): void {
    const { apiKey } = this.#parts;
    const { authorization, 'x-api-key': key } = this.#request.headers;
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}` && key !== apiKey)
      throw new SimulatedRefusal(401, 'Incorrect API key provided.', null, 'invalid_api_key');
  }

  listModels(known: readonly string[]): void {
    const data = (this.#parts.models ?? known).map((id) => modelObject(id));
    this.#json(200, { object: 'list', data });
  }

  /** @throws SimulatedRefusal (404) */
  showModel(id: string): void {
    this.#requireModel(id);
    this.#json(200, modelObject(id));
  }

  /** Anthropic's `count_tokens`, which wants no `max_tokens`. @throws SimulatedRefusal (400) */
  countTokens(body: Buffer): void {
    const padded = Buffer.from(body.toString('utf8').replace(/^\s*\{/, '{"max_tokens":1,'));
    const call = readCall('messages', this.#request.headers, padded);
    const tokens = call.prompt.reduce((sum, part) => sum + part.tokens, 0);
    this.#json(200, { input_tokens: call.dictated.inputTokens ?? tokens });
  }

  /** Answers a call, with what the script or the caller wants to go wrong, and logs it. */
  async answer(call: SimulatedCall): Promise<void> {
    this.#requireModel(call.model);
    const misbehaviour = this.#misbehaviourOf(call);
    const refusal = misbehaviour && scriptedRefusal(misbehaviour);
    if (refusal) {
      this.#logStart(call, misbehaviour, null);
      this.#logEnd('refused', null);
      return this.#sendRefusal(refusal);
    }
    const heeded = misbehaviour?.name === 'over-limit' ? overLimit(call, misbehaviour) : call;
    const answer = answerCall(heeded, this.#promptCounts(heeded), this.#parts.seed);
    this.#remember(answer.usage);
    this.#logStart(call, misbehaviour, answer.usage);
    const steps = planDelivery({
      answer: this.#render(heeded, answer, misbehaviour),
      stream: call.stream && call.surface !== 'embeddings',
      tokens: answer.usage.output,
      headers: this.#headers(),
      misbehaviour,
    });
    const result = await deliver(this.#response, steps, {
      latency: this.#parts.latency(),
      deafToAbort: misbehaviour?.name === 'bill-after-abort',
    });
    const cut = result.outcome === 'completed' && result.tokens < answer.usage.output;
    this.#logEnd(cut ? 'cut' : result.outcome, generatedUsage(answer.usage, result.tokens));
  }

  /** Answers an error, unless an answer has begun: then the connection ends. */
  refuse(error: unknown): void {
    if (this.#response.headersSent || this.#response.destroyed)
      return void this.#response.destroy();
    this.#sendRefusal(refusalAnswer(error));
  }

  #render(call: SimulatedCall, answer: SimulatedAnswer, misbehaviour: Misbehaviour | undefined) {
    const rendered = this.#wire.render({
      call,
      answer,
      serial: this.#serial,
      createdSeconds: Math.floor(this.#parts.clock.nowMs() / 1000),
    });
    if (!misbehaviour) return rendered;
    return misbehaveInContent(rendered, misbehaviour, {
      wire: this.#wire,
      call,
      usage: answer.usage,
    });
  }

  /** The caller's own wish goes before the script. @throws SimulatedRefusal (400) on an unknown one */
  #misbehaviourOf(call: SimulatedCall): Misbehaviour | undefined {
    const scripted = this.#parts.script().next(call);
    if (call.misbehaviour === undefined) return scripted;
    const asked = parseMisbehaviour(call.misbehaviour);
    if (asked) return asked;
    throw new SimulatedRefusal(400, `no misbehaviour is called ${call.misbehaviour}`);
  }

  #promptCounts(call: SimulatedCall): PromptCounts {
    const carried = this.#parts.memory.carriedTokens(call);
    const counted = this.#parts.cache.count(call);
    return dictatedCounts(call, { ...counted, uncached: counted.uncached + carried });
  }

  #remember(usage: SimulatedUsage): void {
    if (this.#surface !== 'responses') return;
    this.#parts.memory.remember(responseIdOf(this.#serial), promptTokensOf(usage) + usage.output);
  }

  #requireModel(model: string): void {
    const { models } = this.#parts;
    if (models === undefined || models.includes(model)) return;
    const message = `The model '${model}' does not exist or you do not have access to it.`;
    throw new SimulatedRefusal(404, message, null, 'model_not_found');
  }

  #logStart(
    call: SimulatedCall,
    misbehaviour: Misbehaviour | undefined,
    planned: SimulatedUsage | null,
  ): void {
    const { headers } = this.#request;
    this.#parts.log.append({
      event: 'started',
      id: this.#serial,
      atMs: this.#parts.clock.nowMs(),
      surface: this.#surface,
      model: call.model,
      stream: call.stream,
      requestId: headerOf(headers, REQUEST_ID_HEADER) ?? headerOf(headers, 'x-request-id'),
      attemptId: headerOf(headers, ATTEMPT_ID_HEADER),
      idempotencyKey: headerOf(headers, 'idempotency-key'),
      misbehaviour: misbehaviour?.name ?? null,
      planned,
    });
  }

  #logEnd(outcome: ServedEnd['outcome'], billed: SimulatedUsage | null): void {
    const atMs = this.#parts.clock.nowMs();
    this.#parts.log.append({ event: 'ended', id: this.#serial, atMs, outcome, billed });
  }

  #headers(): Record<string, string> {
    const common = { 'x-simulated': 'true', 'cache-control': 'no-cache' };
    if (this.#surface === 'messages') return { ...common, 'request-id': `req_sim${this.#serial}` };
    return {
      ...common,
      'x-request-id': `req_sim${this.#serial}`,
      'openai-version': '2020-10-01',
      'openai-processing-ms': `${this.#parts.latency().firstTokenMs}`,
      'x-ratelimit-limit-requests': '10000',
      'x-ratelimit-remaining-requests': '9999',
      'x-ratelimit-reset-requests': '6ms',
    };
  }

  #sendRefusal({ fault, headers, status }: RefusalAnswer): void {
    this.#json(status, fault === undefined ? {} : this.#wire.error(fault), headers);
  }

  #json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#response.destroyed) return;
    const bytes = Buffer.from(JSON.stringify(body));
    this.#response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': bytes.length,
      ...this.#headers(),
      ...headers,
    });
    this.#response.end(bytes);
  }
}

function overLimit(call: SimulatedCall, misbehaviour: Misbehaviour): SimulatedCall {
  const factor = numberArgument(misbehaviour, OVER_LIMIT_FACTOR);
  const outputTokens = Math.ceil((call.outputTokensMax ?? OVER_LIMIT_TOKENS) * factor);
  return { ...call, outputTokensMax: undefined, dictated: { ...call.dictated, outputTokens } };
}

/** Counts that the caller dictated stand for what was counted. */
function dictatedCounts(call: SimulatedCall, counted: PromptCounts): PromptCounts {
  const { inputTokens, cachedTokens } = call.dictated;
  if (inputTokens === undefined && cachedTokens === undefined) return counted;
  const total = inputTokens ?? promptTokensOf({ ...counted, output: 0, reasoning: 0 });
  const cached = Math.min(cachedTokens ?? 0, total);
  return { uncached: total - cached, cached, written5m: 0, written1h: 0 };
}

/** What is billed where only some of the output was made; thinking comes first. */
function generatedUsage(planned: SimulatedUsage, tokens: number): SimulatedUsage {
  return { ...planned, output: tokens, reasoning: Math.min(planned.reasoning, tokens) };
}

function modelObject(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'simulated' };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}
