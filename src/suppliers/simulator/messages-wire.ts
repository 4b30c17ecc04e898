import { slices } from './chat-wire.ts';
import { outputTokensOf, type SimulatedChoice } from './simulated-answer.ts';
import type { RenderContext, SimulatedEvent, SimulatedWire } from './rendered-answer.ts';

type Json = Readonly<Record<string, unknown>>;

const STOP = { stop: 'end_turn', length: 'max_tokens', tool: 'tool_use' } as const;
const ARGUMENT_TOKENS_PER_EVENT = 4;

/** Anthropic's messages. */
export const messagesWire: SimulatedWire = {
  render(context) {
    const { call, answer } = context;
    const choice = answer.choices[0];
    const head = {
      id: `msg_sim${context.serial}`,
      type: 'message',
      role: 'assistant',
      model: call.model,
    };
    const usage = messagesWire.usage(answer.usage, call);
    const stop = { stop_reason: STOP[choice?.finish ?? 'stop'], stop_sequence: null };
    const blocks = choice ? blocksOf(choice, context) : [];
    const event = (data: Json & { readonly type: string }, tokens = 0): SimulatedEvent => ({
      name: data.type,
      data,
      tokens,
      part: 'delta',
    });
    const opening = { ...head, content: [], stop_reason: null, stop_sequence: null };
    return {
      body: { ...head, content: blocks.map((block) => block.whole), ...stop, usage },
      events: [
        {
          ...event({
            type: 'message_start',
            message: { ...opening, usage: { ...usage, output_tokens: 1 } },
          }),
          part: 'open',
        },
        ...blocks.flatMap((block, index) => [
          event({ type: 'content_block_start', index, content_block: block.start }, block.tokens),
          ...(index === 0 ? [event({ type: 'ping' })] : []),
          ...block.deltas.map(({ delta, tokens }) =>
            event({ type: 'content_block_delta', index, delta }, tokens),
          ),
          event({ type: 'content_block_stop', index }),
        ]),
        { ...event({ type: 'message_delta', delta: stop, usage }), part: 'usage' },
        { ...event({ type: 'message_stop' }), part: 'end' },
      ],
    };
  },
  usage(usage, call) {
    return {
      input_tokens: usage.uncached,
      cache_creation_input_tokens: usage.written5m + usage.written1h,
      cache_read_input_tokens: usage.cached,
      cache_creation: {
        ephemeral_5m_input_tokens: usage.written5m,
        ephemeral_1h_input_tokens: usage.written1h,
      },
      output_tokens: usage.output,
      service_tier: call.serviceTier === 'priority' ? 'priority' : 'standard',
    };
  },
  error(fault) {
    return {
      type: 'error',
      error: { type: anthropicErrorType(fault.status), message: fault.message },
    };
  },
};

/** @see https://docs.anthropic.com/en/api/errors */
function anthropicErrorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 529:
      return 'overloaded_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}

interface Block {
  readonly whole: Json;
  readonly start: Json;
  /** Tokens made before the first delta: the name and framing of a tool call. */
  readonly tokens: number;
  readonly deltas: readonly { readonly delta: Json; readonly tokens: number }[];
}

function blocksOf(choice: SimulatedChoice, context: RenderContext): Block[] {
  const blocks: Block[] = [];
  if (choice.reasoningTokens.length > 0)
    blocks.push(thinkingBlock(choice.reasoningTokens, context.serial));
  if (choice.textTokens.length > 0)
    blocks.push({
      whole: { type: 'text', text: choice.textTokens.join('') },
      start: { type: 'text', text: '' },
      tokens: 0,
      deltas: choice.textTokens.map((text) => ({ delta: { type: 'text_delta', text }, tokens: 1 })),
    });
  if (choice.toolCall) blocks.push(toolBlock(choice, choice.toolCall, context.serial));
  return blocks;
}

function thinkingBlock(tokens: readonly string[], serial: string): Block {
  const signature = Buffer.from(`simulated ${serial}`).toString('base64');
  return {
    whole: { type: 'thinking', thinking: tokens.join(''), signature },
    start: { type: 'thinking', thinking: '', signature: '' },
    tokens: 0,
    deltas: [
      ...tokens.map((thinking) => ({ delta: { type: 'thinking_delta', thinking }, tokens: 1 })),
      { delta: { type: 'signature_delta', signature }, tokens: 0 },
    ],
  };
}

function toolBlock(
  choice: SimulatedChoice,
  tool: NonNullable<SimulatedChoice['toolCall']>,
  serial: string,
): Block {
  const head = { type: 'tool_use', id: `toolu_sim${serial}`, name: tool.name };
  const input: unknown = JSON.parse(tool.argumentTokens.join(''));
  return {
    whole: { ...head, input },
    start: { ...head, input: {} },
    tokens: outputTokensOf(choice) - choice.reasoningTokens.length - tool.argumentTokens.length,
    deltas: slices(tool.argumentTokens, ARGUMENT_TOKENS_PER_EVENT).map((piece) => ({
      delta: { type: 'input_json_delta', partial_json: piece.join('') },
      tokens: piece.length,
    })),
  };
}
