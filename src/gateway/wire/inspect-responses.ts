import {
  isAsked,
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
  unpriced,
  type JsonObject,
  type Path,
} from './json-shape.ts';
import { beginFacts, type UnpricedFields } from './begin-facts.ts';
import { addFileData, unknownPart } from './inspect-chat.ts';
import { addInline, addMediaUrl } from './media-part.ts';
import type { FactsDraft, RequestFacts } from './request-facts.ts';

const UNPRICED: UnpricedFields = new Map([
  [
    'previous_response_id',
    'the size of an earlier response is not known; send the messages themselves',
  ],
  ['conversation', 'the size of a stored conversation is not known; send the messages themselves'],
  ['prompt', 'the size of a stored prompt is not known; send its text as instructions'],
  ['background', 'what runs after the answer cannot be held for'],
  ['context_management', 'compaction is billed beside the answer'],
  ['search_parameters', 'sources are billed each and not bounded by the request'],
]);

/** Tools that the client runs: they cost only the tokens that stand in the request and the answer. */
const CLIENT_TOOLS = new Set([
  'function',
  'custom',
  'namespace',
  'local_shell',
  'apply_patch',
  'computer',
  'computer_use_preview',
]);
const WEB_SEARCH = new Set([
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
]);
/** Hosted tools, each with why it has no price. */
const UNPRICED_TOOLS = new Map<string, string>([
  ['file_search', 'vector stores belong to the operator, not to the caller'],
  ['code_interpreter', 'containers are billed by time'],
  ['image_generation', 'another model makes the image, at a price of its own'],
  ['mcp', 'what a remote server answers is not bounded'],
  ['programmatic_tool_calling', 'hosted programs are not bounded by the request'],
  ['tool_search', 'hosted rounds are not bounded by the request'],
  ['shell', 'containers are billed by time'],
]);

/** Input items that hold text and calls only; what they say is bounded by the body's bytes. */
const TEXT_ITEMS = new Set([
  'function_call',
  'reasoning',
  'custom_tool_call',
  'local_shell_call',
  'local_shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'web_search_call',
  'computer_call',
  'shell_call',
  'shell_call_output',
  'configuration_update',
]);

/** Search results are cut to 128,000 tokens (developers.openai.com, "Web search", limitations). */
const SEARCH_TOKENS_MAX = 128_000;
/** Tool prompts that OpenAI renders around definitions, per client-run hosted schema (computer, shell…). */
const TOOL_PROMPT_TOKENS = 1_000;

/**
 * Reads an OpenAI Responses body.
 * @throws DomainError `invalid_request` (shape), `unpriced_parameter` (cost that cannot be bounded)
 */
export function inspectResponses(json: unknown, bodyBytes: number): RequestFacts {
  const { body, facts } = beginFacts('openai-responses', json, bodyBytes, UNPRICED);
  optionalBoolean(body, 'store');
  facts.outputTokensMax = optionalCount(body, 'max_output_tokens', 1);
  if (facts.outputTokensMax !== undefined) facts.outputLimitFields = ['max_output_tokens'];
  facts.serviceTier = optionalString(body, 'service_tier');
  const reasoning = optionalObject(body, 'reasoning');
  if (reasoning) facts.reasoningEffort = optionalString(reasoning, 'effort', ['reasoning']);
  optionalString(body, 'instructions');
  readInput(facts, body['input']);
  readTools(facts, body);
  return facts;
}

function readInput(facts: FactsDraft, input: unknown): void {
  if (typeof input === 'string') return;
  if (!Array.isArray(input)) throw malformed(['input'], 'a string or an array of items');
  for (let i = 0; i < input.length; i++) {
    const item = input[i];
    if (!isObject(item)) throw malformed(['input', i], 'an object');
    const type = item['type'] ?? 'message';
    if (type === 'message') {
      if (typeof item['role'] !== 'string') throw malformed(['input', i, 'role'], 'a string');
      readContent(facts, item['content'], ['input', i, 'content']);
    } else if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      readContent(facts, item['output'], ['input', i, 'output']);
    } else if (type === 'computer_call_output') {
      readPart(
        facts,
        {
          type: 'input_image',
          ...requireObject(item['output'], 'input', i, 'output'),
          detail: 'original',
        },
        ['input', i, 'output'],
      );
    } else if (type === 'item_reference') {
      throw unpriced(['input', i, 'type'], 'the size of a stored item is not known');
    } else if (typeof type !== 'string') {
      throw malformed(['input', i, 'type'], 'a string');
    } else if (!TEXT_ITEMS.has(type)) {
      throw unpriced(['input', i, 'type'], `an item of type ${type.slice(0, 64)} has no price`);
    }
  }
}

function readContent(facts: FactsDraft, content: unknown, path: Path): void {
  if (typeof content === 'string') return;
  const parts = requireArray(content, ...path);
  for (let k = 0; k < parts.length; k++) {
    const part = parts[k];
    if (!isObject(part)) throw malformed([...path, k], 'an object');
    readPart(facts, part, path, k);
  }
}

function readPart(facts: FactsDraft, part: JsonObject, parent: Path, k?: number): void {
  const type = part['type'];
  if (type === 'input_text' || type === 'output_text') {
    if (typeof part['text'] !== 'string')
      throw malformed(k === undefined ? [...parent, 'text'] : [...parent, k, 'text'], 'a string');
    return;
  }
  const path = k === undefined ? parent : [...parent, k];
  switch (type) {
    case 'refusal':
      requireString(part['refusal'], ...path, 'refusal');
      return;
    case 'input_image':
    case 'computer_screenshot':
      refuseStored(part, path);
      addMediaUrl(
        facts,
        'image',
        requireString(part['image_url'], ...path, 'image_url'),
        optionalString(part, 'detail', path),
        [...path, 'image_url'],
      );
      return;
    case 'input_audio': {
      const audio = requireObject(part['input_audio'], ...path, 'input_audio');
      addInline(
        facts,
        'audio',
        requireString(audio['data'], ...path, 'input_audio', 'data').length,
        undefined,
      );
      return;
    }
    case 'input_file':
      refuseStored(part, path);
      if (isAsked(part['file_url']))
        addMediaUrl(
          facts,
          'file',
          requireString(part['file_url'], ...path, 'file_url'),
          undefined,
          [...path, 'file_url'],
        );
      else addFileData(facts, requireString(part['file_data'], ...path, 'file_data'));
      return;
    default:
      throw unknownPart(type, path);
  }
}

function refuseStored(part: JsonObject, path: Path): void {
  if (isAsked(part['file_id']))
    throw unpriced([...path, 'file_id'], 'the size of a stored file is not known');
}

function readTools(facts: FactsDraft, body: JsonObject): void {
  const usesMax = optionalCount(body, 'max_tool_calls', 1);
  const tools = optionalArray(body, 'tools');
  if (!tools) return;
  for (let i = 0; i < tools.length; i++) {
    const tool = tools[i];
    if (!isObject(tool)) throw malformed(['tools', i], 'an object');
    const type = tool['type'];
    if (typeof type !== 'string') throw malformed(['tools', i, 'type'], 'a string');
    if (CLIENT_TOOLS.has(type) || (type === 'shell' && isLocal(tool['environment']))) {
      facts.clientTools += 1;
      if (type !== 'function' && type !== 'custom' && type !== 'namespace')
        facts.hiddenInputTokens += TOOL_PROMPT_TOKENS;
    } else if (WEB_SEARCH.has(type)) {
      if (usesMax === undefined)
        throw unpriced(['tools', i, 'type'], 'searches are billed each; set max_tool_calls');
      facts.hostedTools.push({
        name: type.startsWith('web_search_preview') ? 'web_search_preview' : 'web_search',
        unit: 'web_searches',
        usesMax,
        inputTokensMaxPerUse: SEARCH_TOKENS_MAX,
      });
    } else {
      throw unpriced(
        ['tools', i, 'type'],
        UNPRICED_TOOLS.get(type) ?? `the tool ${type.slice(0, 64)} is not known`,
      );
    }
  }
}

function isLocal(environment: unknown): boolean {
  return isObject(environment) && environment['type'] === 'local';
}
