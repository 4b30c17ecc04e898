import { bearer, type SupplierProtocol } from './supplier-protocol.ts';

/**
 * Gemini by its OpenAI-compatible endpoint (ai.google.dev, "OpenAI compatibility"). It leaves thinking
 * out of its completion count, which the compatible meter puts back from the total.
 */
export const GEMINI: SupplierProtocol = Object.freeze({
  name: 'gemini',
  vendor: 'gemini',
  basePath: '/v1beta/openai',
  paths: { 'openai-chat': '/chat/completions', 'openai-embeddings': '/embeddings' },
  dialects: { 'openai-chat': 'openai-compatible', 'openai-embeddings': 'openai-embeddings' },
  abortSaving: 'streams',
  usageOnRequest: true,
  forwardedHeaders: [],
  authHeader: bearer,
  ownHeaders: {},
  outputLimitField: (wire) => (wire === 'openai-chat' ? 'max_completion_tokens' : undefined),
} satisfies SupplierProtocol);
