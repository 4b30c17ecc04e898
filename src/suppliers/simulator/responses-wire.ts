import { slices } from './chat-wire.ts';
import { outputTokensOf, type SimulatedChoice } from './simulated-answer.ts';
import {
  openAiError,
  openAiTierOf,
  promptTokensOf,
  type RenderContext,
  type SimulatedEvent,
  type SimulatedWire,
} from './rendered-answer.ts';

type Json = Readonly<Record<string, unknown>>;

const ARGUMENT_TOKENS_PER_EVENT = 4;

/** The id under which a later call may go on from an answer. */
export function responseIdOf(serial: string): string {
  return `resp_sim${serial}`;
}

/** OpenAI's Responses. */
export const responsesWire: SimulatedWire = {
  render(context) {
    const { call, answer } = context;
    const choice = answer.choices[0];
    const items = choice ? itemsOf(choice, context.serial) : [];
    const incomplete = choice?.finish === 'length';
    const head = headOf(context);
    const body = {
      ...head,
      status: incomplete ? 'incomplete' : 'completed',
      incomplete_details: incomplete ? { reason: 'max_output_tokens' } : null,
      output: items.map((item) => item.whole),
      usage: responsesWire.usage(answer.usage, call),
    };
    return { body, events: renderEvents(head, body, items, choice?.reasoningTokens.length ?? 0) };
  },
  usage(usage) {
    const prompt = promptTokensOf(usage);
    return {
      input_tokens: prompt,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: prompt + usage.output,
    };
  },
  error: openAiError,
};

function headOf({ call, serial, createdSeconds }: RenderContext): Json {
  return {
    id: responseIdOf(serial),
    object: 'response',
    created_at: createdSeconds,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: call.outputTokensMax ?? null,
    model: call.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: call.previousResponseId ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: openAiTierOf(call),
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
    user: null,
    metadata: { simulated: 'true' },
  };
}

interface Item {
  readonly whole: Json & { readonly id: string };
  readonly start: Json;
  /** The events between the item's start and its end. */
  readonly inside: readonly {
    readonly data: Json & { readonly type: string };
    readonly tokens: number;
  }[];
}

function renderEvents(
  head: Json,
  body: Json,
  items: readonly Item[],
  reasoning: number,
): SimulatedEvent[] {
  const events: SimulatedEvent[] = [];
  const push = (
    data: Json & { readonly type: string },
    tokens = 0,
    part: SimulatedEvent['part'] = 'delta',
  ) =>
    events.push({
      name: data.type,
      data: { ...data, sequence_number: events.length },
      tokens,
      part,
    });
  push({ type: 'response.created', response: head }, 0, 'open');
  push({ type: 'response.in_progress', response: head }, 0, 'open');
  items.forEach((item, index) => {
    const tokens = item.whole['type'] === 'reasoning' ? reasoning : 0;
    push({ type: 'response.output_item.added', output_index: index, item: item.start });
    for (const { data, tokens: made } of item.inside)
      push({ ...data, output_index: index, item_id: item.whole.id }, made);
    push(
      { type: 'response.output_item.done', output_index: index, item: item.whole },
      tokens,
      'close',
    );
  });
  push({ type: `response.${String(body['status'])}`, response: body }, 0, 'usage');
  return events;
}

function itemsOf(choice: SimulatedChoice, serial: string): Item[] {
  const items: Item[] = [];
  if (choice.reasoningTokens.length > 0) {
    const whole = { id: `rs_sim${serial}`, type: 'reasoning', summary: [] };
    items.push({ whole, start: whole, inside: [] });
  }
  if (choice.toolCall) items.push(toolItem(choice, choice.toolCall, serial));
  else items.push(messageItem(choice.textTokens, serial));
  return items;
}

function messageItem(tokens: readonly string[], serial: string): Item {
  const head = { id: `msg_sim${serial}`, type: 'message', role: 'assistant' };
  const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
  const text = tokens.join('');
  return {
    whole: { ...head, status: 'completed', content: [part(text)] },
    start: { ...head, status: 'in_progress', content: [] },
    inside: [
      {
        data: { type: 'response.content_part.added', content_index: 0, part: part('') },
        tokens: 0,
      },
      ...tokens.map((delta) => ({
        data: { type: 'response.output_text.delta', content_index: 0, delta, logprobs: [] },
        tokens: 1,
      })),
      {
        data: { type: 'response.output_text.done', content_index: 0, text, logprobs: [] },
        tokens: 0,
      },
      {
        data: { type: 'response.content_part.done', content_index: 0, part: part(text) },
        tokens: 0,
      },
    ],
  };
}

function toolItem(
  choice: SimulatedChoice,
  tool: NonNullable<SimulatedChoice['toolCall']>,
  serial: string,
): Item {
  const head = {
    id: `fc_sim${serial}`,
    type: 'function_call',
    call_id: `call_sim${serial}`,
    name: tool.name,
  };
  const text = tool.argumentTokens.join('');
  const framing =
    outputTokensOf(choice) - choice.reasoningTokens.length - tool.argumentTokens.length;
  return {
    whole: { ...head, arguments: text, status: 'completed' },
    start: { ...head, arguments: '', status: 'in_progress' },
    inside: [
      ...slices(tool.argumentTokens, ARGUMENT_TOKENS_PER_EVENT).map((piece, index) => ({
        data: { type: 'response.function_call_arguments.delta', delta: piece.join('') },
        tokens: piece.length + (index === 0 ? framing : 0),
      })),
      { data: { type: 'response.function_call_arguments.done', arguments: text }, tokens: 0 },
    ],
  };
}
