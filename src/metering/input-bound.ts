import { recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';

/**
 * A bound on a request's input tokens, from its size alone.
 *
 * Why bytes bound text: every current vendor tokenises bytes or falls back to them, so that no token
 * stands for less than one byte; and JSON never writes a character in fewer bytes than UTF-8 does.
 * (A tokeniser that normalises by NFKC could expand rare ligatures; the current ones do not.)
 * On top come the tokens that the vendor's template adds.
 */
export interface InputBound {
  readonly tokens: number;
  /** What may add input that the bytes do not bound, by name; empty where `tokens` is the whole truth. */
  readonly unbounded: readonly string[];
}

/** Role markers, separators and the priming of the reply; documented values are 3 to 7. */
const TOKENS_PER_MESSAGE = 16;
/** Anthropic adds up to about 700 tokens of instructions as soon as a request has tools. */
const TOKENS_FOR_TOOLS = 1024;
const TOKENS_PER_REQUEST = 64;
/** The dearest documented image: gpt-4o-mini, `detail: high`, 2,048 × 768 (2,833 + 6 × 5,667). */
export const TOKENS_PER_IMAGE_MAX = 36_835;
const DEPTH_MAX = 6;

const IMAGE_PARTS = new Set(['image', 'image_url', 'input_image']);
const FILE_PARTS = new Set([
  'file',
  'input_file',
  'document',
  'video_url',
  'input_video',
  'container_upload',
]);
/** Fields that make the vendor read something which is not in the request. */
const REFERENCES = [
  'previous_response_id',
  'conversation',
  'prompt',
  'cachedContent',
  'container',
  'mcp_servers',
  'search_parameters',
  'web_search_options',
];
/** Tools that the client runs itself: their results come back as a request of their own. */
const CLIENT_TOOLS =
  /^(?:function|custom|computer|bash|text_editor|memory|local_shell|apply_patch|shell)/;

/**
 * Bounds the input of a request of any dialect.
 * @param body the parsed request.
 * @param bodyBytes its size as received.
 */
export function inputTokensUpperBound(body: unknown, bodyBytes: number): InputBound {
  const request = recordOf(body) ?? {};
  const unbounded = new Set<string>();
  for (const field of REFERENCES) {
    if (request[field] !== undefined && request[field] !== null) unbounded.add(field);
  }
  const tools = recordsOf(request['tools']);
  for (const tool of tools) {
    const type =
      textOf(tool['type']) ??
      (tool['googleSearch'] || tool['google_search'] ? 'google_search' : 'function');
    if (!CLIENT_TOOLS.test(type)) unbounded.add(`tools.${type.slice(0, 40)}`);
  }
  const seen = { messages: 0, images: 0 };
  for (const field of ['messages', 'input', 'contents', 'system']) {
    for (const message of recordsOf(request[field])) {
      seen.messages++;
      countParts(message, seen, unbounded, 0);
    }
  }
  const tokens =
    bodyBytes +
    TOKENS_PER_REQUEST +
    seen.messages * TOKENS_PER_MESSAGE +
    seen.images * TOKENS_PER_IMAGE_MAX +
    (tools.length > 0 ? TOKENS_FOR_TOOLS : 0);
  return { tokens, unbounded: [...unbounded] };
}

/** Images have a bound of their own; files are pages and frames that only the vendor can count. */
function countParts(
  part: JsonRecord,
  seen: { images: number },
  unbounded: Set<string>,
  depth: number,
): void {
  if (depth > DEPTH_MAX) {
    unbounded.add('content nested too deep');
    return;
  }
  const type = textOf(part['type']) ?? '';
  if (IMAGE_PARTS.has(type)) seen.images++;
  if (FILE_PARTS.has(type)) unbounded.add(`content.${type}`);
  const media = recordOf(part['inlineData']) ?? recordOf(part['inline_data']);
  if (textOf(media?.['mimeType'] ?? media?.['mime_type'])?.startsWith('image/')) seen.images++;
  else if (media) unbounded.add('content.inlineData');
  if (part['fileData'] || part['file_data']) unbounded.add('content.fileData');
  for (const field of ['content', 'parts', 'output']) {
    for (const inner of recordsOf(part[field])) countParts(inner, seen, unbounded, depth + 1);
  }
}
