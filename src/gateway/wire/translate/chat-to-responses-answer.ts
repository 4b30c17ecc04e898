import type { JsonObject } from '../json-shape.ts';
import type { AnswerContext, StreamTranslator, WireEvent } from './answer-translation.ts';
import { stringOf } from './anthropic-to-chat-answer.ts';
import { carryThinking } from './carried-thinking.ts';
import { chatPieceOf, type ChatCall } from './chat-answer.ts';
import { responsesUsage } from './usage-shape.ts';

/** Says a chat completion as a Responses object. */
export function chatToResponsesBody(answer: JsonObject, context: AnswerContext): JsonObject {
  const piece = chatPieceOf(answer, 'message');
  const id = stringOf(answer['id']);
  const status = statusOf(piece.finishReason);
  const output: JsonObject[] = [];
  if (piece.reasoning !== '' || piece.thinking.length > 0)
    output.push(reasoningItem(itemId('rs', id, 0), piece.reasoning, piece.thinking));
  const parts = [
    ...(piece.text === '' ? [] : [textPart(piece.text)]),
    ...(piece.refusal === '' ? [] : [refusalPart(piece.refusal)]),
  ];
  if (parts.length > 0) output.push(messageItem(itemId('msg', id, output.length), parts, status));
  for (const call of piece.calls)
    output.push(callItem(itemId('fc', id, output.length), call, status));
  return responseOf(id, context, { status, finishReason: piece.finishReason, output });
}

type Status = 'in_progress' | 'completed' | 'incomplete';

function statusOf(finishReason: string | undefined): Status {
  return finishReason === 'length' || finishReason === 'content_filter'
    ? 'incomplete'
    : 'completed';
}

/** Fields of the request that a response repeats. */
const ECHOED = [
  'instructions',
  'max_output_tokens',
  'metadata',
  'parallel_tool_calls',
  'reasoning',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_p',
] as const;
const DEFAULTS: JsonObject = {
  instructions: null,
  metadata: {},
  parallel_tool_calls: true,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_p: null,
};

interface Outcome {
  readonly status: Status;
  readonly finishReason?: string | undefined;
  readonly output: readonly JsonObject[];
}

function responseOf(
  id: string,
  context: AnswerContext,
  { status, finishReason, output }: Outcome,
): JsonObject {
  const echo: Record<string, unknown> = { ...DEFAULTS };
  for (const name of ECHOED) echo[name] = context.request[name] ?? DEFAULTS[name] ?? null;
  const usage = status === 'in_progress' ? undefined : context.usage();
  const reason = finishReason === 'content_filter' ? 'content_filter' : 'max_output_tokens';
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: Math.floor(context.nowMs / 1000),
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason } : null,
    model: context.model,
    output,
    previous_response_id: null,
    store: false,
    truncation: 'disabled',
    ...echo,
    usage: usage ? responsesUsage(usage) : null,
  };
}

/** Items of one response have distinct ids that follow from the response's. */
function itemId(prefix: string, id: string, index: number): string {
  return `${prefix}_${id}_${index}`;
}

function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function refusalPart(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

function messageItem(id: string, content: readonly JsonObject[], status: Status): JsonObject {
  return { type: 'message', id, role: 'assistant', status, content };
}

function reasoningItem(id: string, text: string, thinking: readonly JsonObject[]): JsonObject {
  return {
    type: 'reasoning',
    id,
    summary: [],
    content: text === '' ? [] : [{ type: 'reasoning_text', text }],
    ...(thinking.length > 0 && { encrypted_content: carryThinking(thinking) }),
  };
}

function callItem(
  id: string,
  call: { readonly id: string; readonly name: string; readonly text: string },
  status: Status,
): JsonObject {
  return {
    type: 'function_call',
    id,
    call_id: call.id,
    name: call.name,
    arguments: call.text,
    status,
  };
}

/** An output item that is being streamed. */
interface OpenItem {
  readonly kind: 'reasoning' | 'message' | 'call';
  readonly id: string;
  readonly index: number;
  text: string;
  refusal: string;
  readonly thinking: JsonObject[];
  readonly call: ChatCall;
}

/**
 * States: before the first chunk → open items, each at its own index → finish reason seen → ended.
 * Items may be open side by side here, so nothing waits but a call whose name has not come yet.
 */
export class ChatToResponsesStream implements StreamTranslator {
  readonly #context: AnswerContext;
  readonly #items: OpenItem[] = [];
  readonly #calls = new Map<number, OpenItem | ChatCall>();
  #id = '';
  #sequence = 0;
  #hasStarted = false;
  #finishReason: string | undefined;
  #hasEnded = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(data: JsonObject | undefined): readonly WireEvent[] {
    if (this.#hasEnded) return [];
    if (data === undefined) return this.end() ?? [];
    const events: WireEvent[] = [];
    if (!this.#hasStarted) this.#start(stringOf(data['id']), events);
    const piece = chatPieceOf(data, 'delta');
    if (piece.reasoning !== '') this.#reasoning(piece.reasoning, events);
    if (piece.thinking.length > 0)
      this.#itemOf('reasoning', events).thinking.push(...piece.thinking);
    if (piece.text !== '') this.#text(piece.text, events);
    if (piece.refusal !== '') this.#refusal(piece.refusal, events);
    for (const call of piece.calls) this.#call(call, events);
    this.#finishReason = piece.finishReason ?? this.#finishReason;
    return events;
  }

  end(): readonly WireEvent[] | undefined {
    if (this.#hasEnded) return [];
    return this.#finishReason === undefined ? undefined : this.#finish();
  }

  #start(id: string, events: WireEvent[]): void {
    this.#hasStarted = true;
    this.#id = id;
    const response = responseOf(id, this.#context, { status: 'in_progress', output: [] });
    events.push(
      this.#event('response.created', { response }),
      this.#event('response.in_progress', { response }),
    );
  }

  #reasoning(text: string, events: WireEvent[]): void {
    const item = this.#itemOf('reasoning', events);
    if (item.text === '')
      events.push(
        this.#event('response.content_part.added', {
          ...at(item),
          content_index: 0,
          part: { type: 'reasoning_text', text: '' },
        }),
      );
    item.text += text;
    events.push(
      this.#event('response.reasoning_text.delta', { ...at(item), content_index: 0, delta: text }),
    );
  }

  #text(text: string, events: WireEvent[]): void {
    const item = this.#itemOf('message', events);
    if (item.text === '')
      events.push(
        this.#event('response.content_part.added', {
          ...at(item),
          content_index: 0,
          part: textPart(''),
        }),
      );
    item.text += text;
    events.push(
      this.#event('response.output_text.delta', {
        ...at(item),
        content_index: 0,
        delta: text,
        logprobs: [],
      }),
    );
  }

  /** A refusal stands behind the text, if there was any when it began. */
  #refusal(text: string, events: WireEvent[]): void {
    const item = this.#itemOf('message', events);
    const content_index = item.text === '' ? 0 : 1;
    if (item.refusal === '')
      events.push(
        this.#event('response.content_part.added', {
          ...at(item),
          content_index,
          part: refusalPart(''),
        }),
      );
    item.refusal += text;
    events.push(this.#event('response.refusal.delta', { ...at(item), content_index, delta: text }));
  }

  #itemOf(kind: 'reasoning' | 'message', events: WireEvent[]): OpenItem {
    return (
      this.#items.find((item) => item.kind === kind) ??
      this.#add(kind, { id: '', name: '', text: '' }, events)
    );
  }

  #add(kind: OpenItem['kind'], call: ChatCall, events: WireEvent[]): OpenItem {
    const index = this.#items.length;
    const prefix = kind === 'reasoning' ? 'rs' : kind === 'message' ? 'msg' : 'fc';
    const item: OpenItem = {
      kind,
      id: itemId(prefix, this.#id, index),
      index,
      text: '',
      refusal: '',
      thinking: [],
      call,
    };
    this.#items.push(item);
    const empty =
      kind === 'call'
        ? callItem(item.id, { ...call, text: '' }, 'in_progress')
        : itemJson(item, 'in_progress');
    events.push(this.#event('response.output_item.added', { output_index: index, item: empty }));
    return item;
  }

  #call(
    piece: { index: number; id: string; name: string; text: string },
    events: WireEvent[],
  ): void {
    const known = this.#calls.get(piece.index);
    const call =
      known === undefined ? { id: '', name: '', text: '' } : 'call' in known ? known.call : known;
    call.id ||= piece.id;
    call.name ||= piece.name;
    call.text += piece.text;
    if (known !== undefined && 'call' in known) {
      if (piece.text !== '')
        events.push(
          this.#event('response.function_call_arguments.delta', {
            ...at(known),
            delta: piece.text,
          }),
        );
      return;
    }
    this.#calls.set(piece.index, call);
    if (call.name === '' || call.id === '') return;
    const item = this.#add('call', call, events);
    this.#calls.set(piece.index, item);
    if (call.text !== '')
      events.push(
        this.#event('response.function_call_arguments.delta', { ...at(item), delta: call.text }),
      );
  }

  #finish(): readonly WireEvent[] {
    this.#hasEnded = true;
    const events: WireEvent[] = [];
    if (!this.#hasStarted) this.#start('', events);
    const status = statusOf(this.#finishReason);
    for (const item of this.#items) this.#close(item, status, events);
    const output = this.#items.map((item) => itemJson(item, status));
    const response = responseOf(this.#id, this.#context, {
      status,
      finishReason: this.#finishReason,
      output,
    });
    events.push(
      this.#event(status === 'incomplete' ? 'response.incomplete' : 'response.completed', {
        response,
      }),
    );
    return events;
  }

  #close(item: OpenItem, status: Status, events: WireEvent[]): void {
    const place = at(item);
    if (item.kind === 'reasoning') {
      if (item.text !== '') {
        events.push(
          this.#event('response.reasoning_text.done', {
            ...place,
            content_index: 0,
            text: item.text,
          }),
          this.#event('response.content_part.done', {
            ...place,
            content_index: 0,
            part: { type: 'reasoning_text', text: item.text },
          }),
        );
      }
    } else if (item.kind === 'call') {
      events.push(
        this.#event('response.function_call_arguments.done', {
          ...place,
          name: item.call.name,
          arguments: item.call.text,
        }),
      );
    } else {
      if (item.text !== '') {
        events.push(
          this.#event('response.output_text.done', {
            ...place,
            content_index: 0,
            text: item.text,
            logprobs: [],
          }),
          this.#event('response.content_part.done', {
            ...place,
            content_index: 0,
            part: textPart(item.text),
          }),
        );
      }
      if (item.refusal !== '') {
        const content_index = item.text === '' ? 0 : 1;
        events.push(
          this.#event('response.refusal.done', { ...place, content_index, refusal: item.refusal }),
          this.#event('response.content_part.done', {
            ...place,
            content_index,
            part: refusalPart(item.refusal),
          }),
        );
      }
    }
    events.push(
      this.#event('response.output_item.done', {
        output_index: item.index,
        item: itemJson(item, status),
      }),
    );
  }

  #event(type: string, rest: JsonObject): WireEvent {
    return { name: type, data: { type, sequence_number: this.#sequence++, ...rest } };
  }
}

function at(item: OpenItem): { item_id: string; output_index: number } {
  return { item_id: item.id, output_index: item.index };
}

function itemJson(item: OpenItem, status: Status): JsonObject {
  if (item.kind === 'call') return callItem(item.id, item.call, status);
  if (item.kind === 'reasoning') return reasoningItem(item.id, item.text, item.thinking);
  const parts = [
    ...(item.text === '' ? [] : [textPart(item.text)]),
    ...(item.refusal === '' ? [] : [refusalPart(item.refusal)]),
  ];
  return messageItem(item.id, parts, status);
}
