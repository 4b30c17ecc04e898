import { bearer, type SupplierProtocol } from './supplier-protocol.ts';

/** api.openai.com: chat completions, responses and embeddings. */
export const OPENAI: SupplierProtocol = Object.freeze({
  name: 'openai',
  vendor: 'openai',
  basePath: '/v1',
  paths: {
    'openai-chat': '/chat/completions',
    'openai-responses': '/responses',
    'openai-embeddings': '/embeddings',
  },
  dialects: {
    'openai-chat': 'openai-chat',
    'openai-responses': 'openai-responses',
    'openai-embeddings': 'openai-embeddings',
  },
  abortSaving: 'streams',
  usageOnRequest: true,
  forwardedHeaders: ['openai-beta'],
  authHeader: bearer,
  ownHeaders: {},
  outputLimitField(wire) {
    if (wire === 'openai-chat') return 'max_completion_tokens';
    return wire === 'openai-responses' ? 'max_output_tokens' : undefined;
  },
} satisfies SupplierProtocol);
