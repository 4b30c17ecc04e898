import { ChatMeter, type ChatReply } from './openai-chat.ts';
import type { OpenAiUsageShape } from './openai-usage.ts';
import { textOf } from './json-value.ts';
import { isCharged } from './supplier-cost.ts';
import { countOf } from './token-count.ts';
import type { Usage } from './usage.ts';

/** `total_tokens` is prompt + completion and leaves out the citation and reasoning tokens that are billed. */
const DEEP_SHAPE: OpenAiUsageShape = { reasoning: 'outside', totalDecides: false };
const SHAPE: OpenAiUsageShape = { reasoning: 'inside', totalDecides: false };

/**
 * Perplexity Sonar: usage on every chunk, cumulative. Deep research bills citation tokens (as input),
 * reasoning tokens and searches beside prompt and completion; the other models report such counts
 * without billing them (docs.perplexity.ai, "Pricing": a detailed breakdown for Sonar Deep Research).
 */
export class PerplexityMeter extends ChatMeter {
  protected override shapeFor(reply: ChatReply): OpenAiUsageShape {
    return perplexityShape(reply);
  }

  protected override extras(reply: ChatReply): Partial<Usage> {
    return perplexityUnits(reply, (field) => countOf(reply.usage, field, this.findings) ?? 0);
  }

  protected override tierOf(reply: ChatReply): string | undefined {
    return perplexityTier(reply);
  }
}

/**
 * The fee of a request depends on how much of the web was searched, as does nothing else: a size is a
 * service tier of the price book (`search-low`, `search-medium`, `search-high`).
 */
export function perplexityTier({ usage, serviceTier }: ChatReply): string | undefined {
  const size = textOf(usage['search_context_size']);
  return size === undefined ? serviceTier : `search-${size.toLowerCase()}`;
}

/** Where Perplexity counts reasoning: beside the completion where it bills it apart, else within. */
export function perplexityShape({ model, usage }: ChatReply): OpenAiUsageShape {
  return isDeep(model) || isCharged(usage, 'reasoning_tokens_cost') ? DEEP_SHAPE : SHAPE;
}

/** What Perplexity bills beside prompt, completion and reasoning. */
export function perplexityUnits(
  { model, usage }: ChatReply,
  count: (field: string) => number,
): Partial<Usage> {
  return {
    input: isDeep(model) || isCharged(usage, 'citation_tokens_cost') ? count('citation_tokens') : 0,
    web_searches:
      isDeep(model) || isCharged(usage, 'search_queries_cost') ? count('num_search_queries') : 0,
  };
}

function isDeep(model: string | undefined): boolean {
  return model === undefined || /deep-research/i.test(model);
}
