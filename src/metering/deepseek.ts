import { ChatMeter } from './openai-chat.ts';

/**
 * DeepSeek: `prompt_cache_hit_tokens` + `prompt_cache_miss_tokens` = `prompt_tokens`. The hit count
 * also stands in `prompt_tokens_details.cached_tokens`; either may be absent. Reasoning is inside the
 * completion (api-docs.deepseek.com, "Create Chat Completion"). The shape's reader knows these names.
 */
export class DeepSeekMeter extends ChatMeter {}
