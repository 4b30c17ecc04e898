import {
  malformed,
  optionalArray,
  optionalBoolean,
  optionalObject,
  optionalString,
  requireArray,
  requireObject,
  requireString,
  isObject,
  type JsonObject,
  type Path,
} from '../json-shape.ts';
import type { ToChatOptions } from './anthropic-to-chat-request.ts';
import { carriedThinking } from './carried-thinking.ts';
import { defined } from './chat-to-anthropic-request.ts';
import { checkFields, fields, untranslatable, type FieldTable } from './untranslatable.ts';

/** Fields of a Responses request, as a model behind chat completions can be asked for them. */
export const RESPONSES_TO_CHAT: FieldTable = {
  mapped: [
    'model',
    'input',
    'instructions',
    'max_output_tokens',
    'temperature',
    'top_p',
    'stream',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'reasoning',
    'text',
    'service_tier',
    'user',
    'safety_identifier',
  ],
  hints: [
    'metadata',
    'prompt_cache_key',
    'prompt_cache_retention',
    'prompt_cache_options',
    'stream_options',
    'max_tool_calls',
  ],
  neutral: {
    store: [false],
    truncation: ['disabled'],
    background: [false],
    top_logprobs: [0],
    include: [['reasoning.encrypted_content']],
  },
};

/**
 * Says a Responses request in the chat completions format. A stream always asks for usage.
 * @throws DomainError `untranslatable` or `invalid_request`, naming the field
 */
export function responsesToChatRequest(
  body: JsonObject,
  options: ToChatOptions & {
    /** For a Claude model: its own thinking goes back, as `thinking_blocks` of the assistant. */
    readonly keepsThinking?: boolean;
  },
): JsonObject {
  checkFields(body, RESPONSES_TO_CHAT);
  const isStream = optionalBoolean(body, 'stream');
  const instructions = optionalString(body, 'instructions');
  const reasoning = optionalObject(body, 'reasoning') ?? {};
  checkFields(
    reasoning,
    { mapped: ['effort'], hints: ['summary', 'generate_summary'], neutral: { context: ['auto'] } },
    ['reasoning'],
  );
  const text = optionalObject(body, 'text') ?? {};
  checkFields(text, fields('format', 'verbosity'), ['text']);
  const tools = optionalArray(body, 'tools')?.map(translateTool);
  return defined({
    model: options.model,
    messages: [
      ...(instructions === undefined ? [] : [{ role: 'system', content: instructions }]),
      ...translateInput(body['input'], options.keepsThinking ?? false),
    ],
    [options.outputLimitField]: body['max_output_tokens'] ?? undefined,
    temperature: body['temperature'] ?? undefined,
    top_p: body['top_p'] ?? undefined,
    stream: isStream ? true : undefined,
    stream_options: isStream ? { include_usage: true } : undefined,
    tools: tools && tools.length > 0 ? tools : undefined,
    tool_choice: translateToolChoice(body['tool_choice']),
    parallel_tool_calls: body['parallel_tool_calls'] ?? undefined,
    reasoning_effort: reasoning['effort'] ?? undefined,
    response_format: translateFormat(optionalObject(text, 'format', ['text'])),
    verbosity: text['verbosity'] ?? undefined,
    service_tier: body['service_tier'] ?? undefined,
    user: body['safety_identifier'] ?? body['user'] ?? undefined,
  });
}

function translateFormat(format: JsonObject | undefined): object | undefined {
  if (format === undefined || format['type'] === 'text') return undefined;
  if (format['type'] === 'json_object') return { type: 'json_object' };
  if (format['type'] !== 'json_schema')
    throw untranslatable(['text', 'format', 'type'], 'that format has no counterpart');
  checkFields(format, fields('type', 'name', 'schema', 'description', 'strict'), [
    'text',
    'format',
  ]);
  const { name, schema, description, strict } = format;
  return {
    type: 'json_schema',
    json_schema: defined({
      name,
      schema,
      description: description ?? undefined,
      strict: strict ?? undefined,
    }),
  };
}

const TOOL: FieldTable = {
  mapped: ['type', 'name', 'description', 'parameters', 'strict'],
  hints: ['output_schema'],
  neutral: { async: [false], defer_loading: [false], allowed_callers: [['direct']] },
};

function translateTool(tool: unknown, i: number): JsonObject {
  const from = requireObject(tool, 'tools', i);
  if (from['type'] !== 'function')
    throw untranslatable(['tools', i, 'type'], 'only function tools have a counterpart');
  checkFields(from, TOOL, ['tools', i]);
  return {
    type: 'function',
    function: defined({
      name: requireString(from['name'], 'tools', i, 'name'),
      description: from['description'] ?? undefined,
      parameters: from['parameters'] ?? undefined,
      strict: from['strict'] ?? undefined,
    }),
  };
}

function translateToolChoice(choice: unknown): unknown {
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'none' || choice === 'auto' || choice === 'required') return choice;
  if (isObject(choice) && choice['type'] === 'function') {
    return {
      type: 'function',
      function: { name: requireString(choice['name'], 'tool_choice', 'name') },
    };
  }
  throw untranslatable(['tool_choice'], 'that choice has no counterpart');
}

interface AssistantDraft {
  role: 'assistant';
  content: unknown;
  tool_calls?: JsonObject[];
  thinking_blocks?: readonly JsonObject[];
}

/** Calls that stand behind an assistant message, or behind one another, become one message's `tool_calls`. */
function translateInput(input: unknown, keepsThinking: boolean): JsonObject[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const out: object[] = [];
  let speaker: AssistantDraft | undefined;
  let thinking: JsonObject[] = [];
  const speak = (content: unknown): AssistantDraft => {
    const draft: AssistantDraft = { role: 'assistant', content };
    if (thinking.length > 0) draft.thinking_blocks = thinking;
    thinking = [];
    out.push(draft);
    return draft;
  };
  requireArray(input, 'input').forEach((each, i) => {
    const item = requireObject(each, 'input', i);
    const type = item['type'] ?? 'message';
    if (type === 'reasoning') {
      // Other models' reasoning is not sent back there. A new thought is a new turn's.
      const path: Path = ['input', i, 'encrypted_content'];
      if (keepsThinking) thinking.push(...carriedThinking(item['encrypted_content'], path));
      if (thinking.length > 0) speaker = undefined;
      return;
    }
    if (type === 'function_call') {
      speaker ??= speak(null);
      (speaker.tool_calls ??= []).push(toolCall(item, i));
      return;
    }
    speaker = undefined;
    if (type !== 'message' || item['role'] !== 'assistant') thinking = [];
    if (type === 'function_call_output') out.push(toolMessage(item, i));
    else if (type !== 'message')
      throw untranslatable(['input', i, 'type'], 'that item has no counterpart');
    else if (item['role'] === 'assistant') speaker = speak(assistantText(item, i));
    else out.push(message(item, i));
  });
  return out as JsonObject[];
}

const MESSAGE: FieldTable = {
  mapped: ['type', 'role', 'content'],
  hints: ['id', 'status', 'phase'],
  neutral: {},
};
const ROLES: ReadonlyMap<unknown, string> = new Map([
  ['user', 'user'],
  ['system', 'system'],
  ['developer', 'system'],
]);

function message(item: JsonObject, i: number): JsonObject {
  checkFields(item, MESSAGE, ['input', i]);
  const role = ROLES.get(item['role']);
  if (role === undefined)
    throw untranslatable(['input', i, 'role'], 'that role has no counterpart');
  const content = item['content'];
  if (typeof content === 'string') return { role, content };
  const path: Path = ['input', i, 'content'];
  return {
    role,
    content: requireArray(content, ...path).map((part, k) =>
      inputPart(requireObject(part, ...path, k), [...path, k]),
    ),
  };
}

function inputPart(part: JsonObject, path: Path): JsonObject {
  if (part['type'] === 'input_text') {
    checkFields(part, fields('type', 'text'), path);
    return { type: 'text', text: requireString(part['text'], ...path, 'text') };
  }
  if (part['type'] === 'input_image') {
    checkFields(part, fields('type', 'image_url', 'detail'), path);
    return {
      type: 'image_url',
      image_url: defined({
        url: requireString(part['image_url'], ...path, 'image_url'),
        detail: part['detail'] ?? undefined,
      }),
    };
  }
  if (part['type'] === 'input_file') {
    checkFields(
      part,
      { mapped: ['type', 'file_data', 'filename'], hints: ['detail'], neutral: {} },
      path,
    );
    return {
      type: 'file',
      file: defined({
        file_data: requireString(part['file_data'], ...path, 'file_data'),
        filename: part['filename'] ?? undefined,
      }),
    };
  }
  throw untranslatable([...path, 'type'], 'that content has no counterpart');
}

function assistantText(item: JsonObject, i: number): unknown {
  checkFields(item, MESSAGE, ['input', i]);
  const content = item['content'];
  if (typeof content === 'string') return content;
  const parts = requireArray(content, 'input', i, 'content').map((each, k) => {
    const path: Path = ['input', i, 'content', k];
    const part = requireObject(each, ...path);
    if (part['type'] !== 'output_text' && part['type'] !== 'input_text')
      throw untranslatable([...path, 'type'], 'only text has a counterpart here');
    checkFields(
      part,
      { mapped: ['type', 'text'], hints: ['annotations', 'logprobs'], neutral: {} },
      path,
    );
    return { type: 'text', text: requireString(part['text'], ...path, 'text') };
  });
  return parts.length === 1 ? parts[0]?.text : parts;
}

function toolCall(item: JsonObject, i: number): JsonObject {
  checkFields(
    item,
    {
      mapped: ['type', 'call_id', 'name', 'arguments'],
      hints: ['id', 'status'],
      neutral: { async: [false], caller: [{ type: 'direct' }] },
    },
    ['input', i],
  );
  return {
    id: requireString(item['call_id'], 'input', i, 'call_id'),
    type: 'function',
    function: {
      name: requireString(item['name'], 'input', i, 'name'),
      arguments: requireString(item['arguments'], 'input', i, 'arguments'),
    },
  };
}

function toolMessage(item: JsonObject, i: number): JsonObject {
  checkFields(
    item,
    {
      mapped: ['type', 'call_id', 'output'],
      hints: ['id', 'status', 'name'],
      neutral: { caller: [{ type: 'direct' }] },
    },
    ['input', i],
  );
  const id = requireString(item['call_id'], 'input', i, 'call_id');
  const output = item['output'];
  if (typeof output === 'string') return { role: 'tool', tool_call_id: id, content: output };
  if (!Array.isArray(output))
    throw malformed(['input', i, 'output'], 'a string or an array of parts');
  const parts = output.map((part: unknown, k) => {
    const from = requireObject(part, 'input', i, 'output', k);
    if (from['type'] !== 'input_text')
      throw untranslatable(['input', i, 'output', k, 'type'], 'only text has a counterpart here');
    return inputPart(from, ['input', i, 'output', k]);
  });
  return { role: 'tool', tool_call_id: id, content: parts };
}
