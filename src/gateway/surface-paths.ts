import type { Surface } from './wire/request-facts.ts';

/** The path of each surface. */
export const SURFACE_PATHS: Readonly<Record<Surface, string>> = Object.freeze({
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'openai-embeddings': '/v1/embeddings',
  'anthropic-messages': '/v1/messages',
});
