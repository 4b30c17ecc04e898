import type { Usage } from './usage.ts';

/**
 * One priced part of a response. Most responses have one; a response in which a second model took
 * part (an adviser, a fallback inside the supplier) or which needed several responses in one stream
 * has more.
 */
export interface MeteredPart {
  /** The model as the supplier's response names it, `undefined` where the response names none. */
  readonly model: string | undefined;
  /** The service tier that the response says it was served on (`default`, `priority`, `flex`, `batch`…). */
  readonly serviceTier: string | undefined;
  /** The part's vector. Context tiers are chosen by its own input tokens. */
  readonly usage: Usage;
}

/** What a whole response consumed. */
export interface Metering {
  readonly parts: readonly MeteredPart[];
  /** True where the counts come from delivered text, not from the supplier. */
  readonly estimated: boolean;
  /** What the supplier itself says it charged, in pico-dollars (xAI ticks, Perplexity, OpenRouter); evidence, never the bill. */
  readonly supplierCostPicoUsd?: bigint;
  /** Facts that the decoder could not turn into units (unknown usage fields with counts), for an incident. */
  readonly unknown?: readonly string[];
}

/** Those in which a chat completion may report its usage. */
export const CHAT_DIALECTS = [
  'openai-chat',
  'anthropic',
  'gemini',
  'deepseek',
  'xai-chat',
  'groq',
  'mistral',
  'perplexity',
  'cohere',
  'openai-compatible',
] as const;

/** The wire families whose usage we can read. */
export type UsageDialect =
  | (typeof CHAT_DIALECTS)[number]
  | 'openai-responses'
  | 'openai-embeddings'
  | 'openai-images'
  | 'xai-responses';

/**
 * Watches one response. A meter is fed either one JSON body or the stream's events in order, and
 * read once at the end. It never throws on what a supplier sends.
 */
export interface UsageMeter {
  /** One whole JSON body, parsed. */
  body(json: unknown): void;
  /** One SSE event: its `event:` name, if any, and its parsed `data:`. */
  event(name: string | undefined, data: unknown): void;
  /**
   * What was consumed.
   * @returns `undefined` where the supplier reported no usage at all; the caller then estimates.
   */
  finish(): Metering | undefined;
}
