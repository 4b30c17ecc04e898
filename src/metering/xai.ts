import type { Findings } from './findings.ts';
import { recordOf, type JsonRecord } from './json-value.ts';
import { ChatMeter, type ChatReply } from './openai-chat.ts';
import { itemUnits, OpenAiResponsesMeter } from './openai-responses.ts';
import type { OpenAiUsageShape } from './openai-usage.ts';
import { countOf } from './token-count.ts';
import type { Usage } from './usage.ts';

/** In chat completions reasoning is outside the completion; `total_tokens` includes it and decides. */
export const XAI_SHAPE: OpenAiUsageShape = { reasoning: 'outside', totalDecides: true };

/** xAI chat completions (docs.x.ai, "Chat completions", `usage`). */
export class XaiChatMeter extends ChatMeter {
  constructor() {
    super(XAI_SHAPE);
  }

  protected override extras({ usage }: ChatReply): Partial<Usage> {
    return xaiToolUnits(usage, this.findings) ?? {};
  }
}

/** xAI's Responses API: OpenAI's shape, reasoning inside, with counts of server-side tools. */
export class XaiResponsesMeter extends OpenAiResponsesMeter {
  protected override toolUnits(usage: JsonRecord, items: Iterable<JsonRecord>): Partial<Usage> {
    return xaiToolUnits(usage, this.findings) ?? itemUnits(items);
  }
}

/**
 * Calls of server-side tools: web and X searches are billed as searches, the rest as tool calls.
 * Live Search, which came before the tools, bills `num_sources_used`.
 * @returns `undefined` where the usage counts no tools.
 */
export function xaiToolUnits(usage: JsonRecord, findings: Findings): Partial<Usage> | undefined {
  const details =
    recordOf(usage['server_side_tool_usage_details']) ?? recordOf(usage['server_side_tool_usage']);
  if (details) {
    const units = { web_searches: 0, tool_calls: 0 };
    for (const name of Object.keys(details).slice(0, 32)) {
      const calls = countOf(details, name, findings) ?? 0;
      if (/^(?:web|x)_search/i.test(name)) units.web_searches += calls;
      else if (!/^mcp/i.test(name)) units.tool_calls += calls;
    }
    return units;
  }
  const sources = countOf(usage, 'num_sources_used', findings);
  const tools = countOf(usage, 'num_server_side_tools_used', findings);
  if (sources === undefined && tools === undefined) return undefined;
  return tools !== undefined && tools > 0 ? { tool_calls: tools } : { web_searches: sources ?? 0 };
}
