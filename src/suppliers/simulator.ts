import { bearer, type SupplierProtocol } from './supplier-protocol.ts';

/**
 * The built-in simulator, which speaks both vendors' wires. Clients of tests and demos may dictate
 * token counts and misbehaviours by headers.
 */
export const SIMULATOR: SupplierProtocol = Object.freeze({
  name: 'simulator',
  vendor: 'openai',
  basePath: '/v1',
  paths: {
    'openai-chat': '/chat/completions',
    'openai-responses': '/responses',
    'openai-embeddings': '/embeddings',
    'anthropic-messages': '/messages',
  },
  dialects: {
    'openai-chat': 'openai-chat',
    'openai-responses': 'openai-responses',
    'openai-embeddings': 'openai-embeddings',
    'anthropic-messages': 'anthropic',
  },
  abortSaving: 'always',
  usageOnRequest: true,
  forwardedHeaders: [
    'x-sim-misbehave',
    'x-sim-input-tokens',
    'x-sim-output-tokens',
    'x-sim-cached-tokens',
    'x-sim-reasoning-tokens',
  ],
  authHeader: bearer,
  ownHeaders: { 'anthropic-version': '2023-06-01' },
  outputLimitField(wire) {
    if (wire === 'openai-responses') return 'max_output_tokens';
    return wire === 'openai-embeddings' ? undefined : 'max_tokens';
  },
} satisfies SupplierProtocol);
