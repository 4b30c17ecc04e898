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
    return xaiResponseUnits(usage, items, this.findings);
  }
}

/** Units of server-side tools in a response: what its usage counts, else what its output shows. */
export function xaiResponseUnits(
  usage: JsonRecord,
  items: Iterable<JsonRecord>,
  findings: Findings,
): Partial<Usage> {
  const calls = [...items];
  const units = itemUnits(calls);
  const seen = {
    searches: units.web_searches ?? 0,
    collections: calls.filter(({ type }) => type === 'file_search_call').length,
  };
  return (
    xaiToolUnits(usage, findings, seen) ?? {
      ...units,
      tool_calls: callUnits(units.tool_calls ?? 0, seen.collections),
    }
  );
}

/** What an output shows of its calls, where the usage tells them not apart. */
interface SeenCalls {
  readonly searches: number;
  /** Searches of collections. */
  readonly collections: number;
}

const NOTHING_SEEN: SeenCalls = { searches: 0, collections: 0 };

/**
 * What server-side tools are billed for, in searches and tool calls ({@link detailedUnits}). Older
 * responses count all tools in one number: what they were is what the output shows.
 * Live Search, which came before the tools, bills `num_sources_used`.
 * @returns `undefined` where the usage counts no tools.
 */
export function xaiToolUnits(
  usage: JsonRecord,
  findings: Findings,
  seen = NOTHING_SEEN,
): Partial<Usage> | undefined {
  const details =
    recordOf(usage['server_side_tool_usage_details']) ?? recordOf(usage['server_side_tool_usage']);
  if (details) return detailedUnits(details, findings);
  const sources = countOf(usage, 'num_sources_used', findings);
  const tools = countOf(usage, 'num_server_side_tools_used', findings);
  if (sources === undefined && tools === undefined) return undefined;
  if (tools === undefined || tools === 0) return { web_searches: sources ?? 0 };
  const searched = Math.min(seen.searches, tools);
  return { web_searches: searched, tool_calls: callUnits(tools - searched, seen.collections) };
}

/** How many searches of collections a run of code, and a call of no stated kind, costs. */
const CODE_CALLS = 2;

function callUnits(calls: number, collections: number): number {
  const cheap = Math.min(collections, calls);
  return cheap + CODE_CALLS * (calls - cheap);
}

/**
 * The breakdown by tool. X Search is billed by what it fetched, where that is counted: a post costs
 * what a web search costs and a profile twice that, so a profile counts as two searches; its calls
 * are then free. A search of collections is the cheapest call; running code costs twice as much and
 * counts as two, a search of attached files four times. MCP and looking at images and videos cost their
 * tokens only (docs.x.ai, "Pricing", tools).
 */
function detailedUnits(details: JsonRecord, findings: Findings): Partial<Usage> {
  const units = { web_searches: 0, tool_calls: 0, images_made: 0 };
  const byItem = 'x_posts_fetched' in details || 'x_users_fetched' in details;
  for (const key of Object.keys(details).slice(0, 32)) {
    const name = key.toLowerCase().replace(/^server_side_tool_/, '');
    const count = countOf(details, key, findings) ?? 0;
    if (/^(?:mcp|view_)/.test(name) || (byItem && name.startsWith('x_search'))) continue;
    if (name === 'x_users_fetched') units.web_searches += 2 * count;
    else if (/^(?:web_search|x_search|x_posts_fetched)/.test(name)) units.web_searches += count;
    else if (name.startsWith('image_generation')) units.images_made += count;
    else if (/^(?:document|attachment)_search/.test(name)) units.tool_calls += 4 * count;
    else if (/^(?:file|collections)_search/.test(name)) units.tool_calls += count;
    else units.tool_calls += CODE_CALLS * count;
  }
  return units;
}
