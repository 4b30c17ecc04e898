import { ChatMeter, type ChatReply } from "./openai-chat.ts";
import type { OpenAiUsageShape } from "./openai-usage.ts";
import { isCharged } from "./supplier-cost.ts";
import { countOf } from "./token-count.ts";
import type { Usage } from "./usage.ts";

/** `total_tokens` is prompt + completion and leaves out the citation and reasoning tokens that are billed. */
export const PERPLEXITY_SHAPE: OpenAiUsageShape = { reasoning: "outside", totalDecides: false };

/**
 * Perplexity Sonar: usage on every chunk, cumulative. Deep research bills citation tokens (as input),
 * reasoning tokens and searches beside prompt and completion; the other models report such counts
 * without billing them (docs.perplexity.ai, "Pricing": a detailed breakdown for Sonar Deep Research).
 */
export class PerplexityMeter extends ChatMeter {
  constructor() {
    super(PERPLEXITY_SHAPE);
  }

  protected override extras(reply: ChatReply): Partial<Usage> {
    return perplexityUnits(reply, (field) => countOf(reply.usage, field, this.findings) ?? 0);
  }
}

/** What Perplexity bills beside prompt, completion and reasoning. */
export function perplexityUnits(
  { model, usage }: ChatReply,
  count: (field: string) => number,
): Partial<Usage> {
  const isDeep = model === undefined || /deep-research/i.test(model);
  return {
    input: isDeep || isCharged(usage, "citation_tokens_cost") ? count("citation_tokens") : 0,
    web_searches:
      isDeep || isCharged(usage, "search_queries_cost") ? count("num_search_queries") : 0,
  };
}
