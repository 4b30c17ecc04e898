import { isObject, malformed, type JsonObject, type Path } from '../json-shape.ts';

/**
 * Thinking blocks of a Claude model, with the signatures that its tool loop must send back, inside the
 * `encrypted_content` of a reasoning item: the one field of the Responses format that a client keeps
 * and returns unread. Not encrypted: what it holds is shown as the item's text too, and Anthropic
 * itself checks the signatures.
 */
const MARK = 'breakeven.thinking.1.';

export function carryThinking(blocks: readonly JsonObject[]): string {
  return MARK + Buffer.from(JSON.stringify(blocks)).toString('base64url');
}

/**
 * The blocks that {@link carryThinking} put there; none where it is another supplier's content.
 * @throws DomainError `invalid_request` where it was ours and was changed
 */
export function carriedThinking(content: unknown, path: Path): readonly JsonObject[] {
  if (typeof content !== 'string' || !content.startsWith(MARK)) return [];
  const blocks = parsed(Buffer.from(content.slice(MARK.length), 'base64url').toString('utf8'));
  if (!Array.isArray(blocks) || !blocks.every(isThinkingBlock))
    throw malformed(path, 'what an answer said, unchanged');
  return blocks;
}

function isThinkingBlock(block: unknown): block is JsonObject {
  return isObject(block) && (block['type'] === 'thinking' || block['type'] === 'redacted_thinking');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
