import { isObject, type JsonObject } from '../json-shape.ts';
import type { AnswerContext, StreamTranslator, WireEvent } from './answer-translation.ts';
import { stringOf } from './anthropic-to-chat-answer.ts';
import { chatPieceOf, type ChatCall } from './chat-answer.ts';
import { stopReasonOf } from './finish-reason.ts';
import { anthropicUsage } from './usage-shape.ts';

const NO_USAGE_YET = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
};

/** Says a chat completion as an Anthropic message. Reasoning becomes a thinking block without a signature. */
export function chatToAnthropicBody(answer: JsonObject, context: AnswerContext): JsonObject {
  const piece = chatPieceOf(answer, 'message');
  const usage = context.usage();
  const content: JsonObject[] = [];
  if (piece.reasoning !== '')
    content.push({ type: 'thinking', thinking: piece.reasoning, signature: '' });
  if (piece.text + piece.refusal !== '') content.push(textBlock(piece.text + piece.refusal));
  for (const call of piece.calls) content.push({ ...toolBlock(call), input: inputOf(call.text) });
  return {
    ...emptyMessage(stringOf(answer['id']), context.model),
    content,
    stop_reason:
      piece.refusal === '' ? stopReasonOf(piece.finishReason, piece.calls.length > 0) : 'refusal',
    usage: usage ? anthropicUsage(usage) : NO_USAGE_YET,
  };
}

/**
 * A call's arguments as an object. A text that is no JSON object (the output limit cut it) is kept
 * under the name that Anthropic's documentation gives for it ("Fine-grained tool streaming").
 */
function inputOf(text: string): JsonObject {
  if (text.trim() === '') return {};
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch {
    // fall through: the raw text is what there is
  }
  return { INVALID_JSON: text };
}

function emptyMessage(id: string, model: string): JsonObject {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: NO_USAGE_YET,
  };
}

function textBlock(text: string): JsonObject {
  return { type: 'text', text, citations: null };
}

function toolBlock(call: { readonly id: string; readonly name: string }): JsonObject {
  return { type: 'tool_use', id: call.id, name: call.name, input: {} };
}

type Kind = 'thinking' | 'text' | 'tool_use';

/**
 * States: before the first chunk → in one open block or in none → finish reason seen → ended.
 *
 * Anthropic's blocks follow one another, while the deltas of parallel calls may interleave. So the first
 * call streams as it comes; other calls, and text behind the first call, wait until the answer ends.
 */
export class ChatToAnthropicStream implements StreamTranslator {
  readonly #context: AnswerContext;
  readonly #calls = new Map<number, ChatCall>();
  #first: number | undefined;
  #late = '';
  #blocks = 0;
  #open: Kind | undefined;
  #hasStarted = false;
  #hasRefused = false;
  #finishReason: string | undefined;
  #hasEnded = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(data: JsonObject | undefined): readonly WireEvent[] {
    if (this.#hasEnded) return [];
    if (data === undefined) return this.end() ?? [];
    const events: WireEvent[] = [];
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      events.push(
        event({
          type: 'message_start',
          message: emptyMessage(stringOf(data['id']), this.#context.model),
        }),
        event({ type: 'ping' }),
      );
    }
    const piece = chatPieceOf(data, 'delta');
    if (piece.refusal !== '') this.#hasRefused = true;
    if (piece.reasoning !== '') this.#reasoning(piece.reasoning, events);
    if (piece.text + piece.refusal !== '') this.#text(piece.text + piece.refusal, events);
    for (const call of piece.calls) this.#call(call, events);
    this.#finishReason = piece.finishReason ?? this.#finishReason;
    return events;
  }

  end(): readonly WireEvent[] | undefined {
    if (this.#hasEnded) return [];
    return this.#finishReason === undefined ? undefined : this.#finish();
  }

  #reasoning(text: string, events: WireEvent[]): void {
    if (this.#first !== undefined) return; // reasoning behind a call has no block to stand in
    this.#enter('thinking', { type: 'thinking', thinking: '', signature: '' }, events);
    events.push(this.#delta({ type: 'thinking_delta', thinking: text }));
  }

  #text(text: string, events: WireEvent[]): void {
    if (this.#first !== undefined) {
      this.#late += text;
      return;
    }
    this.#enter('text', textBlock(''), events);
    events.push(this.#delta({ type: 'text_delta', text }));
  }

  #call(
    piece: { index: number; id: string; name: string; text: string },
    events: WireEvent[],
  ): void {
    const call = this.#calls.get(piece.index) ?? { id: '', name: '', text: '' };
    this.#calls.set(piece.index, call);
    call.id ||= piece.id;
    call.name ||= piece.name;
    if (this.#first === undefined && call.id !== '' && call.name !== '') {
      this.#first = piece.index;
      this.#enter('tool_use', toolBlock(call), events);
      if (call.text !== '')
        events.push(this.#delta({ type: 'input_json_delta', partial_json: call.text }));
    }
    call.text += piece.text;
    if (this.#first === piece.index && piece.text !== '')
      events.push(this.#delta({ type: 'input_json_delta', partial_json: piece.text }));
  }

  #enter(kind: Kind, block: JsonObject, events: WireEvent[]): void {
    if (this.#open === kind && kind !== 'tool_use') return;
    this.#leave(events);
    this.#open = kind;
    events.push(event({ type: 'content_block_start', index: this.#blocks, content_block: block }));
  }

  #leave(events: WireEvent[]): void {
    if (this.#open === undefined) return;
    if (this.#open === 'thinking')
      events.push(this.#delta({ type: 'signature_delta', signature: '' }));
    events.push(event({ type: 'content_block_stop', index: this.#blocks }));
    this.#open = undefined;
    this.#blocks += 1;
  }

  #delta(delta: JsonObject): WireEvent {
    return event({ type: 'content_block_delta', index: this.#blocks, delta });
  }

  #finish(): readonly WireEvent[] {
    this.#hasEnded = true;
    const events: WireEvent[] = [];
    if (!this.#hasStarted)
      events.push(event({ type: 'message_start', message: emptyMessage('', this.#context.model) }));
    this.#leave(events);
    for (const [index, call] of [...this.#calls].sort(([a], [b]) => a - b)) {
      if (index === this.#first) continue;
      this.#enter('tool_use', toolBlock(call), events);
      events.push(this.#delta({ type: 'input_json_delta', partial_json: call.text }));
      this.#leave(events);
    }
    if (this.#late !== '') {
      this.#enter('text', textBlock(''), events);
      events.push(this.#delta({ type: 'text_delta', text: this.#late }));
      this.#leave(events);
    }
    const usage = this.#context.usage();
    const stopReason = this.#hasRefused
      ? 'refusal'
      : stopReasonOf(this.#finishReason, this.#calls.size > 0);
    events.push(
      event({
        type: 'message_delta',
        delta: { stop_reason: stopReason, stop_sequence: null },
        usage: usage ? anthropicUsage(usage) : NO_USAGE_YET,
      }),
      event({ type: 'message_stop' }),
    );
    return events;
  }
}

function event(data: JsonObject & { readonly type: string }): WireEvent {
  return { name: data.type, data };
}
