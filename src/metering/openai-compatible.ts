import { AnthropicMeter } from './anthropic.ts';
import { batchAnswer } from './batch-line.ts';
import type { Findings } from './findings.ts';
import { GeminiMeter } from './gemini.ts';
import { GroqMeter } from './groq.ts';
import { recordOf, textOf, type JsonRecord } from './json-value.ts';
import type { Metering, UsageMeter } from './metering.ts';
import { choicesOf, type ChatReply } from './openai-chat.ts';
import { OpenAiResponsesMeter } from './openai-responses.ts';
import { OPENAI_SHAPE, type OpenAiUsageShape } from './openai-usage.ts';
import { perplexityShape, perplexityTier, perplexityUnits } from './perplexity.ts';
import { countOf } from './token-count.ts';
import { addUsage, usageOf, type Usage } from './usage.ts';
import { XAI_SHAPE, xaiResponseUnits, xaiToolUnits } from './xai.ts';

/** Gemini's compatible endpoint leaves thoughts out of the completion and names them nowhere but in the total. */
const GEMINI_SHAPE: OpenAiUsageShape = {
  reasoning: 'outside',
  totalDecides: true,
  gapIsReasoning: true,
};

/**
 * Any server that calls itself OpenAI-compatible. It may in truth be one of the vendors above behind
 * a proxy, so the reply is recognised by its fields, not by its address; and it may speak another
 * wire altogether, which its first message gives away.
 */
export class OpenAiCompatibleMeter implements UsageMeter {
  #meter: UsageMeter | undefined;

  body(json: unknown): void {
    const answer = batchAnswer(json) ?? json;
    this.#meterFor(answer).body(answer);
  }

  event(name: string | undefined, data: unknown): void {
    this.#meterFor(data).event(name, data);
  }

  finish(): Metering | undefined {
    return this.#meter?.finish();
  }

  /** Decided by the first message that is an object; an error object decides nothing. */
  #meterFor(json: unknown): UsageMeter {
    if (this.#meter) return this.#meter;
    const message = recordOf(json);
    const meter = meterOf(message);
    if (message && message['error'] === undefined && message['type'] !== 'ping')
      this.#meter = meter;
    return meter;
  }
}

function meterOf(message: JsonRecord | undefined): UsageMeter {
  const type = textOf(message?.['type']) ?? '';
  if (type === 'message' || type === 'message_start') return new AnthropicMeter();
  if (message?.['object'] === 'response' || type.startsWith('response.')) {
    return new CompatibleResponsesMeter();
  }
  if (message?.['usageMetadata'] !== undefined || message?.['modelVersion'] !== undefined)
    return new GeminiMeter();
  return new CompatibleChatMeter();
}

/** Responses of an unknown vendor; a stream tells only at its end whether they are xAI's. */
class CompatibleResponsesMeter extends OpenAiResponsesMeter {
  protected override toolUnits(usage: JsonRecord, items: Iterable<JsonRecord>): Partial<Usage> {
    return isXai(usage)
      ? xaiResponseUnits(usage, items, this.findings)
      : super.toolUnits(usage, items);
  }
}

/** Chat completions of an unknown vendor; Groq's second place of usage is read by the base. */
class CompatibleChatMeter extends GroqMeter {
  protected override reports(message: JsonRecord): readonly JsonRecord[] {
    const reports = [...super.reports(message)];
    for (const choice of choicesOf(message)) {
      const usage = recordOf(choice['usage']); // Moonshot reports in the last choice of a stream
      if (usage) reports.unshift(usage);
    }
    const local = localUsage(message);
    return reports.length === 0 && local ? [local] : reports;
  }

  protected override shapeFor(reply: ChatReply): OpenAiUsageShape {
    const { model, usage } = reply;
    if (isPerplexity(usage)) return perplexityShape(reply);
    if (isXai(usage)) return XAI_SHAPE;
    return isGemini(model) ? GEMINI_SHAPE : OPENAI_SHAPE;
  }

  protected override extras(reply: ChatReply): Partial<Usage> {
    const { usage } = reply;
    const base = super.extras(reply);
    const own = isPerplexity(usage)
      ? perplexityUnits(reply, (field) => countOf(usage, field, this.findings) ?? 0)
      : (xaiToolUnits(usage, this.findings) ?? serverToolUnits(usage, this.findings));
    return addUsage(usageOf(base), usageOf(own));
  }

  protected override tierOf(reply: ChatReply): string | undefined {
    return isPerplexity(reply.usage) ? perplexityTier(reply) : super.tierOf(reply);
  }
}

/**
 * OpenRouter's server tools: searches by name, the others by how many ran. What a tool's own model
 * used (an adviser's) stands in no count; OpenRouter's `cost` holds it (openrouter.ai, "Server tools").
 */
function serverToolUnits(usage: JsonRecord, findings: Findings): Partial<Usage> {
  const tools = recordOf(usage['server_tool_use_details']) ?? recordOf(usage['server_tool_use']);
  const searches = countOf(tools, 'web_search_requests', findings) ?? 0;
  const executed = countOf(tools, 'tool_calls_executed', findings) ?? 0;
  return { web_searches: searches, tool_calls: Math.max(0, executed - searches) };
}

function isPerplexity(usage: JsonRecord): boolean {
  return (
    'citation_tokens' in usage || 'num_search_queries' in usage || 'search_context_size' in usage
  );
}

function isXai(usage: JsonRecord): boolean {
  return 'cost_in_usd_ticks' in usage || 'num_sources_used' in usage;
}

function isGemini(model: string | undefined): boolean {
  return model !== undefined && /(?:^|\/)gemini-/.test(model);
}

/**
 * Ollama's own counts (`prompt_eval_count`, `eval_count` on the last object) and llama.cpp's timings
 * (`prompt_n` processed, `cache_n` reused, `predicted_n`), in OpenAI's names.
 */
function localUsage(message: JsonRecord): JsonRecord | undefined {
  if (
    typeof message['eval_count'] === 'number' ||
    typeof message['prompt_eval_count'] === 'number'
  ) {
    return {
      prompt_tokens: message['prompt_eval_count'] ?? 0,
      completion_tokens: message['eval_count'] ?? 0,
    };
  }
  const timings = recordOf(message['timings']);
  const { prompt_n: processed, predicted_n: predicted, cache_n: cached = 0 } = timings ?? {};
  if (typeof processed !== 'number' || typeof predicted !== 'number' || typeof cached !== 'number')
    return undefined;
  return { prompt_tokens: processed + cached, completion_tokens: predicted, cached_tokens: cached };
}
