import {
  isObject,
  malformed,
  optionalArray,
  optionalBoolean,
  optionalObject,
  optionalString,
  requireArray,
  requireObject,
  requireString,
  type JsonObject,
  type Path,
} from '../json-shape.ts';
import { defined } from './chat-to-anthropic-request.ts';
import { checkFields, fields, untranslatable, type FieldTable } from './untranslatable.ts';

/** Fields of an Anthropic messages request, as a model behind chat completions can be asked for them. */
export const ANTHROPIC_TO_CHAT: FieldTable = {
  mapped: [
    'model',
    'messages',
    'system',
    'max_tokens',
    'temperature',
    'top_p',
    'stop_sequences',
    'stream',
    'tools',
    'tool_choice',
    'thinking',
    'output_config',
    'metadata',
    'service_tier',
  ],
  hints: ['cache_control'],
  neutral: { speed: ['standard'], inference_geo: ['global'] },
};

export interface ToChatOptions {
  /** The supplier's name of the model. */
  readonly model: string;
  /** `max_completion_tokens` for OpenAI; `max_tokens` for servers that know only that. */
  readonly outputLimitField: 'max_completion_tokens' | 'max_tokens';
}

/**
 * Says an Anthropic messages request in the chat completions format. A stream always asks for usage.
 * @throws DomainError `untranslatable` or `invalid_request`, naming the field
 */
export function anthropicToChatRequest(body: JsonObject, options: ToChatOptions): JsonObject {
  checkFields(body, ANTHROPIC_TO_CHAT);
  const isStream = optionalBoolean(body, 'stream');
  const config = optionalObject(body, 'output_config') ?? {};
  checkFields(config, fields('effort', 'format'), ['output_config']);
  const metadata = optionalObject(body, 'metadata') ?? {};
  checkFields(metadata, fields('user_id'), ['metadata']);
  const tools = optionalArray(body, 'tools')?.map(translateTool);
  return defined({
    model: options.model,
    messages: [
      ...systemMessages(body['system']),
      ...translateMessages(requireArray(body['messages'], 'messages')),
    ],
    [options.outputLimitField]: body['max_tokens'] ?? undefined,
    temperature: body['temperature'] ?? undefined,
    top_p: body['top_p'] ?? undefined,
    stop: body['stop_sequences'] ?? undefined,
    stream: isStream ? true : undefined,
    stream_options: isStream ? { include_usage: true } : undefined,
    tools: tools && tools.length > 0 ? tools : undefined,
    ...translateToolChoice(optionalObject(body, 'tool_choice')),
    reasoning_effort: translateEffort(optionalObject(body, 'thinking'), config),
    response_format: translateFormat(optionalObject(config, 'format', ['output_config'])),
    user: metadata['user_id'] ?? undefined,
    service_tier: translateTier(optionalString(body, 'service_tier')),
  });
}

function translateTier(tier: string | undefined): string | undefined {
  if (tier === undefined || tier === 'auto') return tier;
  if (tier === 'standard_only') return 'default';
  throw untranslatable(['service_tier'], 'that tier does not exist there');
}

/** An effort passes by name; a thinking budget becomes the effort that vendors document for its size. */
function translateEffort(thinking: JsonObject | undefined, config: JsonObject): string | undefined {
  const effort = optionalString(config, 'effort', ['output_config']);
  if (thinking === undefined) return effort;
  checkFields(thinking, { mapped: ['type', 'budget_tokens'], hints: ['display'], neutral: {} }, [
    'thinking',
  ]);
  if (thinking['type'] === 'adaptive') return effort;
  if (thinking['type'] === 'disabled') return 'none';
  if (thinking['type'] !== 'enabled')
    throw untranslatable(['thinking', 'type'], 'that mode has no counterpart');
  const budget = thinking['budget_tokens'];
  if (typeof budget !== 'number') throw malformed(['thinking', 'budget_tokens'], 'a number');
  return effort ?? (budget <= 2_048 ? 'low' : budget <= 8_192 ? 'medium' : 'high');
}

function translateFormat(format: JsonObject | undefined): object | undefined {
  if (format === undefined) return undefined;
  if (format['type'] !== 'json_schema')
    throw untranslatable(['output_config', 'format', 'type'], 'that format has no counterpart');
  checkFields(format, fields('type', 'schema'), ['output_config', 'format']);
  return {
    type: 'json_schema',
    json_schema: { name: 'response', schema: format['schema'], strict: true },
  };
}

const TOOL: FieldTable = {
  mapped: ['type', 'name', 'description', 'input_schema', 'strict'],
  hints: ['cache_control', 'eager_input_streaming'],
  neutral: { defer_loading: [false], allowed_callers: [['direct']] },
};

function translateTool(tool: unknown, i: number): JsonObject {
  const from = requireObject(tool, 'tools', i);
  if (from['type'] !== undefined && from['type'] !== null && from['type'] !== 'custom') {
    throw untranslatable(['tools', i, 'type'], 'only tools with a schema have a counterpart');
  }
  checkFields(from, TOOL, ['tools', i]);
  return {
    type: 'function',
    function: defined({
      name: requireString(from['name'], 'tools', i, 'name'),
      description: from['description'] ?? undefined,
      parameters: requireObject(from['input_schema'], 'tools', i, 'input_schema'),
      strict: from['strict'] ?? undefined,
    }),
  };
}

function translateToolChoice(choice: JsonObject | undefined): {
  tool_choice?: unknown;
  parallel_tool_calls?: boolean;
} {
  if (choice === undefined) return {};
  checkFields(choice, fields('type', 'name', 'disable_parallel_tool_use'), ['tool_choice']);
  const parallel =
    choice['disable_parallel_tool_use'] === true ? { parallel_tool_calls: false } : {};
  switch (choice['type']) {
    case 'auto':
      return { tool_choice: 'auto', ...parallel };
    case 'any':
      return { tool_choice: 'required', ...parallel };
    case 'none':
      return { tool_choice: 'none' };
    case 'tool':
      return {
        tool_choice: {
          type: 'function',
          function: { name: requireString(choice['name'], 'tool_choice', 'name') },
        },
        ...parallel,
      };
    default:
      throw untranslatable(['tool_choice', 'type'], 'that choice has no counterpart');
  }
}

const TEXT: FieldTable = { mapped: ['type', 'text'], hints: ['cache_control'], neutral: {} };

function systemMessages(system: unknown): readonly JsonObject[] {
  if (system === undefined || system === null) return [];
  if (typeof system === 'string') return [{ role: 'system', content: system }];
  const blocks = requireArray(system, 'system');
  if (blocks.length === 0) return [];
  return [
    {
      role: 'system',
      content: blocks.map((block, k) => textPart(requireObject(block, 'system', k), ['system', k])),
    },
  ];
}

function textPart(block: JsonObject, path: Path): JsonObject {
  if (block['type'] !== 'text')
    throw untranslatable([...path, 'type'], 'only text has a counterpart here');
  checkFields(block, TEXT, path);
  return { type: 'text', text: requireString(block['text'], ...path, 'text') };
}

function translateMessages(list: readonly unknown[]): JsonObject[] {
  const out: JsonObject[] = [];
  for (let i = 0; i < list.length; i++) {
    const message = requireObject(list[i], 'messages', i);
    checkFields(message, fields('role', 'content'), ['messages', i]);
    const { content } = message;
    if (message['role'] === 'user') {
      if (typeof content === 'string') out.push({ role: 'user', content });
      else
        out.push(
          ...userMessages(requireArray(content, 'messages', i, 'content'), [
            'messages',
            i,
            'content',
          ]),
        );
    } else if (message['role'] === 'assistant') {
      if (i === list.length - 1)
        throw untranslatable(
          ['messages', i, 'role'],
          'a last assistant message would be answered there, not continued',
        );
      if (typeof content === 'string') out.push({ role: 'assistant', content });
      else
        out.push(
          assistantMessage(requireArray(content, 'messages', i, 'content'), [
            'messages',
            i,
            'content',
          ]),
        );
    } else {
      throw untranslatable(['messages', i, 'role'], 'that role has no counterpart');
    }
  }
  return out;
}

/** Tool results become messages of their own, and stand before what the user says besides. */
function userMessages(blocks: readonly unknown[], path: Path): JsonObject[] {
  const out: JsonObject[] = [];
  const parts: JsonObject[] = [];
  blocks.forEach((each, k) => {
    const block = requireObject(each, ...path, k);
    const at = [...path, k];
    if (block['type'] === 'tool_result') {
      if (parts.length > 0)
        throw untranslatable([...at, 'type'], 'results stand before other content there');
      out.push(toolMessage(block, at));
    } else if (block['type'] === 'image') parts.push(imagePart(block, at));
    else if (block['type'] === 'document') parts.push(filePart(block, at));
    else parts.push(textPart(block, at));
  });
  if (parts.length > 0) out.push({ role: 'user', content: parts });
  return out;
}

/** An error has no flag there, so its text says it. */
function toolMessage(block: JsonObject, path: Path): JsonObject {
  checkFields(
    block,
    {
      mapped: ['type', 'tool_use_id', 'content', 'is_error'],
      hints: ['cache_control'],
      neutral: {},
    },
    path,
  );
  const id = requireString(block['tool_use_id'], ...path, 'tool_use_id');
  const prefix = block['is_error'] === true ? 'Error: ' : '';
  const content = block['content'] ?? '';
  if (typeof content === 'string')
    return { role: 'tool', tool_call_id: id, content: prefix + content };
  const parts = requireArray(content, ...path, 'content').map((part, k) =>
    textPart(requireObject(part, ...path, 'content', k), [...path, 'content', k]),
  );
  return {
    role: 'tool',
    tool_call_id: id,
    content: prefix === '' ? parts : [{ type: 'text', text: prefix }, ...parts],
  };
}

function imagePart(block: JsonObject, path: Path): JsonObject {
  checkFields(block, { mapped: ['type', 'source'], hints: ['cache_control'], neutral: {} }, path);
  const source = requireObject(block['source'], ...path, 'source');
  if (source['type'] === 'url')
    return {
      type: 'image_url',
      image_url: { url: requireString(source['url'], ...path, 'source', 'url') },
    };
  if (source['type'] !== 'base64')
    throw untranslatable([...path, 'source', 'type'], 'a stored file has no counterpart');
  return { type: 'image_url', image_url: { url: dataUrl(source, path) } };
}

function filePart(block: JsonObject, path: Path): JsonObject {
  checkFields(
    block,
    {
      mapped: ['type', 'source', 'title'],
      hints: ['cache_control'],
      neutral: { citations: [{ enabled: false }] },
    },
    path,
  );
  const source = requireObject(block['source'], ...path, 'source');
  if (source['type'] !== 'base64')
    throw untranslatable([...path, 'source', 'type'], 'only inline PDF data has a counterpart');
  return {
    type: 'file',
    file: {
      filename: optionalString(block, 'title', path) ?? 'document.pdf',
      file_data: dataUrl(source, path),
    },
  };
}

function dataUrl(source: JsonObject, path: Path): string {
  return `data:${requireString(source['media_type'], ...path, 'source', 'media_type')};base64,${requireString(source['data'], ...path, 'source', 'data')}`;
}

function assistantMessage(blocks: readonly unknown[], path: Path): JsonObject {
  const parts: JsonObject[] = [];
  const calls: JsonObject[] = [];
  blocks.forEach((each, k) => {
    const block = requireObject(each, ...path, k);
    const at = [...path, k];
    if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') return; // reasoning is not sent back there
    if (block['type'] === 'tool_use') calls.push(toolCall(block, at));
    else if (calls.length > 0)
      throw untranslatable([...at, 'type'], 'nothing stands behind a tool call there');
    else parts.push(textPart(block, at));
  });
  const only = parts.length === 1 ? parts[0]?.['text'] : undefined;
  return {
    role: 'assistant',
    content: only ?? (parts.length === 0 ? null : parts),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function toolCall(block: JsonObject, path: Path): JsonObject {
  checkFields(
    block,
    {
      mapped: ['type', 'id', 'name', 'input'],
      hints: ['cache_control'],
      neutral: { caller: [{ type: 'direct' }] },
    },
    path,
  );
  const input = block['input'] ?? {};
  if (!isObject(input)) throw malformed([...path, 'input'], 'an object');
  return {
    id: requireString(block['id'], ...path, 'id'),
    type: 'function',
    function: {
      name: requireString(block['name'], ...path, 'name'),
      arguments: JSON.stringify(input),
    },
  };
}
