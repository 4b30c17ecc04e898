import type { UsageDialect } from '#metering/metering.ts';

/** The protocols that `suppliers/` speaks; a test there compares the lists. */
export const PROTOCOLS = [
  'openai',
  'anthropic',
  'gemini',
  'deepseek',
  'groq',
  'mistral',
  'perplexity',
  'xai',
  'openai-compatible',
  'simulator',
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Who runs models for us and is paid for it. */
export interface Supplier {
  /** Stable lower-case name, such as `openai`; part of every price. */
  readonly id: string;
  readonly displayName: string;
  readonly protocol: Protocol;
  /** Without a trailing slash; `undefined` for the in-process simulator. */
  readonly baseUrl: string | undefined;
  /** The name under which its key is kept; never the key. `undefined` where none is needed. */
  readonly keyRef: string | undefined;
  /** How usage in its chat completions reads, where that is not the protocol's own way. */
  readonly usage?: UsageDialect;
  readonly enabled: boolean;
}
