import { AnthropicMeter } from './anthropic.ts';
import { CohereMeter } from './cohere.ts';
import { DeepSeekMeter } from './deepseek.ts';
import { GeminiMeter } from './gemini.ts';
import { GroqMeter } from './groq.ts';
import type { UsageDialect, UsageMeter } from './metering.ts';
import { MistralMeter } from './mistral.ts';
import { OpenAiChatMeter } from './openai-chat.ts';
import { OpenAiCompatibleMeter } from './openai-compatible.ts';
import { OpenAiEmbeddingsMeter } from './openai-embeddings.ts';
import { OpenAiImagesMeter } from './openai-images.ts';
import { OpenAiResponsesMeter } from './openai-responses.ts';
import { PerplexityMeter } from './perplexity.ts';
import { XaiChatMeter, XaiResponsesMeter } from './xai.ts';

const METERS: Readonly<Record<UsageDialect, () => UsageMeter>> = {
  'openai-chat': () => new OpenAiChatMeter(),
  'openai-responses': () => new OpenAiResponsesMeter(),
  'openai-embeddings': () => new OpenAiEmbeddingsMeter(),
  'openai-images': () => new OpenAiImagesMeter(),
  anthropic: () => new AnthropicMeter(),
  gemini: () => new GeminiMeter(),
  deepseek: () => new DeepSeekMeter(),
  'xai-chat': () => new XaiChatMeter(),
  'xai-responses': () => new XaiResponsesMeter(),
  groq: () => new GroqMeter(),
  mistral: () => new MistralMeter(),
  perplexity: () => new PerplexityMeter(),
  cohere: () => new CohereMeter(),
  'openai-compatible': () => new OpenAiCompatibleMeter(),
};

export const USAGE_DIALECTS = Object.keys(METERS) as readonly UsageDialect[];

/** A fresh meter for one response in the given dialect. */
export function usageMeter(dialect: UsageDialect): UsageMeter {
  return METERS[dialect]();
}
