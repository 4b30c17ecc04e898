import {
  isObject,
  malformed,
  optionalArray,
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
import { unknownPart } from './inspect-chat.ts';
import { addInline, addMediaUrl } from './media-part.ts';
import type { FactsDraft, RequestFacts } from './request-facts.ts';

const UNPRICED: UnpricedFields = new Map([
  ['container', 'containers are billed by time'],
  ['mcp_servers', 'what a remote server answers is not bounded'],
  ['context_management', 'compaction is billed beside the answer'],
  ['fallbacks', 'another model than the one priced might answer'],
]);

/** Blocks of text, thinking and calls: what they hold is bounded by the body's bytes. */
const TEXT_BLOCKS = new Set([
  'thinking',
  'redacted_thinking',
  'tool_use',
  'search_result',
  'server_tool_use',
  'web_search_tool_result',
  'tool_reference',
  'browser_state',
]);

/** Client-run tools whose definition the supplier adds: `bash_20250124`, `text_editor_20250728`… */
const CLIENT_TOOL =
  /^(?:bash|text_editor|memory|computer|browser|browser_toolset|computer_toolset)_\d{8}$/;
/** Searches and fetches of these versions run no code, so their uses bound their cost. */
const WEB_SEARCH = 'web_search_20250305';
const WEB_FETCH = 'web_fetch_20250910';

/** The tool-use prompt is at most 804 tokens (platform.claude.com, "Tool use", pricing), rounded up. */
const TOOL_USE_PROMPT_TOKENS = 1_000;
/** Built-in definitions are at most 735 tokens each, computer use has a prompt of 499 besides. */
const CLIENT_TOOL_TOKENS = 1_500;
/** A search puts at most ten results of a few thousand tokens into the input. */
const SEARCH_TOKENS_MAX = 50_000;

/**
 * Reads an Anthropic messages body.
 * @throws DomainError `invalid_request` (shape), `unpriced_parameter` (cost that cannot be bounded)
 */
export function inspectAnthropic(json: unknown, bodyBytes: number): RequestFacts {
  const { body, facts } = beginFacts('anthropic-messages', json, bodyBytes, UNPRICED);
  facts.outputTokensMax = optionalCount(body, 'max_tokens', 1);
  if (facts.outputTokensMax === undefined)
    throw malformed(['max_tokens'], 'an integer of at least 1');
  facts.outputLimitFields = ['max_tokens'];
  readTier(facts, body);
  readEffort(facts, body);
  readCacheControl(facts, body);
  readSystem(facts, body['system']);
  readMessages(facts, body);
  readTools(facts, body);
  return facts;
}

/** Fast mode is a tier with prices of its own. A region that has a surcharge has no price here. */
function readTier(facts: FactsDraft, body: JsonObject): void {
  const speed = optionalString(body, 'speed');
  const tier = optionalString(body, 'service_tier');
  facts.serviceTier = speed === undefined || speed === 'standard' ? tier : speed;
  const region = optionalString(body, 'inference_geo');
  if (region !== undefined && region !== 'global')
    throw unpriced(['inference_geo'], 'regions have a surcharge');
}

function readEffort(facts: FactsDraft, body: JsonObject): void {
  const config = optionalObject(body, 'output_config');
  if (config) facts.reasoningEffort = optionalString(config, 'effort', ['output_config']);
  const thinking = optionalObject(body, 'thinking');
  if (thinking) optionalCount(thinking, 'budget_tokens', 0, ['thinking']);
}

function readCacheControl(facts: FactsDraft, holder: JsonObject): void {
  const control = holder['cache_control'];
  if (!isObject(control)) return;
  if (control['ttl'] === '1h') facts.cacheTtl = '1h';
  else facts.cacheTtl ??= '5m';
}

function readSystem(facts: FactsDraft, system: unknown): void {
  if (system === undefined || system === null || typeof system === 'string') return;
  const blocks = requireArray(system, 'system');
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    if (!isObject(block)) throw malformed(['system', i], 'an object');
    if (typeof block['text'] !== 'string') throw malformed(['system', i, 'text'], 'a string');
    readCacheControl(facts, block);
  }
}

function readMessages(facts: FactsDraft, body: JsonObject): void {
  const messages = requireArray(body['messages'], 'messages');
  if (messages.length === 0) throw malformed(['messages'], 'an array of at least one message');
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    if (!isObject(message)) throw malformed(['messages', i], 'an object');
    if (typeof message['role'] !== 'string') throw malformed(['messages', i, 'role'], 'a string');
    const content = message['content'];
    if (typeof content === 'string') continue;
    if (!Array.isArray(content))
      throw malformed(['messages', i, 'content'], 'a string or an array of blocks');
    readBlocks(facts, content, ['messages', i, 'content'], false);
  }
}

function readBlocks(
  facts: FactsDraft,
  blocks: readonly unknown[],
  path: Path,
  nested: boolean,
): void {
  for (let k = 0; k < blocks.length; k++) {
    const block = blocks[k];
    if (!isObject(block)) throw malformed([...path, k], 'an object');
    readCacheControl(facts, block);
    const type = block['type'];
    if (type === 'text') {
      if (typeof block['text'] !== 'string') throw malformed([...path, k, 'text'], 'a string');
    } else if (type === 'tool_result' && !nested) {
      const content = block['content'];
      if (Array.isArray(content)) readBlocks(facts, content, [...path, k, 'content'], true);
      else if (content !== undefined && content !== null && typeof content !== 'string') {
        throw malformed([...path, k, 'content'], 'a string or an array of blocks');
      }
    } else if (type === 'image' || type === 'document') {
      readSource(facts, type === 'image' ? 'image' : 'file', block['source'], [
        ...path,
        k,
        'source',
      ]);
    } else if (typeof type !== 'string' || !TEXT_BLOCKS.has(type)) {
      throw unknownPart(type, [...path, k]);
    }
  }
}

function readSource(facts: FactsDraft, kind: 'image' | 'file', source: unknown, path: Path): void {
  const from = requireObject(source, ...path);
  switch (from['type']) {
    case 'base64':
      addInline(facts, kind, requireString(from['data'], ...path, 'data').length, undefined);
      return;
    case 'url':
      addMediaUrl(facts, kind, requireString(from['url'], ...path, 'url'), undefined, [
        ...path,
        'url',
      ]);
      return;
    case 'text':
      requireString(from['data'], ...path, 'data');
      return;
    case 'content':
      if (typeof from['content'] !== 'string')
        readBlocks(
          facts,
          requireArray(from['content'], ...path, 'content'),
          [...path, 'content'],
          true,
        );
      return;
    case 'file':
      throw unpriced([...path, 'file_id'], 'the size of a stored file is not known');
    default:
      throw unknownPart(from['type'], path);
  }
}

function readTools(facts: FactsDraft, body: JsonObject): void {
  const tools = optionalArray(body, 'tools');
  if (!tools || tools.length === 0) return;
  facts.hiddenInputTokens += TOOL_USE_PROMPT_TOKENS;
  for (let i = 0; i < tools.length; i++) {
    const tool = tools[i];
    if (!isObject(tool)) throw malformed(['tools', i], 'an object');
    readCacheControl(facts, tool);
    const type = tool['type'] ?? 'custom';
    if (typeof type !== 'string') throw malformed(['tools', i, 'type'], 'a string');
    if (type === 'custom') {
      if (typeof tool['name'] !== 'string') throw malformed(['tools', i, 'name'], 'a string');
      facts.clientTools += 1;
    } else if (CLIENT_TOOL.test(type)) {
      facts.clientTools += 1;
      facts.hiddenInputTokens += CLIENT_TOOL_TOKENS;
    } else {
      facts.hostedTools.push(hostedTool(tool, type, i));
    }
  }
}

function hostedTool(
  tool: JsonObject,
  type: string,
  i: number,
): RequestFacts['hostedTools'][number] {
  if (type !== WEB_SEARCH && type !== WEB_FETCH) {
    throw unpriced(['tools', i, 'type'], `the hosted tool ${type.slice(0, 64)} has no price`);
  }
  const usesMax = optionalCount(tool, 'max_uses', 1, ['tools', i]);
  if (usesMax === undefined) throw unpriced(['tools', i, 'type'], 'every use costs; set max_uses');
  if (type === WEB_SEARCH)
    return {
      name: 'web_search',
      unit: 'web_searches',
      usesMax,
      inputTokensMaxPerUse: SEARCH_TOKENS_MAX,
    };
  const inputTokensMaxPerUse = optionalCount(tool, 'max_content_tokens', 1, ['tools', i]);
  return { name: 'web_fetch', unit: 'tool_calls', usesMax, inputTokensMaxPerUse };
}
