import type { UsageDialect } from '#metering/metering.ts';
import { bearer, type AbortSaving, type SupplierProtocol } from './supplier-protocol.ts';

interface CompatibleOptions {
  readonly name: string;
  readonly chat: UsageDialect;
  readonly responses?: UsageDialect;
  readonly abortSaving: AbortSaving;
  readonly forwardedHeaders?: readonly string[];
}

/** A vendor whose chat completions have OpenAI's shape and usage of their own. */
function compatible(options: CompatibleOptions): SupplierProtocol {
  const { name, chat, responses, abortSaving, forwardedHeaders = [] } = options;
  return Object.freeze({
    name,
    vendor: name,
    basePath: '/v1',
    paths: {
      'openai-chat': '/chat/completions',
      'openai-embeddings': '/embeddings',
      ...(responses && { 'openai-responses': '/responses' }),
    },
    dialects: {
      'openai-chat': chat,
      'openai-embeddings': 'openai-embeddings',
      ...(responses && { 'openai-responses': responses }),
    },
    abortSaving,
    usageOnRequest: true,
    forwardedHeaders,
    authHeader: bearer,
    ownHeaders: {},
    outputLimitField(wire) {
      if (wire === 'openai-chat') return 'max_tokens';
      return wire === 'openai-responses' ? 'max_output_tokens' : undefined;
    },
  } satisfies SupplierProtocol);
}

/**
 * Any server that speaks OpenAI's wire: Ollama, vLLM, llama.cpp, LM Studio, a proxy. It is taken for
 * a local one, which stops generating as soon as nobody listens.
 */
export const OPENAI_COMPATIBLE = compatible({
  name: 'openai-compatible',
  chat: 'openai-compatible',
  responses: 'openai-responses',
  abortSaving: 'always',
});

export const DEEPSEEK = compatible({ name: 'deepseek', chat: 'deepseek', abortSaving: 'streams' });
export const GROQ = compatible({ name: 'groq', chat: 'groq', abortSaving: 'streams' });
export const MISTRAL = compatible({ name: 'mistral', chat: 'mistral', abortSaving: 'streams' });
export const PERPLEXITY = compatible({
  name: 'perplexity',
  chat: 'perplexity',
  abortSaving: 'streams',
});
export const XAI = compatible({
  name: 'xai',
  chat: 'xai-chat',
  responses: 'xai-responses',
  abortSaving: 'streams',
});
