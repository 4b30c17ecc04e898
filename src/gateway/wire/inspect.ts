import { inspectAnthropic } from './inspect-anthropic.ts';
import { inspectChat } from './inspect-chat.ts';
import { inspectEmbeddings } from './inspect-embeddings.ts';
import { inspectResponses } from './inspect-responses.ts';
import type { RequestFacts, Surface } from './request-facts.ts';

const INSPECTORS: Readonly<Record<Surface, (json: unknown, bodyBytes: number) => RequestFacts>> = {
  'openai-chat': inspectChat,
  'openai-responses': inspectResponses,
  'openai-embeddings': inspectEmbeddings,
  'anthropic-messages': inspectAnthropic,
};

/**
 * Reads what admission needs from a parsed body, in one pass and without a copy.
 * @param bodyBytes length of the body as received, which bounds its text tokens
 * @throws DomainError `invalid_request` naming the field whose shape is wrong, `unpriced_parameter`
 *   naming the parameter or tool whose cost nothing bounds
 */
export function inspectRequest(surface: Surface, json: unknown, bodyBytes: number): RequestFacts {
  return INSPECTORS[surface](json, bodyBytes);
}
