import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import {
  readDictatedCounts,
  readMisbehaviour,
  SimulatedRefusal,
  type SimulatedCall,
  type SimulatedSurface,
  type SimulatedToolChoice,
} from './simulated-call.ts';
import { PromptReader } from './prompt-reader.ts';

const tokensMax = z.number().int().min(1).nullish();
const metadata = z.record(z.string(), z.unknown()).nullish();
const message = z.looseObject({ role: z.string(), content: z.unknown().optional() });
const common = { model: z.string().min(1), stream: z.boolean().nullish(), metadata };

const chatSchema = z.looseObject({
  ...common,
  messages: z.array(message).min(1),
  n: z.number().int().min(1).max(128).nullish(),
  max_tokens: tokensMax,
  max_completion_tokens: tokensMax,
  service_tier: z.string().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string() }).optional() }))
    .nullish(),
  tool_choice: z.unknown().optional(),
});

const responsesSchema = z.looseObject({
  ...common,
  input: z.union([z.string(), z.array(z.looseObject({}))]),
  instructions: z.string().nullish(),
  max_output_tokens: tokensMax,
  service_tier: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })).nullish(),
  tool_choice: z.unknown().optional(),
});

const messagesSchema = z.looseObject({
  ...common,
  max_tokens: z.number().int().min(1),
  system: z.unknown().optional(),
  messages: z.array(message).min(1),
  service_tier: z.string().nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
  tools: z.array(z.looseObject({ name: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
});

const embeddingsSchema = z.looseObject({
  ...common,
  input: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(2048),
    z.array(z.number().int().nonnegative()).min(1),
    z.array(z.array(z.number().int().nonnegative()).min(1)).min(1).max(2048),
  ]),
  dimensions: z.number().int().min(1).max(4096).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

/**
 * Reads a request body of any of the four surfaces.
 * @throws SimulatedRefusal (400) on bodies that the vendor would refuse too.
 */
export function readCall(
  surface: SimulatedSurface,
  headers: IncomingHttpHeaders,
  body: Buffer,
): SimulatedCall {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw new SimulatedRefusal(400, 'We could not parse the JSON body of your request.');
  }
  return READERS[surface](headers, json);
}

type Reader = (headers: IncomingHttpHeaders, json: unknown) => SimulatedCall;

const READERS: Readonly<Record<SimulatedSurface, Reader>> = {
  chat(headers, json) {
    const body = parse(chatSchema, json);
    const prompt = new PromptReader();
    for (const each of body.messages)
      prompt.addMessage(each.role, each.content, each['tool_calls']);
    const tools = (body.tools ?? []).flatMap((tool) =>
      tool.function ? [{ name: tool.function.name, parameters: tool.function['parameters'] }] : [],
    );
    prompt.addTools(body.tools);
    return {
      ...shared(headers, body),
      ...prompt.read(),
      surface: 'chat',
      includeUsage: body.stream_options?.include_usage === true,
      choices: body.n ?? 1,
      outputTokensMax: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      serviceTier: body.service_tier ?? undefined,
      tools,
      toolChoice: openAiToolChoice(body.tool_choice),
    };
  },
  responses(headers, json) {
    const body = parse(responsesSchema, json);
    const prompt = new PromptReader();
    if (body.instructions) prompt.addMessage('system', body.instructions);
    if (typeof body.input === 'string') prompt.addMessage('user', body.input);
    else for (const item of body.input) prompt.addItem(item);
    const tools = (body.tools ?? []).flatMap((tool) =>
      tool.type === 'function' && tool.name !== undefined
        ? [{ name: tool.name, parameters: tool['parameters'] }]
        : [],
    );
    prompt.addTools(body.tools);
    return {
      ...shared(headers, body),
      ...prompt.read(),
      surface: 'responses',
      outputTokensMax: body.max_output_tokens ?? undefined,
      serviceTier: body.service_tier ?? undefined,
      previousResponseId: body.previous_response_id ?? undefined,
      tools,
      toolChoice: openAiToolChoice(body.tool_choice),
    };
  },
  messages(headers, json) {
    const body = parse(messagesSchema, json);
    const prompt = new PromptReader();
    prompt.addTools(body.tools);
    if (body.system !== undefined) prompt.addMessage('system', body.system);
    for (const each of body.messages) prompt.addMessage(each.role, each.content);
    return {
      ...shared(headers, body),
      ...prompt.read(),
      surface: 'messages',
      outputTokensMax: body.max_tokens,
      serviceTier: body.service_tier ?? undefined,
      thinking: body.thinking?.type === 'enabled' || body.thinking?.type === 'adaptive',
      tools: (body.tools ?? []).map((tool) => ({
        name: tool.name,
        parameters: tool['input_schema'],
      })),
      toolChoice: anthropicToolChoice(body.tool_choice),
    };
  },
  embeddings(headers, json) {
    const body = parse(embeddingsSchema, json);
    const inputs = embeddingInputs(body.input);
    const prompt = new PromptReader();
    for (const input of inputs) prompt.addMessage('user', input);
    return {
      ...shared(headers, body),
      ...prompt.read(),
      surface: 'embeddings',
      embedding: {
        inputs,
        dimensions: body.dimensions ?? 256,
        encoding: body.encoding_format ?? 'float',
      },
    };
  },
};

function shared(
  headers: IncomingHttpHeaders,
  body: {
    readonly model: string;
    readonly stream?: boolean | null | undefined;
    readonly metadata?: Record<string, unknown> | null | undefined;
  },
): Omit<SimulatedCall, 'surface' | 'prompt' | 'lastUserText' | 'afterToolResult'> {
  return {
    model: body.model,
    stream: body.stream === true,
    includeUsage: true,
    choices: 1,
    outputTokensMax: undefined,
    serviceTier: undefined,
    tools: [],
    toolChoice: 'auto',
    thinking: false,
    previousResponseId: undefined,
    embedding: undefined,
    dictated: readDictatedCounts(headers, body.metadata ?? {}),
    misbehaviour: readMisbehaviour(headers, body.metadata ?? {}),
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, json: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.path.join('.') ?? '';
  throw new SimulatedRefusal(400, `Invalid value for '${param}': ${issue?.message ?? ''}`, param);
}

const named = z.union([
  z.looseObject({ function: z.looseObject({ name: z.string() }) }).transform((it) => it.function),
  z.looseObject({ name: z.string() }),
]);

function openAiToolChoice(choice: unknown): SimulatedToolChoice {
  if (choice === 'none' || choice === 'required') return choice;
  const tool = named.safeParse(choice);
  return tool.success ? { name: tool.data.name } : 'auto';
}

const anthropicChoice = z.looseObject({ type: z.string(), name: z.string().optional() });

function anthropicToolChoice(choice: unknown): SimulatedToolChoice {
  const parsed = anthropicChoice.safeParse(choice);
  if (!parsed.success) return 'auto';
  if (parsed.data.name !== undefined) return { name: parsed.data.name };
  if (parsed.data.type === 'any') return 'required';
  return parsed.data.type === 'none' ? 'none' : 'auto';
}

/** Token ids stand for themselves: one word each, so that they count as one token each. */
function embeddingInputs(input: z.infer<typeof embeddingsSchema>['input']): string[] {
  if (typeof input === 'string') return [input];
  const words = (ids: readonly number[]) => ids.map((id) => ` t${letters(id)}`).join('');
  if (input.every((entry) => typeof entry === 'number')) return [words(input)];
  return input.map((entry) =>
    typeof entry === 'string' ? entry : words(Array.isArray(entry) ? entry : [entry]),
  );
}

function letters(id: number): string {
  return id
    .toString(26)
    .replaceAll(/[0-9]/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? 'q')
    .slice(-11);
}
