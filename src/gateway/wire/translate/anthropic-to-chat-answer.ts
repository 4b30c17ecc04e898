import { isObject, type JsonObject } from '../json-shape.ts';
import type { AnswerContext, StreamTranslator, WireEvent } from './answer-translation.ts';
import { finishReasonOf } from './finish-reason.ts';
import { chatUsage } from './usage-shape.ts';

/**
 * Says a Claude model's answer as a chat completion. Thinking stands in `reasoning_content` (as other
 * chat suppliers have it) and, with the signatures that a tool loop must send back, in
 * `thinking_blocks`.
 */
export function anthropicToChatBody(answer: JsonObject, context: AnswerContext): JsonObject {
  let text = '';
  let reasoning = '';
  let hasText = false;
  const calls: JsonObject[] = [];
  const thinking: JsonObject[] = [];
  for (const block of blocksOf(answer)) {
    if (block['type'] === 'text') {
      hasText = true;
      text += stringOf(block['text']);
    } else if (block['type'] === 'tool_use')
      calls.push(callOf(block, JSON.stringify(block['input'] ?? {})));
    else if (isThinking(block)) {
      thinking.push(block);
      reasoning += stringOf(block['thinking']);
    }
  }
  const usage = context.usage();
  const message = {
    role: 'assistant',
    content: hasText ? text : null,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(thinking.length > 0 && { thinking_blocks: thinking }),
  };
  return {
    id: `chatcmpl-${stringOf(answer['id'])}`,
    object: 'chat.completion',
    created: Math.floor(context.nowMs / 1000),
    model: context.model,
    choices: [
      { index: 0, message, logprobs: null, finish_reason: finishReasonOf(answer['stop_reason']) },
    ],
    ...(usage && { usage: chatUsage(usage) }),
  };
}

function blocksOf(answer: JsonObject): readonly JsonObject[] {
  return Array.isArray(answer['content']) ? answer['content'].filter(isObject) : [];
}

function isThinking(block: JsonObject): boolean {
  return block['type'] === 'thinking' || block['type'] === 'redacted_thinking';
}

function callOf(block: JsonObject, text: string): JsonObject {
  return { id: block['id'], type: 'function', function: { name: block['name'], arguments: text } };
}

/** The text of a value that should be text; a supplier's mistake becomes nothing. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

interface OpenBlock {
  readonly block: JsonObject;
  /** Which of the client's tool calls this is; −1 for other blocks. */
  readonly call: number;
  thinking: string;
  signature: string;
  hasArguments: boolean;
}

/** States: before `message_start` → in a block or between blocks → ended by `message_stop`. */
export class AnthropicToChatStream implements StreamTranslator {
  readonly #context: AnswerContext;
  readonly #open = new Map<number, OpenBlock>();
  #id = 'chatcmpl-';
  #calls = 0;
  #hasFinished = false;
  #hasEnded = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(data: JsonObject | undefined): readonly WireEvent[] {
    if (data === undefined || this.#hasEnded) return [];
    switch (data['type']) {
      case 'message_start':
        this.#id = `chatcmpl-${isObject(data['message']) ? stringOf(data['message']['id']) : ''}`;
        return [this.#chunk({ role: 'assistant', content: '' })];
      case 'content_block_start':
        return this.#start(data);
      case 'content_block_delta':
        return this.#delta(data);
      case 'content_block_stop':
        return this.#stop(data);
      case 'message_delta': {
        const reason = isObject(data['delta']) ? data['delta']['stop_reason'] : undefined;
        if (typeof reason !== 'string' || this.#hasFinished) return [];
        this.#hasFinished = true;
        return [this.#chunk({}, finishReasonOf(reason))];
      }
      case 'message_stop':
        return this.#finish();
      case 'ping':
        return [{ comment: 'ping' }];
      default:
        return [];
    }
  }

  end(): readonly WireEvent[] | undefined {
    if (this.#hasEnded) return [];
    return this.#hasFinished ? this.#finish() : undefined;
  }

  #start(data: JsonObject): readonly WireEvent[] {
    const block = isObject(data['content_block']) ? data['content_block'] : {};
    const isCall = block['type'] === 'tool_use';
    const open: OpenBlock = {
      block,
      call: isCall ? this.#calls++ : -1,
      thinking: stringOf(block['thinking']),
      signature: stringOf(block['signature']),
      hasArguments: false,
    };
    this.#open.set(indexOf(data), open);
    if (isCall) return [this.#chunk({ tool_calls: [{ index: open.call, ...callOf(block, '') }] })];
    if (block['type'] === 'text' && stringOf(block['text']) !== '')
      return [this.#chunk({ content: block['text'] })];
    return open.thinking === '' ? [] : [this.#chunk({ reasoning_content: open.thinking })];
  }

  #delta(data: JsonObject): readonly WireEvent[] {
    const open = this.#open.get(indexOf(data));
    const delta = isObject(data['delta']) ? data['delta'] : {};
    switch (delta['type']) {
      case 'text_delta':
        return delta['text'] === '' ? [] : [this.#chunk({ content: stringOf(delta['text']) })];
      case 'input_json_delta': {
        const text = stringOf(delta['partial_json']);
        if (open === undefined || open.call < 0 || text === '') return [];
        open.hasArguments = true;
        return [this.#chunk({ tool_calls: [{ index: open.call, function: { arguments: text } }] })];
      }
      case 'thinking_delta':
        if (open) open.thinking += stringOf(delta['thinking']);
        return [this.#chunk({ reasoning_content: stringOf(delta['thinking']) })];
      case 'signature_delta':
        if (open) open.signature += stringOf(delta['signature']);
        return [];
      default:
        return [];
    }
  }

  #stop(data: JsonObject): readonly WireEvent[] {
    const open = this.#open.get(indexOf(data));
    this.#open.delete(indexOf(data));
    if (open === undefined) return [];
    if (open.call >= 0 && !open.hasArguments) {
      // A call without arguments has no delta there; here its text must still be JSON.
      return [
        this.#chunk({
          tool_calls: [
            {
              index: open.call,
              function: { arguments: JSON.stringify(open.block['input'] ?? {}) },
            },
          ],
        }),
      ];
    }
    if (!isThinking(open.block)) return [];
    const block =
      open.block['type'] === 'thinking'
        ? { ...open.block, thinking: open.thinking, signature: open.signature }
        : open.block;
    return [this.#chunk({ thinking_blocks: [block] })];
  }

  #finish(): readonly WireEvent[] {
    this.#hasEnded = true;
    const events: WireEvent[] = this.#hasFinished ? [] : [this.#chunk({}, 'stop')];
    const usage = this.#context.includeUsage ? this.#context.usage() : undefined;
    if (usage) events.push({ data: { ...this.#head(), choices: [], usage: chatUsage(usage) } });
    events.push({ done: true });
    return events;
  }

  #head(): JsonObject {
    return {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: Math.floor(this.#context.nowMs / 1000),
      model: this.#context.model,
    };
  }

  #chunk(delta: JsonObject, finishReason: string | null = null): WireEvent {
    return {
      data: {
        ...this.#head(),
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      },
    };
  }
}

function indexOf(data: JsonObject): number {
  return typeof data['index'] === 'number' ? data['index'] : 0;
}
