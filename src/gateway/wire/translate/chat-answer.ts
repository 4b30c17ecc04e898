import { isObject, type JsonObject } from '../json-shape.ts';
import { stringOf } from './anthropic-to-chat-answer.ts';

/** One tool call of a chat answer, as far as it has arrived. */
export interface ChatCall {
  id: string;
  name: string;
  /** The arguments' text, which is JSON once the call is whole. */
  text: string;
}

/** The part of a chat answer or of one chunk that translations read: the first choice. */
export interface ChatPiece {
  readonly text: string;
  /** What the model refused with, which OpenAI keeps apart from the text. */
  readonly refusal: string;
  readonly reasoning: string;
  /** A Claude model's thinking blocks that are whole, with their signatures. */
  readonly thinking: readonly JsonObject[];
  readonly calls: readonly {
    readonly index: number;
    readonly id: string;
    readonly name: string;
    readonly text: string;
  }[];
  readonly finishReason: string | undefined;
}

const NOTHING: ChatPiece = {
  text: '',
  refusal: '',
  reasoning: '',
  thinking: [],
  calls: [],
  finishReason: undefined,
};

/** Reads the first choice of a chat completion (`message`) or of a chunk (`delta`). */
export function chatPieceOf(json: JsonObject, key: 'message' | 'delta'): ChatPiece {
  const choices = Array.isArray(json['choices']) ? json['choices'] : [];
  const choice: unknown = choices.find((each) => isObject(each) && (each['index'] ?? 0) === 0);
  if (!isObject(choice)) return NOTHING;
  const from = isObject(choice[key]) ? choice[key] : {};
  const calls = Array.isArray(from['tool_calls']) ? from['tool_calls'].filter(isObject) : [];
  return {
    text: stringOf(from['content']),
    refusal: stringOf(from['refusal']),
    reasoning: stringOf(from['reasoning_content']) || stringOf(from['reasoning']),
    thinking: Array.isArray(from['thinking_blocks'])
      ? from['thinking_blocks'].filter(isObject)
      : NOTHING.thinking,
    calls: calls.map((call, at) => {
      const named = isObject(call['function']) ? call['function'] : {};
      const index = typeof call['index'] === 'number' ? call['index'] : at;
      return {
        index,
        id: stringOf(call['id']),
        name: stringOf(named['name']),
        text: stringOf(named['arguments']),
      };
    }),
    finishReason: typeof choice['finish_reason'] === 'string' ? choice['finish_reason'] : undefined,
  };
}
