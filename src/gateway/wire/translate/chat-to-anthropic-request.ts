import {
  isObject,
  malformed,
  optionalArray,
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalString,
  requireArray,
  requireObject,
  requireString,
  type JsonObject,
  type Path,
} from '../json-shape.ts';
import {
  argumentsOf,
  checkFields,
  fields,
  listOf,
  untranslatable,
  type FieldTable,
} from './untranslatable.ts';

/** Fields of a chat completions request, as a Claude model can be asked for them. */
export const CHAT_TO_ANTHROPIC: FieldTable = {
  mapped: [
    'model',
    'messages',
    'max_tokens',
    'max_completion_tokens',
    'temperature',
    'top_p',
    'stop',
    'stream',
    'stream_options',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'reasoning_effort',
    'response_format',
    'service_tier',
    'user',
    'safety_identifier',
  ],
  hints: ['metadata', 'prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options', 'seed'],
  neutral: {
    n: [1],
    frequency_penalty: [0],
    presence_penalty: [0],
    logprobs: [false],
    top_logprobs: [0],
    logit_bias: [{}],
    store: [false],
    modalities: [['text']],
    verbosity: ['medium'],
  },
};

export interface ToAnthropicOptions {
  /** The supplier's name of the model. */
  readonly model: string;
  /** What `max_tokens` becomes where the client set none: Anthropic requires one. */
  readonly outputTokensMax: number;
}

/**
 * Says a chat completions request in Anthropic's format.
 * @throws DomainError `untranslatable` or `invalid_request`, naming the field
 */
export function chatToAnthropicRequest(body: JsonObject, options: ToAnthropicOptions): JsonObject {
  checkFields(body, CHAT_TO_ANTHROPIC);
  const { system, messages } = translateMessages(requireArray(body['messages'], 'messages'));
  const temperature = body['temperature'];
  if (typeof temperature === 'number' && temperature > 1)
    throw untranslatable(['temperature'], 'it ends at 1 there');
  const stop = body['stop'];
  const tools = optionalArray(body, 'tools')?.map(translateTool);
  const userId = optionalString(body, 'safety_identifier') ?? optionalString(body, 'user');
  return defined({
    model: options.model,
    max_tokens:
      optionalCount(body, 'max_completion_tokens', 1) ??
      optionalCount(body, 'max_tokens', 1) ??
      options.outputTokensMax,
    system,
    messages,
    temperature: temperature ?? undefined,
    top_p: body['top_p'] ?? undefined,
    stop_sequences: typeof stop === 'string' ? [stop] : (stop ?? undefined),
    stream: optionalBoolean(body, 'stream') ? true : undefined,
    tools: tools && tools.length > 0 ? tools : undefined,
    tool_choice: translateToolChoice(body, tools !== undefined && tools.length > 0),
    service_tier: translateTier(optionalString(body, 'service_tier')),
    metadata: userId === undefined ? undefined : { user_id: userId },
    ...translateEffort(body),
  });
}

/** An object without its undefined members. */
export function defined(object: Record<string, unknown>): JsonObject {
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(object)) if (object[name] !== undefined) out[name] = object[name];
  return out;
}

function translateTier(tier: string | undefined): string | undefined {
  if (tier === undefined || tier === 'auto') return tier;
  if (tier === 'default') return 'standard_only';
  throw untranslatable(['service_tier'], 'that tier does not exist there');
}

const EFFORTS: ReadonlyMap<string, string> = new Map([
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'xhigh'],
  ['max', 'max'],
]);

function translateEffort(body: JsonObject): { thinking?: object; output_config?: object } {
  const effort = optionalString(body, 'reasoning_effort');
  const format = translateFormat(optionalObject(body, 'response_format'));
  const level = effort === undefined || effort === 'none' ? undefined : EFFORTS.get(effort);
  if (effort !== undefined && effort !== 'none' && level === undefined)
    throw untranslatable(['reasoning_effort'], 'that effort does not exist there');
  return {
    ...(effort === 'none' && { thinking: { type: 'disabled' } }),
    ...((level !== undefined || format) && {
      output_config: { ...(level !== undefined && { effort: level }), ...(format && { format }) },
    }),
  };
}

function translateFormat(format: JsonObject | undefined): object | undefined {
  if (format === undefined || format['type'] === 'text') return undefined;
  if (format['type'] !== 'json_schema')
    throw untranslatable(
      ['response_format', 'type'],
      'free-form JSON is not offered there; give a schema',
    );
  const schema = requireObject(format['json_schema'], 'response_format', 'json_schema');
  checkFields(schema, { mapped: ['schema'], hints: ['name', 'strict'], neutral: {} }, [
    'response_format',
    'json_schema',
  ]);
  return {
    type: 'json_schema',
    schema: requireObject(schema['schema'], 'response_format', 'json_schema', 'schema'),
  };
}

function translateTool(tool: unknown, i: number): JsonObject {
  const outer = requireObject(tool, 'tools', i);
  if (outer['type'] !== 'function')
    throw untranslatable(['tools', i, 'type'], 'only function tools have a counterpart');
  checkFields(outer, fields('type', 'function'), ['tools', i]);
  const inner = requireObject(outer['function'], 'tools', i, 'function');
  checkFields(inner, fields('name', 'description', 'parameters', 'strict'), [
    'tools',
    i,
    'function',
  ]);
  return defined({
    name: requireString(inner['name'], 'tools', i, 'function', 'name'),
    description: inner['description'] ?? undefined,
    input_schema: inner['parameters'] ?? { type: 'object', properties: {} },
    strict: inner['strict'] ?? undefined,
  });
}

function translateToolChoice(body: JsonObject, hasTools: boolean): JsonObject | undefined {
  const choice = body['tool_choice'] ?? undefined;
  const isSerial = body['parallel_tool_calls'] === false;
  const disable = isSerial ? { disable_parallel_tool_use: true } : {};
  if (!hasTools) return undefined; // a choice without tools says nothing
  if (choice === undefined) return isSerial ? { type: 'auto', ...disable } : undefined;
  if (choice === 'none') return { type: 'none' };
  if (choice === 'auto') return { type: 'auto', ...disable };
  if (choice === 'required') return { type: 'any', ...disable };
  if (isObject(choice) && choice['type'] === 'function') {
    const named = requireObject(choice['function'], 'tool_choice', 'function');
    return {
      type: 'tool',
      name: requireString(named['name'], 'tool_choice', 'function', 'name'),
      ...disable,
    };
  }
  throw untranslatable(['tool_choice'], 'that choice has no counterpart');
}

interface Turns {
  readonly system: string | readonly JsonObject[] | undefined;
  readonly messages: readonly JsonObject[];
}

/** Leading system and developer messages become `system`; tool answers become one user turn with what follows them. */
function translateMessages(list: readonly unknown[]): Turns {
  const system: (string | readonly JsonObject[])[] = [];
  const messages: { role: string; content: unknown }[] = [];
  let answers: JsonObject[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const message = requireObject(list[i], 'messages', i);
    const role = message['role'];
    if (role === 'system' || role === 'developer') {
      if (messages.length > 0)
        throw untranslatable(
          ['messages', i, 'role'],
          'instructions stand before the conversation there',
        );
      checkFields(message, fields('role', 'content'), ['messages', i]);
      system.push(textContent(message['content'], ['messages', i, 'content']));
    } else if (role === 'tool') {
      if (answers === undefined) messages.push({ role: 'user', content: (answers = []) });
      answers.push(toolResult(message, i));
    } else if (role === 'user') {
      checkFields(message, fields('role', 'content'), ['messages', i]);
      const content = userContent(message['content'], ['messages', i, 'content']);
      if (answers === undefined) messages.push({ role: 'user', content });
      else
        answers.push(
          ...(typeof content === 'string' ? [{ type: 'text', text: content }] : content),
        );
      answers = undefined;
    } else if (role === 'assistant') {
      answers = undefined;
      messages.push({ role: 'assistant', content: assistantContent(message, i) });
    } else {
      throw untranslatable(['messages', i, 'role'], 'that role has no counterpart');
    }
  }
  if (messages.at(-1)?.role === 'assistant') {
    throw untranslatable(
      ['messages', list.length - 1, 'role'],
      'a last assistant message would be continued there, not answered',
    );
  }
  const only = system.length === 1 ? system[0] : undefined;
  return {
    system:
      only ??
      (system.length === 0
        ? undefined
        : system.flatMap((each) =>
            typeof each === 'string' ? [{ type: 'text', text: each }] : each,
          )),
    messages,
  };
}

function textContent(content: unknown, path: Path): string | readonly JsonObject[] {
  if (typeof content === 'string') return content;
  return requireArray(content, ...path).map((part, k) =>
    textBlock(requireObject(part, ...path, k), [...path, k]),
  );
}

function textBlock(part: JsonObject, path: Path): JsonObject {
  if (part['type'] !== 'text')
    throw untranslatable([...path, 'type'], 'only text has a counterpart here');
  checkFields(part, fields('type', 'text'), path);
  return { type: 'text', text: requireString(part['text'], ...path, 'text') };
}

function toolResult(message: JsonObject, i: number): JsonObject {
  checkFields(message, fields('role', 'content', 'tool_call_id'), ['messages', i]);
  return {
    type: 'tool_result',
    tool_use_id: requireString(message['tool_call_id'], 'messages', i, 'tool_call_id'),
    content: textContent(message['content'], ['messages', i, 'content']),
  };
}

function userContent(content: unknown, path: Path): string | JsonObject[] {
  if (typeof content === 'string') return content;
  return requireArray(content, ...path).map((each, k) => {
    const part = requireObject(each, ...path, k);
    const at = [...path, k];
    if (part['type'] === 'image_url') return imageBlock(part, at);
    if (part['type'] === 'file') return documentBlock(part, at);
    return textBlock(part, at);
  });
}

const DATA_URL = /^data:([a-z0-9.+/-]+);base64,/i;
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

function imageBlock(part: JsonObject, path: Path): JsonObject {
  checkFields(part, fields('type', 'image_url'), path);
  const image = requireObject(part['image_url'], ...path, 'image_url');
  checkFields(image, { mapped: ['url'], hints: ['detail'], neutral: {} }, [...path, 'image_url']);
  const url = requireString(image['url'], ...path, 'image_url', 'url');
  const inline = DATA_URL.exec(url);
  if (!inline) {
    if (!/^https?:/i.test(url))
      throw malformed([...path, 'image_url', 'url'], 'an http(s): URL or base64 data');
    return { type: 'image', source: { type: 'url', url } };
  }
  const mediaType = (inline[1] ?? '').toLowerCase();
  if (!IMAGE_TYPES.includes(mediaType))
    throw untranslatable([...path, 'image_url', 'url'], 'that image type is not taken there');
  return {
    type: 'image',
    source: { type: 'base64', media_type: mediaType, data: url.slice(inline[0].length) },
  };
}

function documentBlock(part: JsonObject, path: Path): JsonObject {
  checkFields(part, fields('type', 'file'), path);
  const file = requireObject(part['file'], ...path, 'file');
  checkFields(file, fields('file_data', 'filename'), [...path, 'file']);
  const data = requireString(file['file_data'], ...path, 'file', 'file_data');
  const inline = DATA_URL.exec(data);
  if (inline?.[1]?.toLowerCase() !== 'application/pdf')
    throw untranslatable([...path, 'file', 'file_data'], 'only PDF data has a counterpart');
  return defined({
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: data.slice(inline[0].length) },
    title: file['filename'] ?? undefined,
  });
}

const ASSISTANT: FieldTable = {
  mapped: ['role', 'content', 'tool_calls', 'thinking_blocks'],
  hints: ['reasoning_content', 'reasoning'],
  neutral: {},
};

function assistantContent(message: JsonObject, i: number): string | JsonObject[] {
  checkFields(message, ASSISTANT, ['messages', i]);
  const content = message['content'];
  const calls = listOf(message['tool_calls'], 'messages', i, 'tool_calls');
  const thinking = listOf(message['thinking_blocks'], 'messages', i, 'thinking_blocks').map(
    (block, k) => requireObject(block, 'messages', i, 'thinking_blocks', k),
  );
  if (typeof content === 'string' && calls.length === 0 && thinking.length === 0) return content;
  const blocks: JsonObject[] = [...thinking];
  if (typeof content === 'string') {
    if (content !== '') blocks.push({ type: 'text', text: content });
  } else if (content !== null && content !== undefined) {
    for (const block of textContent(content, ['messages', i, 'content']) as readonly JsonObject[])
      if (block['text'] !== '') blocks.push(block);
  }
  calls.forEach((call, k) =>
    blocks.push(
      toolUse(requireObject(call, 'messages', i, 'tool_calls', k), [
        'messages',
        i,
        'tool_calls',
        k,
      ]),
    ),
  );
  if (blocks.length === 0)
    throw malformed(['messages', i, 'content'], 'text, or accompanied by tool calls');
  return blocks;
}

function toolUse(call: JsonObject, path: Path): JsonObject {
  if (call['type'] !== undefined && call['type'] !== 'function')
    throw untranslatable([...path, 'type'], 'only function calls have a counterpart');
  checkFields(call, { mapped: ['id', 'type', 'function'], hints: ['index'], neutral: {} }, path);
  const named = requireObject(call['function'], ...path, 'function');
  checkFields(named, fields('name', 'arguments'), [...path, 'function']);
  return {
    type: 'tool_use',
    id: requireString(call['id'], ...path, 'id'),
    name: requireString(named['name'], ...path, 'function', 'name'),
    input: argumentsOf(named['arguments'], ...path, 'function', 'arguments'),
  };
}
