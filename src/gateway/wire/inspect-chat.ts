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
} from './json-shape.ts';
import { beginFacts, type UnpricedFields } from './begin-facts.ts';
import { addInline, addMediaUrl } from './media-part.ts';
import type { FactsDraft, RequestFacts } from './request-facts.ts';

const STORED_CONTENT = 'what a supplier keeps belongs to the operator, not to the caller';

/** Parameters of chat suppliers whose cost neither the request bounds nor the usage reports. */
const UNPRICED: UnpricedFields = new Map([
  [
    'web_search_options',
    'chat usage does not report searches; use a web_search tool on /v1/responses or /v1/messages',
  ],
  ['search_parameters', 'sources are billed each and not bounded by the request'],
  ['search_options', 'searches are billed each and not bounded by the request'],
  ['enable_search', 'searches are billed each and not bounded by the request'],
  ['plugins', 'plugins bill beside the tokens'],
  ['models', 'another model than the one priced might answer'],
  ['background', 'what runs after the answer cannot be held for'],
  ['deferred', 'what runs after the answer cannot be held for'],
  ['best_of', 'choices that are thrown away are billed too; use n'],
  ['conversation', 'its size is not known'],
  ['previous_response_id', 'its size is not known'],
  ['container', 'containers are billed by time'],
  ['mcp_servers', 'what they answer is not bounded'],
  ['cached_content', STORED_CONTENT],
  ['cachedContent', STORED_CONTENT],
]);

/** Twice the largest choice count that a vendor takes would only inflate holds. */
const N_MAX = 128;

/**
 * Reads an OpenAI chat completions body.
 * @param bodyBytes length of the body as received
 * @throws DomainError `invalid_request` (shape), `unpriced_parameter` (cost that cannot be bounded)
 */
export function inspectChat(json: unknown, bodyBytes: number): RequestFacts {
  const { body, facts } = beginFacts('openai-chat', json, bodyBytes, UNPRICED);
  refuseStoredContent(body);
  const streamOptions = optionalObject(body, 'stream_options');
  facts.includeUsage =
    streamOptions !== undefined &&
    optionalBoolean(streamOptions, 'include_usage', ['stream_options']);
  readOutputLimit(facts, body);
  facts.n = optionalCount(body, 'n', 1) ?? 1;
  if (facts.n > N_MAX) throw malformed(['n'], `at most ${N_MAX}`);
  facts.serviceTier = optionalString(body, 'service_tier');
  facts.reasoningEffort = optionalString(body, 'reasoning_effort');
  readMessages(facts, body);
  readTools(facts, body);
  readModalities(facts, body);
  if (isAsked(body['prediction']))
    facts.extraOutputTokens = predictionTokensMax(requireObject(body['prediction'], 'prediction'));
  return facts;
}

/** Gemini's OpenAI endpoint takes the name of a stored prompt in here (ai.google.dev, "OpenAI compatibility"). */
function refuseStoredContent(body: JsonObject): void {
  const extra = body['extra_body'];
  const google = isObject(extra) ? extra['google'] : body['google'];
  if (!isObject(google)) return;
  for (const name of ['cached_content', 'cachedContent']) {
    if (isAsked(google[name]))
      throw unpriced([...(isObject(extra) ? ['extra_body'] : []), 'google', name], STORED_CONTENT);
  }
}

const LIMIT_BOTH = ['max_completion_tokens', 'max_tokens'];
const LIMIT_NEW = ['max_completion_tokens'];
const LIMIT_OLD = ['max_tokens'];

/** Where both limits are set, suppliers differ on which wins: the bound takes the larger. */
function readOutputLimit(facts: FactsDraft, body: JsonObject): void {
  const newer = optionalCount(body, 'max_completion_tokens', 1);
  const older = optionalCount(body, 'max_tokens', 1);
  if (newer === undefined && older === undefined) return;
  facts.outputTokensMax = Math.max(newer ?? 0, older ?? 0);
  facts.outputLimitFields =
    newer === undefined ? LIMIT_OLD : older === undefined ? LIMIT_NEW : LIMIT_BOTH;
}

function readMessages(facts: FactsDraft, body: JsonObject): void {
  const messages = requireArray(body['messages'], 'messages');
  if (messages.length === 0) throw malformed(['messages'], 'an array of at least one message');
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    if (!isObject(message)) throw malformed(['messages', i], 'an object');
    if (typeof message['role'] !== 'string') throw malformed(['messages', i, 'role'], 'a string');
    if (isAsked(message['audio']))
      throw unpriced(['messages', i, 'audio'], 'the size of an earlier sound is not known');
    const content = message['content'];
    if (typeof content === 'string' || content === null || content === undefined) continue;
    if (!Array.isArray(content))
      throw malformed(['messages', i, 'content'], 'a string, an array of parts or null');
    for (let k = 0; k < content.length; k++) readPart(facts, content[k], i, k);
  }
}

function readPart(facts: FactsDraft, part: unknown, i: number, k: number): void {
  if (!isObject(part)) throw malformed(['messages', i, 'content', k], 'an object');
  const path = ['messages', i, 'content', k];
  switch (part['type']) {
    case 'text':
      if (typeof part['text'] !== 'string') throw malformed([...path, 'text'], 'a string');
      return;
    case 'refusal':
      if (typeof part['refusal'] !== 'string') throw malformed([...path, 'refusal'], 'a string');
      return;
    case 'image_url': {
      const image = requireObject(part['image_url'], ...path, 'image_url');
      const url = requireString(image['url'], ...path, 'image_url', 'url');
      addMediaUrl(facts, 'image', url, optionalString(image, 'detail', [...path, 'image_url']), [
        ...path,
        'image_url',
        'url',
      ]);
      return;
    }
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
    case 'file': {
      const file = requireObject(part['file'], ...path, 'file');
      if (isAsked(file['file_id']))
        throw unpriced([...path, 'file', 'file_id'], 'the size of a stored file is not known');
      addFileData(facts, requireString(file['file_data'], ...path, 'file', 'file_data'));
      return;
    }
    default:
      throw unknownPart(part['type'], path);
  }
}

/** Files that suppliers take as the text they are: no pages, no pictures, nothing made of them beside. */
const TEXT_FILE =
  /^data:(?:text\/(?:plain|markdown|html|css|javascript|xml)|application\/json)[;,]/i;

/**
 * `file_data` is a data URL or bare base64. A text has at most as many tokens as bytes, and those of
 * its data URL are counted with the body's. Whatever else it is may have any number of pages.
 */
export function addFileData(facts: FactsDraft, data: string): void {
  if (TEXT_FILE.test(data)) return;
  addInline(
    facts,
    'file',
    data.length - (data.startsWith('data:') ? data.indexOf(',') + 1 : 0),
    undefined,
  );
}

/** The error for a content part whose tokens nothing bounds. */
export function unknownPart(type: unknown, path: readonly (string | number)[]): Error {
  if (typeof type !== 'string') return malformed([...path, 'type'], 'a string');
  return unpriced([...path, 'type'], `content of type ${type.slice(0, 64)} has no price`);
}

function readTools(facts: FactsDraft, body: JsonObject): void {
  const tools = optionalArray(body, 'tools');
  if (tools) {
    for (let i = 0; i < tools.length; i++) {
      const tool = tools[i];
      if (!isObject(tool)) throw malformed(['tools', i], 'an object');
      const type = tool['type'];
      if (type === 'function') requireToolName(tool['function'], 'tools', i, 'function');
      else if (type === 'custom') requireToolName(tool['custom'], 'tools', i, 'custom');
      else if (typeof type !== 'string') throw malformed(['tools', i, 'type'], 'a string');
      else
        throw unpriced(
          ['tools', i, 'type'],
          `the hosted tool ${type.slice(0, 64)} has no price on chat completions`,
        );
    }
    facts.clientTools = tools.length;
  }
  facts.clientTools += optionalArray(body, 'functions')?.length ?? 0;
}

function requireToolName(tool: unknown, ...path: readonly (string | number)[]): void {
  if (!isObject(tool)) throw malformed(path, 'an object');
  if (typeof tool['name'] !== 'string') throw malformed([...path, 'name'], 'a string');
}

function readModalities(facts: FactsDraft, body: JsonObject): void {
  const modalities = optionalArray(body, 'modalities');
  if (modalities) {
    for (let i = 0; i < modalities.length; i++) {
      if (modalities[i] === 'audio') facts.audioOutput = true;
      else if (typeof modalities[i] !== 'string') throw malformed(['modalities', i], 'a string');
      else if (modalities[i] !== 'text')
        throw unpriced(['modalities', i], 'only text and audio answers are priced');
    }
  }
  if (isAsked(body['audio'])) facts.audioOutput = true;
}

/** A prediction's rejected tokens are billed as output; it has at most as many tokens as bytes. */
function predictionTokensMax(prediction: JsonObject): number {
  const content = prediction['content'];
  if (typeof content === 'string') return Buffer.byteLength(content);
  let bytes = 0;
  const parts = requireArray(content, 'prediction', 'content');
  for (let i = 0; i < parts.length; i++) {
    const part = requireObject(parts[i], 'prediction', 'content', i);
    bytes += Buffer.byteLength(requireString(part['text'], 'prediction', 'content', i, 'text'));
  }
  return bytes;
}
