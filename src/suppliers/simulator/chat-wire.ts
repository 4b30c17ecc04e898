import type { SimulatedChoice, SimulatedUsage } from './simulated-answer.ts';
import { outputTokensOf } from './simulated-answer.ts';
import {
  openAiError,
  openAiTierOf,
  promptTokensOf,
  type RenderContext,
  type SimulatedEvent,
  type SimulatedWire,
} from './rendered-answer.ts';

const FINISH = { stop: 'stop', length: 'length', tool: 'tool_calls' } as const;
/** Arguments come in pieces of this many tokens, so that clients must join them. */
const ARGUMENT_TOKENS_PER_EVENT = 4;

type Json = Readonly<Record<string, unknown>>;

/** OpenAI's chat completions. */
export const chatWire: SimulatedWire = {
  render(context) {
    const head = {
      id: `chatcmpl-sim${context.serial}`,
      created: context.createdSeconds,
      model: context.call.model,
      service_tier: openAiTierOf(context.call),
      system_fingerprint: 'simulated',
    };
    return {
      body: {
        ...head,
        object: 'chat.completion',
        choices: context.answer.choices.map((choice, index) => bodyChoice(choice, index, context)),
        usage: chatWire.usage(context.answer.usage, context.call),
      },
      events: renderEvents(context, { ...head, object: 'chat.completion.chunk' }),
    };
  },
  usage(usage: SimulatedUsage) {
    const prompt = promptTokensOf(usage);
    return {
      prompt_tokens: prompt,
      completion_tokens: usage.output,
      total_tokens: prompt + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: usage.reasoning,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    };
  },
  error: openAiError,
};

function bodyChoice(choice: SimulatedChoice, index: number, context: RenderContext): Json {
  const tool = choice.toolCall;
  return {
    index,
    message: {
      role: 'assistant',
      content: tool ? null : choice.textTokens.join(''),
      refusal: null,
      annotations: [],
      ...(tool && {
        tool_calls: [
          {
            id: toolCallId(context, index),
            type: 'function',
            function: { name: tool.name, arguments: tool.argumentTokens.join('') },
          },
        ],
      }),
    },
    logprobs: null,
    finish_reason: FINISH[choice.finish],
  };
}

function renderEvents(context: RenderContext, head: Json): SimulatedEvent[] {
  const { call, answer } = context;
  // With usage asked for, every chunk but the last carries `usage: null`.
  const usageField = call.includeUsage ? { usage: null } : {};
  const chunk = (index: number, delta: Json, tokens: number, finish: string | null = null) => ({
    name: undefined,
    data: {
      ...head,
      choices: [{ index, delta, logprobs: null, finish_reason: finish }],
      ...usageField,
    },
    tokens,
    part: finish === null ? ('delta' as const) : ('close' as const),
  });
  const events: SimulatedEvent[] = answer.choices.map((choice, index) => ({
    ...chunk(
      index,
      choice.toolCall
        ? { role: 'assistant', content: null }
        : { role: 'assistant', content: '', refusal: null },
      choice.reasoningTokens.length,
    ),
    part: 'open',
  }));
  events.push(
    ...interleaved(answer.choices.map((each, index) => deltas(each, index, context, chunk))),
  );
  answer.choices.forEach((choice, index) =>
    events.push(chunk(index, {}, 0, FINISH[choice.finish])),
  );
  if (call.includeUsage)
    events.push({
      name: undefined,
      data: { ...head, choices: [], usage: chatWire.usage(answer.usage, call) },
      tokens: 0,
      part: 'usage',
    });
  events.push({ name: undefined, data: '[DONE]', tokens: 0, part: 'end' });
  return events;
}

type Chunk = (index: number, delta: Json, tokens: number) => SimulatedEvent;

function deltas(
  choice: SimulatedChoice,
  index: number,
  context: RenderContext,
  chunk: Chunk,
): SimulatedEvent[] {
  const tool = choice.toolCall;
  if (tool === undefined)
    return choice.textTokens.map((token) => chunk(index, { content: token }, 1));
  const events = [
    chunk(
      index,
      {
        tool_calls: [
          {
            index: 0,
            id: toolCallId(context, index),
            type: 'function',
            function: { name: tool.name, arguments: '' },
          },
        ],
      },
      outputTokensOf(choice) - choice.reasoningTokens.length - tool.argumentTokens.length,
    ),
  ];
  for (const piece of slices(tool.argumentTokens, ARGUMENT_TOKENS_PER_EVENT))
    events.push(
      chunk(
        index,
        { tool_calls: [{ index: 0, function: { arguments: piece.join('') } }] },
        piece.length,
      ),
    );
  return events;
}

function toolCallId(context: RenderContext, index: number): string {
  return `call_sim${context.serial}${index}`;
}

/** One event of each list in turn, as vendors send several choices. */
function interleaved(lists: readonly (readonly SimulatedEvent[])[]): SimulatedEvent[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const events: SimulatedEvent[] = [];
  for (let at = 0; at < longest; at++)
    for (const list of lists) {
      const event = list[at];
      if (event) events.push(event);
    }
  return events;
}

/** A list in slices of a length, the last one shorter. */
export function slices<Item>(list: readonly Item[], length: number): Item[][] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, index) =>
    list.slice(index * length, (index + 1) * length),
  );
}
