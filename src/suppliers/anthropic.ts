import type { SupplierProtocol } from './supplier-protocol.ts';

/** api.anthropic.com: messages. Its version and beta headers go on as the client set them. */
export const ANTHROPIC: SupplierProtocol = Object.freeze({
  name: 'anthropic',
  vendor: 'anthropic',
  basePath: '/v1',
  paths: { 'anthropic-messages': '/messages' },
  dialects: { 'anthropic-messages': 'anthropic' },
  abortSaving: 'streams',
  usageOnRequest: false,
  forwardedHeaders: ['anthropic-version', 'anthropic-beta'],
  authHeader: (apiKey) => (apiKey === undefined ? undefined : ['x-api-key', apiKey]),
  ownHeaders: { 'anthropic-version': '2023-06-01' },
  outputLimitField: () => 'max_tokens',
} satisfies SupplierProtocol);
