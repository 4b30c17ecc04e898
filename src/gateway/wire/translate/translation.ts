import { DomainError } from '#base/domain-error.ts';
import { isObject, type JsonObject } from '../json-shape.ts';
import type { Surface } from '../request-facts.ts';
import { SSE_DONE, sseText } from '../sse.ts';
import { streamEnding } from '../stream-ending.ts';
import { errorWithin } from '../upstream-error.ts';
import type { AnswerContext, StreamTranslator, WireEvent } from './answer-translation.ts';
import { anthropicToChatBody, AnthropicToChatStream } from './anthropic-to-chat-answer.ts';
import { anthropicToChatRequest } from './anthropic-to-chat-request.ts';
import { chatToAnthropicBody, ChatToAnthropicStream } from './chat-to-anthropic-answer.ts';
import { chatToAnthropicRequest } from './chat-to-anthropic-request.ts';
import { chatToResponsesBody, ChatToResponsesStream } from './chat-to-responses-answer.ts';
import { responsesToChatRequest } from './responses-to-chat-request.ts';

/** What a supplier's route says about the requests it takes. */
export interface RouteDialect {
  /** The supplier's name of the model. */
  readonly model: string;
  /** Where a limit is required and the client set none: the model's own. */
  readonly outputTokensMax: number;
  /** The field in which a chat supplier reads the output limit. */
  readonly outputLimitField: 'max_completion_tokens' | 'max_tokens';
}

/** Turns one client format into one supplier format and back. Stateless; its streams are not. */
export interface Translation {
  /** @throws DomainError `untranslatable` or `invalid_request`, naming the field of the client's request */
  request(body: JsonObject, route: RouteDialect): JsonObject;
  /** A whole answer. Check it with `errorWithin` first. */
  body(answer: unknown, context: AnswerContext): JsonObject;
  stream(context: AnswerContext): TextTranslator;
}

const CHAT_ANTHROPIC: Pair = {
  request: chatToAnthropicRequest,
  body: anthropicToChatBody,
  stream: (context) => new AnthropicToChatStream(context),
};
const ANTHROPIC_CHAT: Pair = {
  request: anthropicToChatRequest,
  body: chatToAnthropicBody,
  stream: (context) => new ChatToAnthropicStream(context),
};
const RESPONSES_CHAT: Pair = {
  request: responsesToChatRequest,
  body: chatToResponsesBody,
  stream: (context) => new ChatToResponsesStream(context),
};
/** Through chat completions, which says all that both others can. */
const RESPONSES_ANTHROPIC: Pair = {
  request: (body, route) => {
    const chat = responsesToChatRequest(body, { ...route, keepsThinking: true });
    try {
      return chatToAnthropicRequest(chat, route);
    } catch (error) {
      throw inResponsesWords(error);
    }
  },
  body: (answer, context) => chatToResponsesBody(anthropicToChatBody(answer, context), context),
  stream: (context) =>
    new ChainedStream(new AnthropicToChatStream(context), new ChatToResponsesStream(context)),
};

interface Pair {
  readonly request: (body: JsonObject, route: RouteDialect) => JsonObject;
  readonly body: (answer: JsonObject, context: AnswerContext) => JsonObject;
  readonly stream: (context: AnswerContext) => StreamTranslator;
}

const PAIRS: ReadonlyMap<string, Pair> = new Map([
  ['openai-chat>anthropic-messages', CHAT_ANTHROPIC],
  ['anthropic-messages>openai-chat', ANTHROPIC_CHAT],
  ['openai-responses>openai-chat', RESPONSES_CHAT],
  ['openai-responses>anthropic-messages', RESPONSES_ANTHROPIC],
]);

/**
 * The translation between a client's surface and a supplier's wire format.
 * @returns `undefined` where there is none: the same format needs none, and other pairs are not offered
 */
export function translationBetween(client: Surface, supplier: Surface): Translation | undefined {
  const pair = PAIRS.get(`${client}>${supplier}`);
  if (pair === undefined) return undefined;
  return {
    request: pair.request,
    body: (answer, context) => pair.body(isObject(answer) ? answer : {}, context),
    stream: (context) => new TextTranslator(client, pair.stream(context)),
  };
}

const RESPONSES_WORDS: readonly (readonly [chat: RegExp, responses: string])[] = [
  [/^messages\b.*/, 'input'],
  [/^response_format\b(?:\.json_schema)?/, 'text.format'],
  [/^reasoning_effort/, 'reasoning.effort'],
  [/^verbosity/, 'text.verbosity'],
  [/^(tools\[\d+\])\.function/, '$1'],
];

/** Names the field of a refusal as the client wrote it, not as chat completions would. */
function inResponsesWords(error: unknown): unknown {
  if (!(error instanceof DomainError) || error.field === undefined) return error;
  let field = error.field;
  for (const [chat, responses] of RESPONSES_WORDS) field = field.replace(chat, responses);
  return field === error.field
    ? error
    : new DomainError(error.code, error.message.replace(`\`${error.field}\``, `\`${field}\``), {
        field,
      });
}

/**
 * Translates a stream into the client's text. States: open → ended, by the supplier's end, by an error in
 * its stream, or by the caller.
 */
export class TextTranslator {
  readonly #inner: StreamTranslator;
  readonly #ending: ReturnType<typeof streamEnding>;
  #isEnded = false;

  constructor(client: Surface, inner: StreamTranslator) {
    this.#inner = inner;
    this.#ending = streamEnding(client);
  }

  /** True once the client's stream has its last event. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * One `data:` of the supplier, parsed; `undefined` for `[DONE]` and for what is no JSON. Feed the meter before this.
   * @returns the text for the client, often empty
   */
  push(data: unknown): string {
    if (this.#isEnded) return '';
    const error = errorWithin(data);
    if (error) return this.error(error);
    return this.#text(this.#inner.push(isObject(data) ? data : undefined));
  }

  /** The supplier closed the stream. @returns `undefined` where the answer broke off: call {@link error} */
  end(): string | undefined {
    if (this.#isEnded) return '';
    const events = this.#inner.end();
    return events && this.#text(events);
  }

  /** Ends the client's stream with an error. */
  error(error: unknown): string {
    this.#isEnded = true;
    return this.#ending.error(error);
  }

  /** Ends the client's stream as if the output limit had been reached. */
  length(notice: string, usage?: object): string {
    this.#isEnded = true;
    return this.#ending.length(notice, usage);
  }

  #text(events: readonly WireEvent[]): string {
    let text = '';
    for (const event of events) {
      if ('comment' in event) text += `: ${event.comment}\n\n`;
      else if ('done' in event) text += SSE_DONE;
      else {
        const json = JSON.stringify(event.data);
        this.#ending.sent(event.name, json);
        text += sseText(json, event.name);
      }
      if ('done' in event || LAST.has(('name' in event && event.name) || '')) this.#isEnded = true;
    }
    return text;
  }
}

const LAST = new Set(['message_stop', 'response.completed', 'response.incomplete']);

/** Two translations behind one another. */
class ChainedStream implements StreamTranslator {
  readonly #first: StreamTranslator;
  readonly #second: StreamTranslator;

  constructor(first: StreamTranslator, second: StreamTranslator) {
    this.#first = first;
    this.#second = second;
  }

  push(data: JsonObject | undefined): readonly WireEvent[] {
    return this.#first.push(data).flatMap((event) => this.#forward(event));
  }

  end(): readonly WireEvent[] | undefined {
    const events = this.#first.end();
    if (events === undefined) return undefined;
    const forwarded = events.flatMap((event) => this.#forward(event));
    return [...forwarded, ...(this.#second.end() ?? [])];
  }

  #forward(event: WireEvent): readonly WireEvent[] {
    if ('comment' in event) return [event];
    return this.#second.push('done' in event ? undefined : event.data);
  }
}
