import { isObject, type JsonObject } from './json-shape.ts';
import type { Surface } from './request-facts.ts';
import { SSE_DONE, sseEvent } from './sse.ts';
import { errorBody } from './wire-error.ts';

/**
 * Ends a client's stream that the supplier did not end: because the money ran out (`length`) or because
 * something broke (`error`).
 *
 * States: before the first event → open → ended. It is shown the events that the client received, by
 * name and raw data, and keeps only the few that an ending must repeat; it parses nothing until it has
 * to end a stream, so a stream that ends by itself costs a comparison an event.
 */
export interface StreamEnding {
  /** One event that the client received: its `event:` name, if any, and its `data:` text. */
  sent(name: string | undefined, data: string): void;
  /**
   * The text that ends the stream as if the output limit had been reached, with a notice that says why.
   * @param usage the usage object in the surface's shape, where the client asked for one
   */
  length(notice: string, usage?: object): string;
  /** The text that ends the stream with an error. */
  error(error: unknown): string;
}

/** @param choices how many choices were asked for (chat only) */
export function streamEnding(surface: Surface, choices = 1): StreamEnding {
  if (surface === 'anthropic-messages') return new AnthropicEnding();
  if (surface === 'openai-responses') return new ResponsesEnding();
  return new ChatEnding(choices);
}

class ChatEnding implements StreamEnding {
  readonly #choices: number;
  #first: string | undefined;

  constructor(choices: number) {
    this.#choices = choices;
  }

  sent(_name: string | undefined, data: string): void {
    this.#first ??= data;
  }

  length(notice: string, usage?: object): string {
    const first = parsed(this.#first);
    const head = {
      id: first['id'] ?? 'chatcmpl-ended',
      object: 'chat.completion.chunk',
      created: first['created'] ?? 0,
      model: first['model'] ?? '',
    };
    const choices = Array.from({ length: this.#choices }, (_, index) => ({
      index,
      delta: {},
      finish_reason: 'length',
    }));
    const last = usage ? sseEvent({ ...head, choices: [], usage }) : '';
    return sseEvent({ ...head, choices, breakeven: { notice } }) + last + SSE_DONE;
  }

  error(error: unknown): string {
    return sseEvent(errorBody(error, 'openai')) + SSE_DONE;
  }
}

class AnthropicEnding implements StreamEnding {
  #opened: string | undefined;
  #hasStarted = false;

  sent(name: string | undefined, data: string): void {
    if (name === 'content_block_start') this.#opened = data;
    else if (name === 'content_block_stop') this.#opened = undefined;
    else if (name === 'message_start') this.#hasStarted = true;
  }

  length(notice: string, usage?: object): string {
    const delta = { stop_reason: 'max_tokens', stop_sequence: null };
    const open =
      this.#opened === undefined
        ? ''
        : sseEvent(
            { type: 'content_block_stop', index: parsed(this.#opened)['index'] ?? 0 },
            'content_block_stop',
          );
    const start = this.#hasStarted
      ? ''
      : sseEvent({ type: 'message_start', message: EMPTY_MESSAGE }, 'message_start');
    return (
      start +
      open +
      sseEvent(
        {
          type: 'message_delta',
          delta,
          usage: usage ?? { output_tokens: 0 },
          breakeven: { notice },
        },
        'message_delta',
      ) +
      sseEvent({ type: 'message_stop' }, 'message_stop')
    );
  }

  error(error: unknown): string {
    return sseEvent(errorBody(error, 'anthropic'), 'error');
  }
}

const EMPTY_MESSAGE = {
  id: 'msg_ended',
  type: 'message',
  role: 'assistant',
  model: '',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 0, output_tokens: 0 },
};

class ResponsesEnding implements StreamEnding {
  #created: string | undefined;
  #count = 0;
  readonly #done: string[] = [];

  sent(name: string | undefined, data: string): void {
    this.#count += 1;
    if (name === 'response.created') this.#created = data;
    else if (name === 'response.output_item.done') this.#done.push(data);
  }

  length(notice: string, usage?: object): string {
    const response = {
      ...this.#response('incomplete'),
      incomplete_details: { reason: 'max_output_tokens' },
      ...(usage && { usage }),
      breakeven: { notice },
    };
    return sseEvent(
      { type: 'response.incomplete', sequence_number: this.#count, response },
      'response.incomplete',
    );
  }

  error(error: unknown): string {
    const { error: object } = errorBody(error, 'openai') as {
      error: { message: string; code: string; param: string | null };
    };
    const { message, code, param } = object;
    return sseEvent({ type: 'error', code, message, param, sequence_number: this.#count }, 'error');
  }

  #response(status: string): JsonObject {
    const created = parsed(this.#created)['response'];
    const output = this.#done.map((data) => parsed(data)['item']);
    return {
      ...(isObject(created) ? created : { id: 'resp_ended', object: 'response' }),
      status,
      output,
    };
  }
}

function parsed(data: string | undefined): JsonObject {
  if (data === undefined) return {};
  try {
    const json: unknown = JSON.parse(data);
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}
